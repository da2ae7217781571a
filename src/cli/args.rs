//! The arguments, as clap knows them. Each flag of a setting is made from the table; no default is repeated.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};

use crate::config::{Kind, Setting, settings};

pub(super) const CONFIG: &str = "config";
pub(super) const JSON: &str = "json";
pub(super) const REPLAY: &str = "replay";
/// The setting's name, so that the flag of `bench-upstream` takes the place of the setting's.
pub(super) const PORT: &str = "PORT";

/// Of a line of help, behind its indentation.
const WIDEST: usize = 88;

const AFTER: &str = "\
Settings come from these places, later wins:
  default < config.toml < .env < environment < flag < saved by an admin
config.toml and .env are read from the working directory; --config names another file.
--request-timeout is REQUEST_TIMEOUT in .env and environment, request_timeout in config.toml.

Secrets (API_TOKEN, ADMIN_PASSWORD, SECRET_KEY) have no flag, since every user of a machine can read
its command lines. Give them as variables, or as a file: API_TOKEN_FILE, or --api-token-file.

key, channel, token, user, settings, audit, logs, migrate, backup, restore and import work on the database
in DATA_DIR, with or without a running gateway; `ollama2openai key add -h` says how keys are written.

TIME is milliseconds, or such as 500ms, 30s, 5m, 24h. SIZE is bytes, or such as 64MiB, 50MB.
`check-config` shows every setting with its value and where that came from.";

const AFTER_SHORT: &str = "Every setting has a flag, a variable and a key in config.toml: see --help.";

/// The whole command line.
pub fn command() -> Command {
    let config = Arg::new(CONFIG)
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
        .global(true)
        .help("Configuration file [default: config.toml in the working directory, if there]");
    let replay = Arg::new(REPLAY)
        .long("replay")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::DirPath)
        .help("Answer by the recordings in this folder");
    let json = Arg::new(JSON).long("json").action(ArgAction::SetTrue).help("Print JSON instead of a table");
    let port = Arg::new(PORT)
        .long("port")
        .value_name("NUMBER")
        .default_value("11434")
        .help("TCP port of 127.0.0.1 to listen on");
    Command::new("ollama2openai")
        .version(env!("CARGO_PKG_VERSION"))
        .about("One Ollama, or a fleet of them, as an OpenAI-compatible service.")
        .after_help(AFTER_SHORT)
        .after_long_help(AFTER)
        .disable_help_subcommand(true)
        .arg(config)
        .args(settings().iter().map(flag))
        .subcommand(Command::new("serve").about("Run the gateway (this is the default)"))
        .subcommand(Command::new("demo").about("Run the gateway with a built-in fake Ollama").arg(replay))
        .subcommand(
            Command::new("check-config").about("Show every setting, its origin and all mistakes").arg(json),
        )
        .subcommand(Command::new("healthcheck").about("Exit 0 if the gateway at HOST and PORT lives, else 1"))
        .subcommands(super::state::commands())
        .subcommand(Command::new("openapi").about("Print the OpenAPI document of the admin API"))
        .subcommand(Command::new("bench-upstream").about("Run the fake Ollama alone").arg(port))
}

/// A setting's flag; a secret has that of its file.
fn flag(row: &'static Setting) -> Arg {
    let name = row.flag().unwrap_or_else(|| format!("{}-file", row.key().replace('_', "-")));
    let mut help = match row.is_secret() {
        true => format!("File that holds {}. {}", row.name, row.help),
        false => row.help.to_owned(),
    };
    let tail = match row.default {
        "" => format!("[unset: {}]", row.unset),
        _ if row.is_secret() => String::new(),
        default => format!("[default: {default}]"),
    };
    help.push(if help.len() + tail.len() < WIDEST { ' ' } else { '\n' });
    help.push_str(tail.trim_start());
    Arg::new(row.name)
        .long(name)
        .value_name(value_name(row))
        .value_hint(hint(row))
        .help(help)
        .help_heading(row.group.title())
        .hide_short_help(true)
        .allow_negative_numbers(true)
        .global(true)
}

fn value_name(row: &Setting) -> String {
    match row.kind {
        Kind::Switch => "true|false".to_owned(),
        Kind::Integer { .. } => "NUMBER".to_owned(),
        Kind::Bytes { .. } => "SIZE".to_owned(),
        Kind::Duration { .. } => "TIME".to_owned(),
        Kind::Choice(words) if words.len() > 5 => "WORD".to_owned(),
        Kind::Choice(words) => words.join("|"),
        Kind::List { .. } => "LIST".to_owned(),
        Kind::Secret | Kind::Key | Kind::Headers => "FILE".to_owned(),
        Kind::Text { .. } => match row.name {
            "OLLAMA_BASE_URL" => "URL",
            name if name.ends_with("_ENDPOINT") => "URL",
            "OTEL_SERVICE_NAME" => "NAME",
            "OTEL_TRACES_SAMPLER_ARG" => "RATIO",
            "QUOTA_TIMEZONE" => "ZONE",
            "DATA_DIR" => "DIR",
            "ADMIN_LISTEN" => "ADDRESS:PORT",
            "UNIX_SOCKET" | "TLS_CERT" | "TLS_KEY" => "PATH",
            "TRUST_PROXY" => "PROXIES",
            "CAPTURE_REDACT" => "REGEXES",
            "HOST" | "OLLAMA_HOST" => "HOST",
            _ => "TEXT",
        }
        .to_owned(),
    }
}

fn hint(row: &Setting) -> ValueHint {
    match (&row.kind, row.name) {
        (Kind::Secret | Kind::Key | Kind::Headers, _) => ValueHint::FilePath,
        (_, "UNIX_SOCKET" | "TLS_CERT" | "TLS_KEY") => ValueHint::FilePath,
        (_, "DATA_DIR") => ValueHint::DirPath,
        (Kind::Text { .. }, name) if name == "OLLAMA_BASE_URL" || name.ends_with("_ENDPOINT") => {
            ValueHint::Url
        }
        (_, "HOST" | "OLLAMA_HOST") => ValueHint::Hostname,
        _ => ValueHint::Other,
    }
}

/// The settings that were given as flags, by the variable's name.
pub(super) fn flags(matches: &ArgMatches) -> impl Iterator<Item = (String, String)> {
    settings().iter().filter_map(|row| {
        let text = matches.get_one::<String>(row.name)?;
        Some((row.file_name().unwrap_or_else(|| row.name.to_owned()), text.clone()))
    })
}
