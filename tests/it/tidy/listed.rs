//! What one file says of others: dependencies that are explained, links that lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use super::{File, files, hold, numbered, offences, root};

/// The names of all dependencies in a `Cargo.toml`, those of this project left out.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let table: toml::Table = manifest.parse().expect("a manifest is toml");
    let mut names = BTreeSet::new();
    collect(&table, &mut names);
    names
}

fn collect(table: &toml::Table, names: &mut BTreeSet<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if !matches!(key.as_str(), "dependencies" | "dev-dependencies" | "build-dependencies") {
            collect(inner, names);
            continue;
        }
        let foreign = inner.iter().filter(|(_, value)| value.get("path").is_none());
        names.extend(foreign.map(|(name, _)| name.clone()));
    }
}

/// The dependencies of a manifest that a page does not explain: no line of it begins with the name as code,
/// alone, as the first cell of a table or as an item of a list.
fn unexplained(manifest: &str, page: &str) -> Vec<String> {
    let explained = |name: &String| {
        let code = format!("`{name}`");
        page.lines().any(|line| line.trim_start_matches(['|', '-', '*', ' ']).starts_with(&code))
    };
    dependencies(manifest).into_iter().filter(|name| !explained(name)).collect()
}

#[test]
fn every_dependency_is_explained() {
    let page = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap_or_default();
    let manifests = files().into_iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let missing: Vec<String> = manifests
        .flat_map(|file| {
            unexplained(&file.text, &page).into_iter().map(move |name| format!("{}: {name}", file.path))
        })
        .collect();
    assert!(missing.is_empty(), "not in docs/dependencies.md:\n{}", missing.join("\n"));
}

#[test]
fn an_unexplained_dependency_is_found() {
    let manifest = r#"
        [dependencies]
        a.workspace = true
        ours = { path = "crates/ours" }
        [dev-dependencies]
        b = "1"
        [target.'cfg(unix)'.dependencies]
        c = { version = "1" }
        [workspace.dependencies]
        d = "1"
    "#;
    assert_eq!(unexplained(manifest, ""), ["a", "b", "c", "d"]);
    assert_eq!(unexplained(manifest, "| `a` | need |\n- `b`: need\nbeside `c`\n`dd`"), ["c", "d"]);
}

/// Relative links of a page that lead to nothing. Blocks and spans of code hold no links.
fn dead_links(file: &File) -> Vec<String> {
    if !file.has_extension(&["md"]) {
        return Vec::new();
    }
    let folder = root().join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
    let (mut found, mut in_code) = (Vec::new(), false);
    for (number, line) in numbered(&file.text) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // Every second part is between backquotes.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in prose.match_indices("](") {
            let target: String = prose[at + 2..].chars().take_while(|&c| !matches!(c, ')' | ' ')).collect();
            let target = target.split('#').next().unwrap_or_default();
            let elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !elsewhere && !folder.join(target).exists() {
                found.push(format!("{number}: {target} does not exist"));
            }
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    hold(dead_links);
}

#[test]
fn a_dead_link_is_found() {
    let page = "[a](no-such-page.md#x) [b](src/lib.rs) [c](https://a.test/x) [d](#here) `[e](none)`\n```\n[f](none)\n```";
    assert_eq!(offences(dead_links, "PAGE.md", page), ["1: no-such-page.md does not exist"]);
}
