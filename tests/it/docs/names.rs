//! Pages name no setting, command or flag that there is not.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use ollama2openai::config::settings;

use super::{TWINS, code, page, root};

/// Variables of others, and names that a page says are none.
const OTHERS: [&str; 17] = [
    "DAC_OVERRIDE",
    "DATABASE_URL",
    "LISTEN_FDS",
    "NODE_EXTRA_CA_CERTS",
    "NO_COLOR",
    "OLLAMA_CONTEXT_LENGTH",
    "OLLAMA_KEEP_ALIVE",
    "OLLAMA_MAX_LOADED_MODELS",
    "OLLAMA_MAX_QUEUE",
    "OLLAMA_NUM_PARALLEL",
    "OLLAMA_ORIGINS",
    "OPENAI_API_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "REDIS_URL",
    "SO_REUSEPORT",
    "SSL_CERT_FILE",
];
/// Commands that have commands of their own.
const GROUPS: [&str; 5] = ["key", "channel", "token", "user", "settings"];

/// The READMEs and what is in `docs`, with their names.
fn pages() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(root().join("docs")).expect("the pages can be listed");
    let names =
        folder.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned());
    let names = names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}"));
    let names = names.chain(TWINS.map(str::to_owned)).chain(["SECURITY.md".to_owned()]);
    let read = |name: String| {
        let text = page(&name);
        (name, text)
    };
    names.map(read).collect()
}

/// What a page shows as code: spans, and lines that are set in.
fn shown(page: &str) -> impl Iterator<Item = &str> {
    page.lines().flat_map(code).chain(page.lines().filter_map(|line| line.strip_prefix("    ")))
}

/// Words of upper case with a low line, as settings have it.
fn names(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| {
        let is_upper = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        is_upper && word.contains('_') && word.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

#[test]
fn no_page_names_a_setting_that_there_is_not() {
    let known: BTreeSet<&str> = settings().iter().map(|row| row.name).chain(OTHERS).collect();
    let is_known = |name: &str| {
        // `RATE_LIMIT_IP_…` stands for all of them.
        let is_begun = name.ends_with('_') && known.iter().any(|known| known.starts_with(name));
        is_begun
            || known.contains(name)
            || name.strip_suffix("_FILE").is_some_and(|name| known.contains(name))
    };
    for (name, text) in pages() {
        let unknown: BTreeSet<&str> = shown(&text).flat_map(names).filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{name} names {unknown:?}");
    }
    assert_eq!(
        names("A=1 NO_NAME=2, `API_TOKEN_FILE` and a_B").collect::<Vec<_>>(),
        ["NO_NAME", "API_TOKEN_FILE"]
    );
}

/// The commands that a page shows, each with its flags.
fn commands(page: &str) -> BTreeMap<Vec<&str>, BTreeSet<&str>> {
    let mut found: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
    for line in shown(page).filter_map(|code| code.strip_prefix("ollama2openai ")) {
        let line = line.split("  ").next().unwrap_or_default();
        let words: Vec<&str> = line.split(' ').take_while(|word| *word != "|" && *word != "#").collect();
        let is_word = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let most = if GROUPS.contains(words.first().unwrap_or(&"")) { 2 } else { 1 };
        let path = words.iter().take(most).take_while(is_word).filter(|word| !word.starts_with('-'));
        let flags = words.iter().filter_map(|word| word.strip_prefix("--")?.split('=').next());
        found.entry(path.copied().collect()).or_default().extend(flags);
    }
    found
}

fn help(path: &[&str]) -> Option<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ollama2openai"));
    let output = command.args(path).arg("--help").env_clear().output().expect("the program runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn no_page_shows_a_command_or_flag_that_there_is_not() {
    let mut helps: BTreeMap<Vec<String>, Option<String>> = BTreeMap::new();
    for (name, text) in pages() {
        for (path, flags) in commands(&text) {
            let key: Vec<String> = path.iter().map(|word| (*word).to_owned()).collect();
            let help = helps.entry(key).or_insert_with(|| help(&path));
            let help = help.as_ref().unwrap_or_else(|| panic!("{name}: there is no command {path:?}"));
            let missing: Vec<_> = flags.iter().filter(|flag| !help.contains(&format!("--{flag}"))).collect();
            assert!(missing.is_empty(), "{name}: {path:?} has no {missing:?}");
        }
    }
    assert!(helps.len() > 20, "there are commands to try: {:?}", helps.keys());
    let told = commands(
        "see `ollama2openai token edit NAME --quota=5` and\n    ollama2openai logs -f --json     # all",
    );
    let expected = [(vec!["logs"], ["json"]), (vec!["token", "edit"], ["quota"])];
    assert_eq!(told, expected.map(|(path, flags)| (path, flags.into())).into());
}
