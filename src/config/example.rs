//! `config.example.toml` and `.env.example`, written from the table. A test keeps the committed files equal.

use super::rows::SETTINGS;
use super::table::{Group, Kind, Setting};
use super::value::allowed;

const TOML_HEAD: &str = "\
# Configuration of ollama2openai. Copy to config.toml in the working directory, or name it by --config.
#
# Later wins: default < config.toml < .env < environment < flag < saved by an admin. The variable of a key is the key
# in capitals, its flag the key with dashes. A line that begins with # says nothing; what stands there is the default.
# `ollama2openai check-config` shows every value and where it came from.
";

const ENV_HEAD: &str = "\
# Environment of ollama2openai. Copy to .env in the working directory.
#
# Later wins: default < config.toml < .env < environment < flag < saved by an admin. An empty value is the default.
# A line that begins with # says nothing; what stands there is the default. Values with quotes or \" #\" in them
# go into 'single quotes'. A secret may be given as a file by <NAME>_FILE.
";

/// The text of `config.example.toml`.
pub fn example_toml() -> String {
    example(TOML_HEAD, |row, text| {
        text.push_str(&format!("# {} = {}\n", row.key(), toml_value(row)));
    })
}

/// The text of `.env.example`.
pub fn example_env() -> String {
    example(ENV_HEAD, |row, text| {
        let quote = if row.default.contains([' ', '#', '\'', '"']) { "'" } else { "" };
        text.push_str(&format!("# {}={quote}{}{quote}\n", row.name, row.default));
    })
}

fn example(head: &str, line: impl Fn(&Setting, &mut String)) -> String {
    let mut text = head.to_owned();
    let mut group: Option<Group> = None;
    for row in SETTINGS {
        if group != Some(row.group) {
            text.push_str(&format!("\n# ---- {} ----\n", row.group.title()));
            group = Some(row.group);
        }
        text.push_str(&format!("\n## {}\n## {}: {}.", row.help, row.name, allowed(&row.kind)));
        if row.default.is_empty() {
            text.push_str(&format!("\n## Unset: {}.", row.unset));
        }
        text.push('\n');
        line(row, &mut text);
    }
    text
}

fn toml_value(row: &Setting) -> String {
    let plain = match row.kind {
        Kind::Switch | Kind::Integer { .. } => true,
        Kind::Bytes { .. } | Kind::Duration { .. } => row.default.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    };
    match row.kind {
        Kind::List { .. } if row.default.is_empty() => "[]".to_owned(),
        _ if plain && !row.default.is_empty() => row.default.to_owned(),
        _ => format!("\"{}\"", row.default),
    }
}
