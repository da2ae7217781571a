//! The arguments of these commands, as clap knows them.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgGroup, Command, ValueHint, value_parser};

use super::super::args::JSON;

pub(super) const WHICH: &str = "which";
pub(super) const NAME: &str = "name";
pub(super) const LINES: &str = "lines";
pub(super) const FILE: &str = "file";
pub(super) const BASE: &str = "base-url";
pub(super) const KEY: &str = "key";
pub(super) const KEY_FILE: &str = "key-file";
pub(super) const WEIGHT: &str = "weight";
pub(super) const PRIORITY: &str = "priority";
pub(super) const CAP: &str = "max-concurrent";
pub(super) const RATE: &str = "rate-limit";
pub(super) const MODEL: &str = "model";
pub(super) const MAP: &str = "map";
pub(super) const GROUP: &str = "group";
pub(super) const TAG: &str = "tag";
pub(super) const MODELS: &str = "models";
pub(super) const IPS: &str = "ips";
pub(super) const EXPIRES: &str = "expires";
pub(super) const TOKENS: &str = "tokens-per-minute";
pub(super) const QUOTA: &str = "quota";
pub(super) const CLIENT_OPTIONS: &str = "client-options";
pub(super) const CAPTURE: &str = "capture-prompts";
pub(super) const NOTE: &str = "note";
pub(super) const METADATA: &str = "metadata";
pub(super) const DISABLED: &str = "disabled";
pub(super) const ROLE: &str = "role";
pub(super) const MUST_CHANGE: &str = "must-change";
pub(super) const CONFIGURED: &str = "configured";
pub(super) const DRY_RUN: &str = "dry-run";
pub(super) const WITH_KEY: &str = "with-key";
pub(super) const FORCE: &str = "force";
pub(super) const APPLY: &str = "apply";
pub(super) const LOGS: &str = "logs";
pub(super) const REMOVE_SOURCE: &str = "remove-source";
pub(super) const LIMIT: &str = "limit";
pub(super) const FOLLOW: &str = "follow";
pub(super) const TOKEN: &str = "token";
pub(super) const CHANNEL: &str = "channel";
pub(super) const BACKEND: &str = "backend";
pub(super) const OUTCOME: &str = "outcome";
pub(super) const STATUS: &str = "status";
pub(super) const TEXT: &str = "text";
pub(super) const SINCE: &str = "since";
pub(super) const UNTIL: &str = "until";
pub(super) const LEVEL: &str = "level";
pub(super) const ID: &str = "id";
pub(super) const IP: &str = "ip";
pub(super) const DAYS: &str = "days";

const LINE_FORMS: &str = "\
A key line is one backend, in any of these forms:
  URL|KEY   KEY|URL   URL#KEY   URL/KEY   URL (needs no key)   KEY (at --base-url)
Several may stand in a line, with commas between; lines that begin with # are comments. Good lines are
taken and bad ones listed; the exit code is 1 if any was bad.

Every user of a machine can read its command lines: give keys by --file, where - is standard input.";

const UPDATE: &str = "\
What is not named stays as it is. A list that is named takes the place of the old one; an empty text
empties it, as in --model ''. A new scheme, host or port wants the credential again.

Every user of a machine can read its command lines: give a key as -, and it is read from standard input.";

const IMPORT: &str = "\
Of each thing it says how well it fits: exact, approximate (with what is different), manual (with what you
have to do) or unsupported. What is there already is left as it is, so that a second time does no harm.
Nothing is changed without --apply, and a damaged file ends it before anything is. Secrets are not printed.";

const CHANNEL_KEYS: &str = "\
Each key is a backend of the channel: a credential for --base-url, or a key line with an address of its
own, as in http://gpu-2:11434|KEY. Without any the channel is one server that needs no key.

Every user of a machine can read its command lines: give keys by --key-file, where - is standard input.";

const CHANNEL_UPDATE: &str = "\
What is not named stays as it is. A list that is named takes the place of the old one, keys too; an empty
text empties it, as in --model ''. In a list of keys the mask of one that the channel has stands for it.
A new scheme, host or port wants the credentials again.

Every user of a machine can read its command lines: give keys by --key-file, where - is standard input.";

const PASSWORD: &str = "\
The password is asked for, or read from standard input where that is no terminal: one line of 8 to 256
bytes. It is never an argument, as every user of a machine can read its command lines.";

