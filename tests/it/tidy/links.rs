//! Links that lead somewhere, to a heading too, and a table of contents that has every page.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, files, hold, numbered, offences, root};

const CONTENTS: &str = "docs/SUMMARY.md";
/// Pages outside of `docs` that belong to the book.
const OUTSIDE: [&str; 6] =
    ["README.md", "README.zh.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/// The lines of a page without its blocks and spans of code, which hold no links.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut in_code = false;
    let outside = numbered(text).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    });
    // Every second part is between backquotes.
    outside.map(|(number, line)| (number, line.split('`').step_by(2).collect::<Vec<_>>().join("`")))
}

/// Where the links of a page lead, with the numbers of their lines.
fn links(text: &str) -> Vec<(usize, String)> {
    let of_line = |(number, line): (usize, String)| {
        let targets = line.match_indices("](").map(|(at, _)| {
            let target = line[at + 2..].chars().take_while(|&c| !matches!(c, ')' | ' '));
            (number, target.collect())
        });
        targets.collect::<Vec<_>>()
    };
    prose(text).flat_map(of_line).collect()
}

/// What the headings of a page are called in links, as places where Markdown is shown make it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut names, mut in_code) = (BTreeSet::new(), false);
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if in_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().to_lowercase();
        let kept = kept.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
        let name: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let count = seen.entry(name.clone()).or_default();
        names.insert(if *count == 0 { name.clone() } else { format!("{name}-{count}") });
        *count += 1;
    }
    names
}

/// Relative links of a page that lead to nothing.
fn dead_links(file: &File) -> Vec<String> {
    if !file.has_extension(&["md"]) {
        return Vec::new();
    }
    let path = root().join(&file.path);
    let dead = |(number, link): (usize, String)| {
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let (target, heading) = link.split_once('#').unwrap_or((&link, ""));
        let found = if target.is_empty() { path.clone() } else { path.with_file_name(target) };
        if !target.is_empty() && !found.exists() {
            return Some(format!("{number}: {target} does not exist"));
        }
        if heading.is_empty() {
            return None;
        }
        let text = if target.is_empty() { file.text.clone() } else { std::fs::read_to_string(found).ok()? };
        (!anchors(&text).contains(heading)).then(|| format!("{number}: {link} has no such heading"))
    };
    links(&file.text).into_iter().filter_map(dead).collect()
}

/// The pages that a table of contents names, with their titles; folders are seen from the root.
fn contents(text: &str) -> Vec<(String, String)> {
    let entries = text.lines().filter_map(|line| {
        let (title, link) = line.trim_start_matches([' ', '-']).strip_prefix('[')?.split_once("](")?;
        let link = link.strip_suffix(')')?;
        let path = link.strip_prefix("../").map_or_else(|| format!("docs/{link}"), str::to_owned);
        Some((path, title.to_owned()))
    });
    entries.collect()
}

fn title(text: &str) -> &str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default()
}

#[test]
fn links_lead_somewhere() {
    hold(dead_links);
}

#[test]
fn the_contents_have_every_page_by_its_title() {
    let told = contents(&std::fs::read_to_string(root().join(CONTENTS)).unwrap_or_default());
    let is_page = |file: &File| {
        let is_of_docs = file.is_below(&["docs"]) && file.has_extension(&["md"]) && file.path != CONTENTS;
        is_of_docs || OUTSIDE.contains(&file.path.as_str())
    };
    let pages: Vec<File> = files().into_iter().filter(is_page).collect();
    let paths: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    assert_eq!(told.iter().map(|(path, _)| path.as_str()).collect::<BTreeSet<_>>(), paths);
    assert_eq!(told.len(), paths.len(), "a page is named twice");
    for page in pages.iter().filter(|page| page.is_below(&["docs"])) {
        let named = told.iter().find(|(path, _)| *path == page.path).map(|(_, title)| title.as_str());
        assert_eq!(named, Some(title(&page.text)), "{}", page.path);
    }
}

#[test]
fn a_dead_link_is_found() {
    let page =
        "[a](no-such-page.md#x) [b](src/lib.rs) [c](https://a.test/x) `[e](none)`\n```\n[f](none)\n```";
    assert_eq!(offences(dead_links, "PAGE.md", page), ["1: no-such-page.md does not exist"]);
    let page = "# One `a`, two!\n[a](#one-a-two) [b](#one)\n[c](../README.md#start) [d](../README.md#stop)";
    let found = ["2: #one has no such heading", "3: ../README.md#stop has no such heading"];
    assert_eq!(offences(dead_links, "docs/page.md", page), found);
}

#[test]
fn headings_and_contents_are_read() {
    let page = "# A_B: c\n## Same\n### Same\n```\n# no\n```\n#no\n## 设置";
    assert_eq!(anchors(page), ["a_b-c", "same", "same-1", "设置"].map(str::to_owned).into());
    let told = contents("# Part\n[A](../A.md)\n\n- [B?](b.md)\n");
    assert_eq!(told, [("A.md", "A"), ("docs/b.md", "B?")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}
