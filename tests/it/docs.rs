//! Both READMEs against the program: every setting that has an effect with its default, every path. The files and
//! names of ARCHITECTURE.md against the code.
//!
//! Not here: links between pages, which `tidy::links` follows; whether the READMEs are equals, which `docs::twins` asks.

mod names;
mod twins;

use std::collections::BTreeSet;
use std::path::Path;

use ollama2openai::config::settings;

const TWINS: [&str; 2] = ["README.md", "README.zh.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The cells of every row of every table.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(str::trim).collect())
}

/// What stands between backquotes in a cell.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Settings and defaults as a page's table gives them; an empty default is told in words.
fn told_settings(page: &str) -> BTreeSet<(&str, &str)> {
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let found = rows(page).filter_map(|cells| {
        let name = code(cells.first()?).next().filter(is_name)?;
        Some((name, cells.get(1).and_then(|cell| code(cell).next()).unwrap_or_default()))
    });
    found.collect()
}

/// Every path of the route table, as the source spells it, and the panel's.
fn routes() -> BTreeSet<String> {
    let source = page("src/proxy/route.rs") + "\"/admin\"";
    let paths = source.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    paths
        .map(
            |path| {
                if path.len() > 1 && path.ends_with('/') { format!("{path}{{id}}") } else { path.to_owned() }
            },
        )
        .collect()
}

fn told_routes(page: &str) -> BTreeSet<String> {
    let cells = rows(page).flat_map(|cells| cells.into_iter().take(2).collect::<Vec<_>>());
    let texts = cells.flat_map(|cell| code(cell).collect::<Vec<_>>());
    texts.filter_map(|text| text.split(' ').find(|word| word.starts_with('/'))).map(str::to_owned).collect()
}

#[test]
fn both_readmes_list_the_settings_with_their_defaults() {
    let all: BTreeSet<_> = settings().iter().map(|row| (row.name, row.default)).collect();
    for name in TWINS {
        assert_eq!(told_settings(&page(name)), all, "{name}");
    }
}

#[test]
fn both_readmes_list_every_path() {
    let routes = routes();
    assert!(routes.contains("/v1/models/{id}") && routes.contains("/health"), "the route table: {routes:?}");
    for name in TWINS {
        assert_eq!(told_routes(&page(name)), routes, "{name}");
    }
}

#[test]
fn the_page_of_the_admin_api_lists_every_path() {
    let source = page("src/admin/routes.rs");
    let paths = source.split('"').skip(1).step_by(2).filter(|text| text.starts_with("/admin/api"));
    let paths: BTreeSet<String> = paths.map(str::to_owned).collect();
    assert!(paths.contains("/admin/api/keys/{id}/toggle"), "the routes: {paths:?}");
    let page = page("docs/admin-api.md");
    let told = told_routes(&page);
    let missing: Vec<_> = paths.difference(&told).collect();
    // The caches have no table.
    assert!(missing.iter().all(|path| page.contains(path.as_str())), "not in docs/admin-api.md: {missing:?}");
    let invented: Vec<_> = told.difference(&paths).collect();
    assert!(invented.is_empty(), "in docs/admin-api.md only: {invented:?}");
}

#[test]
fn both_readmes_show_the_same_code() {
    let [english, chinese] = TWINS.map(page);
    let blocks = |page: &str| -> Vec<String> {
        let python = page.split("```").skip(1).step_by(2).map(str::to_owned);
        let indented = page.lines().filter(|line| line.starts_with("    ")).map(str::to_owned);
        python.chain(indented).collect()
    };
    assert_eq!(blocks(&english), blocks(&chinese));
    assert!(!blocks(&english).is_empty(), "there is code to compare");
}

/// The text of every Rust file below these folders.
fn sources() -> String {
    let mut folders = vec!["src".to_owned(), "crates/wire/src".to_owned()];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a folder of the project can be listed") {
            let name = entry.expect("it can be listed").file_name().into_string().expect("names are ASCII");
            let path = format!("{folder}/{name}");
            if name.ends_with(".rs") {
                text.push_str(&page(&path));
            } else if !name.contains('.') {
                folders.push(path);
            }
        }
    }
    text
}

/// Paths that lead nowhere, and names that no code has.
fn invented(page: &str, sources: &str) -> Vec<String> {
    let is_name = |text: &str| {
        text.contains("::") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b))
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let known: BTreeSet<&str> = sources.split(|c| !is_word(c)).collect();
    let is_invented = |text: &&str| match text.split('/').next() {
        Some("src" | "crates" | "tests" | "bench" | "docs") if text.contains('/') => {
            !root().join(text).exists()
        }
        _ if is_name(text) => !text.split("::").all(|part| known.contains(part)),
        _ => false,
    };
    page.lines().flat_map(code).filter(is_invented).map(str::to_owned).collect()
}

#[test]
fn the_architecture_names_what_exists() {
    let page = page("ARCHITECTURE.md");
    assert_eq!(invented(&page, &sources()), [""; 0]);
    assert_eq!(
        invented("see `src/no.rs`, `Relay::fly`, `src/lib.rs` and `relay::open`", "Relay relay open"),
        ["src/no.rs", "Relay::fly"]
    );
}

#[test]
fn a_table_is_read() {
    let page = "| name | default |\n| --- | --- |\n| `A_B` | `1` | `C_D` |\n| `X` | unset: `y` |\n| `GET /a` | `/b` | `/c` |";
    assert_eq!(told_settings(page), BTreeSet::from([("A_B", "1"), ("X", "y")]));
    assert_eq!(told_routes(page), BTreeSet::from(["/a".to_owned(), "/b".to_owned()]));
}
