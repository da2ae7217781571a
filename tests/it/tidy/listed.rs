//! Dependencies that are explained.

use std::collections::BTreeSet;

use super::{files, root};

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
