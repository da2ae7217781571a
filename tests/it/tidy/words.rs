//! Words that may not stay in the project: notes to self, paths of one machine, tests that do not run.
//! The words are written in two parts here, so that the rules can be held over this file too.

use super::rust::code_only;
use super::{File, hold, numbered, offences};

const SOURCES: [&str; 13] =
    ["rs", "py", "mjs", "js", "ts", "tsx", "html", "css", "sh", "toml", "yml", "yaml", "sql"];

/// Files that may let time pass, and why.
const MAY_SLEEP: [(&str, &str); 1] =
    [("tests/it/support/wait.rs", "polls with a deadline, and plays the pauses that a case file asks for")];

fn is_source(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    file.has_extension(&SOURCES) || matches!(name, "Makefile" | "Dockerfile") || file.is_below(&[".ci"])
}

/// The lines of `text` that hold one of these words as a whole word.
fn lines_with(text: &str, words: &[&str]) -> Vec<String> {
    let found = numbered(text).flat_map(|(number, line)| {
        let there = words.iter().filter(move |word| has_word(line, word));
        there.map(move |word| format!("{number}: {word}"))
    });
    found.collect()
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        // A word that ends in a sign ends by itself.
        let ends = !word.ends_with(part_of_word) || !after.starts_with(part_of_word);
        ends && (!word.starts_with(part_of_word) || !before.ends_with(part_of_word))
    })
}

fn notes_to_self(file: &File) -> Vec<String> {
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut found = if is_source(file) { lines_with(&file.text, &notes) } else { Vec::new() };
    if file.has_extension(&["rs"]) {
        found.extend(lines_with(&code_only(&file.text), &["todo!", "unimplemented!", "dbg!"]));
    }
    found
}

fn machine_paths(file: &File) -> Vec<String> {
    let paths = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let found = numbered(&file.text).flat_map(|(number, line)| {
        let there = paths.iter().filter(move |path| begins_a_path(line, path));
        there.map(move |path| format!("{number}: a path of one machine ({path})"))
    });
    found.collect()
}

fn begins_a_path(line: &str, path: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || "._-~$}{/*".contains(c);
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(goes_on))
}