const TOKEN_CREATE: &str = "\
The token is printed once, alone on standard output, and kept as a hash only:
  TOKEN=$(ollama2openai token create --name ci --models 'llama*' --quota 1000000)";

const TOKEN_EDIT: &str = "\
What is not named stays as it is. A list that is named takes the place of the old one; an empty text
empties it, as in --models ''. --expires '' is never, and 0 is no limit.";

const SETTINGS: &str = "\
What is saved counts more than flags, variables and files, until it is reset. `check-config` shows all settings.
Rules of addresses that shut everybody out of the admin API are opened again by
  ollama2openai settings reset IP_ACCESS_MODE IP_WHITELIST IP_BLACKLIST";

/// All commands of this room.
pub(in crate::cli) fn commands() -> [Command; 11] {
    let dry_run = flag(DRY_RUN, "Show what is pending and change nothing");
    let with_key = flag(WITH_KEY, "Put the key in, too: whoever reads the file then reads all credentials");
    let force = flag(FORCE, "Put a database that is there aside, under a name that ends in .replaced");
    [
        group("key", "Keys of the pool: one backend each").subcommands(key()),
        group("channel", "Channels: named groups of backends").subcommands(channel()),
        group("user", "Accounts of people who manage the gateway").subcommands(user()),
        group("token", "Tokens: what clients show and may do").subcommands(token()),
        group("settings", "Settings that are saved over what is configured")
            .after_help(SETTINGS)
            .subcommands(saved()),
        Command::new("audit")
            .about("Show who changed what, the newest first")
            .args([text(LIMIT, "NUMBER", "So many rows, 1 to 1000 [default: 20]"), json()]),
        logs(),
        Command::new("migrate")
            .about("Bring the database up to date (every start does it, too)")
            .arg(dry_run),
        Command::new("backup")
            .about("Copy the database to a new file, while it is in use or not")
            .args([path("Where to; must not exist"), with_key]),
        Command::new("restore")
            .about("Put a backup in the place of the database; the gateway must be stopped")
            .args([path("A file that backup has made"), force]),
        import(),
    ]
}

fn logs() -> Command {
    Command::new("logs").about("Show requests, the newest last, and go on with those that come").args([
        flag(FOLLOW, "Go on with what comes, until it is ended").short('f'),
        text(LIMIT, "NUMBER", "So many rows, 0 to 10000 [default: 20]"),
        text(TOKEN, "TOKEN", "Of this token, by id or name"),
        text(MODEL, "MODEL", "For this model, as the client named it"),
        text(CHANNEL, "CHANNEL", "Of this channel, by id or name"),
        text(BACKEND, "BACKEND", "Of this backend, by id or name"),
        text(OUTCOME, "OUTCOME", "With this outcome, or some of them, as in timeout,internal"),
        text(STATUS, "STATUS", "With this status, or some of them, as in 429,5xx"),
        text(LEVEL, "LEVEL", "debug or info: all; warn or error: without what the client did itself"),
        text(ID, "ID", "With this x-request-id"),
        text(IP, "ADDRESS", "From this address"),
        text(TEXT, "TEXT", "With this text in the error, or in that of an attempt"),
        text(SINCE, "TIME", "Over then or later: as in 2026-01-31T08:00:00Z, a date, or ago, as in 2h or 3d"),
        text(UNTIL, "TIME", "Over before, in the same forms"),
        json(),
    ])
}

fn import() -> Command {
    let folder = Arg::new(FILE).value_name("FOLDER").required(true).value_hint(ValueHint::DirPath);
    Command::new("import")
        .about("Take over what the Node program (3.0) has stored; says what it would do")
        .after_help(IMPORT)
        .args([
            folder
                .value_parser(value_parser!(PathBuf))
                .help("Its data folder, or the one with data and .env in it"),
            flag(APPLY, "Do it, in one transaction"),
            flag(LOGS, "Take its logs, too"),
            flag(
                REMOVE_SOURCE,
                "Afterwards delete the old files that hold secrets and were taken over whole",
            ),
        ])
}

