//! The table of settings against what was promised, and the files that are made from it.

use std::path::Path;

use ollama2openai::config::{Kind, example_env, example_toml, settings};

use super::{Case, env};

/// Every variable of the program that users come from, with the default that it documents.
const SEED: [(&str, &str); 31] = [
    ("PORT", "3000"),
    ("TRUST_PROXY", "false"),
    ("ADMIN_PASSWORD", "admin123"),
    ("API_TOKEN", ""),
    ("OLLAMA_BASE_URL", ""),
    ("CONNECT_TIMEOUT", "30000"),
    ("REQUEST_TIMEOUT", "300000"),
    ("MAX_RETRIES", "2"),
    ("HEALTH_CHECK_INTERVAL", "60"),
    ("RATE_LIMIT_GLOBAL_ENABLED", "true"),
    ("RATE_LIMIT_GLOBAL_WINDOW", "60000"),
    ("RATE_LIMIT_GLOBAL_MAX", "500"),
    ("RATE_LIMIT_IP_ENABLED", "true"),
    ("RATE_LIMIT_IP_WINDOW", "60000"),
    ("RATE_LIMIT_IP_MAX", "60"),
    ("RATE_LIMIT_TOKEN_ENABLED", "true"),
    ("RATE_LIMIT_TOKEN_WINDOW", "60000"),
    ("RATE_LIMIT_TOKEN_MAX", "120"),
    ("IP_ACCESS_MODE", "disabled"),
    ("IP_WHITELIST", ""),
    ("IP_BLACKLIST", ""),
    ("LOG_LEVEL", "info"),
    ("LOG_TO_FILE", "false"),
    ("LOG_MAX_FILE_SIZE", "52428800"),
    ("LOG_RECENT_MAX", "500"),
    ("CACHE_EMBEDDINGS", "true"),
    ("CACHE_EMBEDDINGS_MAX_SIZE", "1000"),
    ("CACHE_EMBEDDINGS_MAX_AGE", "3600000"),
    ("CACHE_CHAT", "false"),
    ("CACHE_CHAT_MAX_SIZE", "500"),
    ("CACHE_CHAT_MAX_AGE", "1800000"),
];

#[test]
fn every_known_variable_is_in_the_table_with_its_documented_default() {
    for (name, default) in SEED {
        assert!(settings().iter().any(|row| row.name == name), "{name} is missing");
        // A setting without effect warns when it differs from its default; the documented text must not.
        let loaded = env(name, default).good();
        assert!(loaded.warnings.is_empty(), "{name}={default}: {:?}", loaded.warnings);
        let row = settings().iter().find(|row| row.name == name).unwrap();
        if matches!(row.kind, Kind::Integer { .. } | Kind::Choice(_) | Kind::Switch) {
            assert_eq!(row.default, default, "{name}");
        }
    }
}

#[test]
fn names_are_unique_and_rows_are_complete() {
    for (at, row) in settings().iter().enumerate() {
        assert!(settings()[..at].iter().all(|other| other.name != row.name), "{} is there twice", row.name);
        assert!(
            settings()[..at].iter().all(|other| other.group <= row.group),
            "{} is out of place",
            row.name
        );
        assert!(row.help.ends_with('.') && row.help.len() < 95, "{}: {}", row.name, row.help);
        assert!(
            !row.default.is_empty() || row.unset != "unset",
            "{} does not say what unset means",
            row.name
        );
    }
}

#[test]
fn an_open_gateway_is_warned_of() {
    assert!(env("HOST", "0.0.0.0").good().warnings.is_empty(), "others than loopback need a token");
    let open = env("HOST", "0.0.0.0").env("ALLOW_ANONYMOUS", "true");
    assert_eq!(open.good().warnings.len(), 1, "an open gateway without a token is warned of");
    assert!(open.env("API_TOKEN", "x").good().warnings.is_empty());
}

/// Compares a committed file with its generated text; `UPDATE=1` writes it.
fn committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::vars().any(|(name, value)| name == "UPDATE" && value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{name} is not what the table says; run `UPDATE=1 cargo test config::` and commit it"
    );
}

#[test]
fn example_files_are_those_that_the_table_makes() {
    committed("config.example.toml", &example_toml());
    committed(".env.example", &example_env());
}

#[test]
fn example_files_say_nothing_until_uncommented_and_then_the_defaults() {
    let silent = Case::new().file("config.toml", &example_toml()).file(".env", &example_env()).good();
    assert!(silent.origins.iter().all(|row| row.origin == "default"));
    let speak = |text: String, sign: &str| {
        let said = text.lines().filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(sign)));
        said.filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()) && !line.contains(". "))
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let (toml, env) = (speak(example_toml(), " = "), speak(example_env(), "="));
    assert_eq!((toml.lines().count(), env.lines().count()), (settings().len(), settings().len()));
    for case in [Case::new().file("config.toml", &toml), Case::new().file(".env", &env)] {
        let loaded = case.good();
        assert_eq!(format!("{:?}", loaded.config), format!("{:?}", silent.config));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}