/// Packages come from the public registry, whatever mirror the machine of the writer uses.
fn mirrors(file: &File) -> Vec<String> {
    if !file.path.ends_with("package-lock.json") {
        return Vec::new();
    }
    let found = numbered(&file.text).filter(|(_, line)| {
        let from = line.split_once(r#""resolved": ""#).map(|(_, url)| url);
        from.is_some_and(|url| url.starts_with("http") && !url.starts_with("https://registry.npmjs.org/"))
    });
    found.map(|(number, _)| format!("{number}: a package from elsewhere than the public registry")).collect()
}

fn skipped_tests(file: &File) -> Vec<String> {
    let rust = file.has_extension(&["rs"]);
    let script = file.is_below(&["tests"]) && file.has_extension(&["py", "mjs", "js", "ts"]);
    let words: &[&str] = match (rust, script) {
        (true, _) => &["#[ignore"],
        (_, true) => &[".skip", ".skipif", ".skipIf", "skipTest", "skip:", ".todo", ".xfail", ".only("],
        _ => &[],
    };
    let text = if rust { code_only(&file.text) } else { file.text.clone() };
    lines_with(&text, words)
}

fn sleeping_tests(file: &File) -> Vec<String> {
    let test = file.is_below(&["tests", "crates/wire/tests"]);
    if !test || MAY_SLEEP.iter().any(|(path, _)| *path == file.path) {
        return Vec::new();
    }
    let text = if file.has_extension(&["rs"]) { code_only(&file.text) } else { file.text.clone() };
    lines_with(&text, &["sleep(", "sleep_until(", "setTimeout("])
}

fn foreign_hosts(file: &File) -> Vec<String> {
    let hosts = [
        concat!("cdn.js", "delivr.net"),
        concat!("unp", "kg.com"),
        concat!("cdnjs.", "cloudflare.com"),
        concat!("fonts.goo", "gleapis.com"),
        concat!("fonts.gst", "atic.com"),
        concat!("es", "m.sh"),
    ];
    if is_source(file) { lines_with(&file.text, &hosts) } else { Vec::new() }
}

#[test]
fn nothing_is_left_to_do() {
    hold(notes_to_self);
}

#[test]
fn no_path_of_one_machine() {
    hold(machine_paths);
    hold(mirrors);
}

#[test]
fn every_test_runs() {
    hold(skipped_tests);
}

#[test]
fn no_test_waits_by_the_clock() {
    hold(sleeping_tests);
}

#[test]
fn nothing_is_loaded_from_foreign_hosts() {
    hold(foreign_hosts);
}

#[test]
fn notes_are_found() {
    let note = format!("// {}: later", concat!("TO", "DO"));
    assert_eq!(offences(notes_to_self, "src/a.rs", &note), [format!("1: {}", concat!("TO", "DO"))]);
    assert_eq!(offences(notes_to_self, "Makefile", &note.replace("//", "#")).len(), 1);
    assert_eq!(offences(notes_to_self, "src/a.rs", "fn a() { todo!() }\nfn b() { dbg!(1); }").len(), 2);
    assert_eq!(offences(notes_to_self, "src/a.rs", "// todo! is banned\nlet my_dbg = 1;").len(), 0);
}

#[test]
fn machine_paths_are_found() {
    let path = concat!("/ho", "me/someone/x");
    assert_eq!(offences(machine_paths, "docs/a.md", &format!("see {path}")).len(), 1);
    assert_eq!(offences(machine_paths, "src/a.rs", &format!("\"{path}\"")).len(), 1);
    assert_eq!(offences(machine_paths, "src/a.rs", concat!("https://a.test/ho", "me/x")).len(), 0);
    let lock = |host: &str| format!("  \"resolved\": \"https://{host}/a/-/a-1.tgz\",\n");
    assert_eq!(offences(mirrors, "ui/package-lock.json", &lock("mirror.test")).len(), 1);
    assert_eq!(offences(mirrors, "ui/package-lock.json", &lock("registry.npmjs.org")).len(), 0);
}

#[test]
fn skipped_tests_are_found() {
    assert_eq!(offences(skipped_tests, "tests/it/a.rs", "#[test]\n#[ignore]\nfn a() {}").len(), 1);
    assert_eq!(offences(skipped_tests, "src/a.rs", "#[ignore = \"slow\"]").len(), 1);
    assert_eq!(offences(skipped_tests, "tests/sdk/a.mjs", "test.skip('a', () => {})").len(), 1);
    assert_eq!(offences(skipped_tests, "tests/sdk/a.mjs", "test('a', { skip: true }, f)").len(), 1);
    assert_eq!(offences(skipped_tests, "tests/sdk/a.py", "@pytest.mark.skipif(slow)").len(), 1);
    assert_eq!(offences(skipped_tests, "src/a.rs", "items.iter().skip(1)").len(), 0);
}

#[test]
fn sleeping_tests_are_found() {
    assert_eq!(offences(sleeping_tests, "tests/it/a.rs", "tokio::time::sleep(t).await;").len(), 1);
    assert_eq!(offences(sleeping_tests, "tests/sdk/a.py", "time.sleep(1)").len(), 1);
    assert_eq!(offences(sleeping_tests, "tests/sdk/a.mjs", "setTimeout(f, 10)").len(), 1);
    assert_eq!(offences(sleeping_tests, "tests/it/a.rs", "// no sleep( here\nfall_asleep(1)").len(), 0);
    assert_eq!(offences(sleeping_tests, "src/a.rs", "tokio::time::sleep(t).await;").len(), 0);
}

#[test]
fn foreign_hosts_are_found() {
    let line = concat!("<script src=\"https://unp", "kg.com/x\">");
    assert_eq!(offences(foreign_hosts, "ui/index.html", line).len(), 1);
}