fn group(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(format!("{about}; a running gateway follows a change"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
}

fn key() -> Vec<Command> {
    let lines =
        Arg::new(LINES).value_name("LINE").num_args(0..).help("A key line; - alone is standard input");
    let file = file_arg(FILE, "Read key lines from a file; - is standard input");
    let base = text(BASE, "URL", "Where a line without an address goes [default: OLLAMA_BASE_URL]");
    let new_base = text(BASE, "URL", "Where the backend is");
    let credential = text(KEY, "KEY", "Its credential; - is standard input, '' is none");
    vec![
        list("List the keys; credentials are masked"),
        Command::new("add")
            .about("Add keys, one or many")
            .after_help(LINE_FORMS)
            .args([lines, file])
            .group(ArgGroup::new("source").args([LINES, FILE]).required(true))
            .args([base, text(NAME, "NAME", "Name for people; for one key line only")])
            .args(rules())
            .arg(text(GROUP, "GROUP", "Group, a note for people")),
        Command::new("update")
            .about("Change a key")
            .after_help(UPDATE)
            .args([one("key"), text(NAME, "NAME", "Name for people"), new_base, credential])
            .args(rules())
            .arg(text(GROUP, "GROUP", "Group, a note for people")),
        Command::new("enable").about("Let keys take requests").arg(many("keys")),
        Command::new("disable").about("Let keys take no new requests").arg(many("keys")),
        Command::new("delete").about("Delete keys").arg(many("keys")),
    ]
}

fn channel() -> Vec<Command> {
    let name = Arg::new(NAME).value_name("NAME").required(true).help("Its name; no two have the same");
    let base = || text(BASE, "URL", "Where its backends are");
    let keys = || {
        let key = text(KEY, "KEY", "A key (repeat for more)").action(ArgAction::Append);
        let rate = text(RATE, "NUMBER", "Requests a minute; 0 is no limit").allow_negative_numbers(true);
        [key, file_arg(KEY_FILE, "Read keys from a file, one a line; - is standard input"), rate]
    };
    vec![
        list("List the channels"),
        Command::new("show").about("Show one channel and its backends").args([one("channel"), json()]),
        Command::new("add")
            .about("Add a channel")
            .after_help(CHANNEL_KEYS)
            .args([name, base().required(true)])
            .args(keys())
            .args(rules()),
        Command::new("update")
            .about("Change a channel")
            .after_help(CHANNEL_UPDATE)
            .args([one("channel"), text(NAME, "NAME", "Its name; no two have the same"), base()])
            .args(keys())
            .args(rules()),
        Command::new("enable").about("Let channels take requests").arg(many("channels")),
        Command::new("disable").about("Let channels take no new requests").arg(many("channels")),
        Command::new("delete").about("Delete channels with their backends").arg(many("channels")),
    ]
}

fn user() -> Vec<Command> {
    let name = Arg::new(NAME).value_name("NAME").required(true).help("Its name; no two have the same");
    let role =
        || Arg::new(ROLE).value_name("ROLE").help("admin: everything; viewer: reads, and changes nothing");
    let must_change = || flag(MUST_CHANGE, "Let it do nothing but set another password");
    vec![
        list("List the accounts"),
        Command::new("add").about("Add an account").after_help(PASSWORD).args([
            name,
            role().long(ROLE).default_value("viewer"),
            must_change(),
        ]),
        Command::new("passwd")
            .about("Set a password; all sessions of the account end")
            .after_help(PASSWORD)
            .args([
                one("account"),
                must_change().conflicts_with(CONFIGURED),
                flag(CONFIGURED, "Let ADMIN_PASSWORD hold again, for the account admin alone"),
            ]),
        Command::new("role")
            .about("Give an account another role")
            .args([one("account"), role().required(true)]),
        Command::new("enable").about("Let accounts sign in").arg(many("accounts")),
        Command::new("disable")
            .about("Sign accounts out, and let them sign in no more")
            .arg(many("accounts")),
        Command::new("delete").about("Delete accounts with their API tokens").arg(many("accounts")),
        Command::new("sign-out").about("End all sessions of accounts").arg(many("accounts")),
    ]
}

fn saved() -> Vec<Command> {
    vec![
        list("List the settings that can be saved, with what is in force"),
        Command::new("set")
            .about("Save settings, all or none")
            .arg(which().value_name("NAME=VALUE").num_args(1..).help("Such as IP_ACCESS_MODE=disabled")),
        Command::new("reset")
            .about("Go back to what is configured")
            .arg(which().value_name("NAME").num_args(1..).help("Names of settings that are saved")),
    ]
}

fn token() -> Vec<Command> {
    let name = || text(NAME, "NAME", "Name for people");
    let disabled = flag(DISABLED, "Let nobody in by it yet");
    vec![
        list("List the tokens; their texts are masked"),
        Command::new("show").about("Show one token").args([one("token"), json()]),
        Command::new("usage").about("Show what a token has used, by days of UTC").args([
            one("token"),
            text(DAYS, "NUMBER", "So many days before today, 1 to 366 [default: 30]"),
            json(),
        ]),
        Command::new("create")
            .about("Make a token")
            .after_help(TOKEN_CREATE)
            .args([name(), disabled, json()])
            .args(allowances()),
        Command::new("edit")
            .about("Change a token")
            .after_help(TOKEN_EDIT)
            .args([one("token"), name()])
            .args(allowances()),
        Command::new("regenerate")
            .about("Give a token another text, printed once; the old one ends")
            .args([one("token"), json()]),
        Command::new("enable").about("Let clients in by these tokens").arg(many("tokens")),
        Command::new("disable").about("Let nobody in by these tokens").arg(many("tokens")),
        Command::new("delete").about("Delete tokens").arg(many("tokens")),
    ]
}

/// What a token may do.
fn allowances() -> [Arg; 11] {
    let number = |name, help| text(name, "NUMBER", help).allow_negative_numbers(true);
    let items = |name, value, help| text(name, value, help).action(ArgAction::Append).value_delimiter(',');
    [
        items(MODELS, "MODEL", "Models, * for any end (commas between, or repeat; none: all)"),
        items(IPS, "ADDRESS", "Addresses and CIDR ranges (commas between, or repeat; none: all)"),
        text(EXPIRES, "TIME", "RFC 3339, a date, or such as 2030-01-31T18:00 in this machine's zone"),
        number(RATE, "Requests a minute; 0 is the default rate"),
        number(TOKENS, "Tokens a minute; 0 is no limit"),
        number(QUOTA, "Tokens a month; 0 is no quota"),
        number(CAP, "Requests at once; 0 is no cap"),
        text(CLIENT_OPTIONS, "true|false", "Whether it may set what makes a model reload, such as num_ctx"),
        text(
            CAPTURE,
            "true|false",
            "Whether its requests are kept with their answers, while CAPTURE allows it",
        ),
        text(NOTE, "TEXT", "A note for people"),
        text(METADATA, "JSON", "Any JSON object, for your programs"),
    ]
}

/// What keys and channels have in common.
fn rules() -> [Arg; 7] {
    [
        text(WEIGHT, "NUMBER", "Share among equals, 1 to 1000000; 0 is 10").allow_negative_numbers(true),
        text(PRIORITY, "NUMBER", "Higher goes first").allow_negative_numbers(true),
        text(CAP, "NUMBER", "Requests at once; 0 is no cap").allow_negative_numbers(true),
        text(MODEL, "MODEL", "A model that it serves, * for any end (repeat for more; none: all)")
            .action(ArgAction::Append),
        text(MAP, "FROM=TO", "Serve the model FROM by TO (repeat for more)").action(ArgAction::Append),
        text(TAG, "TAG", "A tag, a note for people (repeat for more)").action(ArgAction::Append),
        flag(DISABLED, "Let it take no requests"),
    ]
}

fn list(about: &'static str) -> Command {
    Command::new("list").about(about).arg(json())
}

fn json() -> Arg {
    flag(JSON, "Print JSON instead of a table")
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn file_arg(name: &'static str, help: &'static str) -> Arg {
    text(name, "FILE", help).value_parser(value_parser!(PathBuf)).value_hint(ValueHint::FilePath)
}

fn path(help: &'static str) -> Arg {
    let file = Arg::new(FILE).value_name("FILE").required(true).help(help);
    file.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::FilePath)
}

fn one(what: &str) -> Arg {
    which().help(format!("The {what}: its id, the beginning of its id, or its exact name"))
}

fn many(what: &str) -> Arg {
    which().num_args(1..).help(format!("The {what}: ids, beginnings of ids, or exact names"))
}

fn which() -> Arg {
    Arg::new(WHICH).value_name("ID|NAME").required(true)
}
