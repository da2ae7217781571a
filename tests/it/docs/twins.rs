//! Both READMEs say the same: section by section the same links, the same rows of tables, the same code between the lines.

use std::collections::BTreeSet;

use super::{TWINS, code, page, rows};

/// What a section has that does not depend on the language.
#[derive(Debug, Default, PartialEq, Eq)]
struct Section {
    level: usize,
    /// Where its links and pictures lead. A heading of the page itself has another name in each language.
    links: BTreeSet<String>,
    /// Of each row of its tables the cells, and what stands between backquotes in the first two.
    rows: Vec<(usize, Vec<String>)>,
    /// Items of its lists.
    items: usize,
}

fn sections(page: &str) -> Vec<Section> {
    let mut sections = vec![String::new()];
    for line in page.lines() {
        if line.starts_with('#') {
            sections.push(String::new());
        }
        let section = sections.last_mut().expect("there is a first one");
        section.push_str(line);
        section.push('\n');
    }
    sections.iter().map(|text| section(text)).collect()
}

fn section(text: &str) -> Section {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.starts_with('#') && !TWINS.contains(link));
    let rows = rows(text).map(|cells| {
        let names = cells.iter().take(2).flat_map(|cell| code(cell)).map(str::to_owned).collect();
        (cells.len(), names)
    });
    Section {
        level: text.bytes().take_while(|&byte| byte == b'#').count(),
        links: links.map(str::to_owned).collect(),
        rows: rows.collect(),
        items: text.lines().filter(|line| line.starts_with("- ")).count(),
    }
}

#[test]
fn both_readmes_have_the_same_sections() {
    let [english, chinese] = TWINS.map(|name| sections(&page(name)));
    for (at, (one, other)) in english.iter().zip(&chinese).enumerate() {
        assert_eq!(one, other, "section {at}");
    }
    assert_eq!(english.len(), chinese.len());
    assert!(english.len() > 8, "there are sections to compare");
}

#[test]
fn what_differs_is_found() {
    let page = "# A\n[x](a.md) [y](#here)\n## B\n| `C` | `1` | text |\n- item\n";
    let translated = "# Ä\n[z](a.md) [ü](#hier)\n## ß\n| `C` | `1` | Wort |\n- Ding\n";
    assert_eq!(sections(page), sections(translated));
    for (part, other) in
        [("a.md", "b.md"), ("`1`", "`2`"), ("## B", "### B"), ("- item", "item"), (" | text", "")]
    {
        assert_ne!(sections(page), sections(&page.replace(part, other)), "{part}");
    }
}
