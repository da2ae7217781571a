//! Commands that work on what is stored: keys, channels, tokens, accounts, and the database as a whole. They open the
//! database in `DATA_DIR` themselves, so that they work with and without a running gateway, which sees a change by its
//! revision.

mod args;
mod audit;
mod channels;
mod files;
mod find;
mod import;
mod keys;
mod logs;
mod options;
mod password;
mod settings;
mod show;
mod tokens;
mod users;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;

use super::{Console, report};
use crate::config::{Config, Loaded, Row, Secret};
use crate::store::{By, Rows, Store};
pub(super) use args::commands;
use options::Options;

/// What is to be done with what is stored.
#[derive(Debug)]
pub struct Job {
    work: Work,
    does: Does,
}

/// What that means for the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// It must be there: in a wrong folder none is made.
    Read,
    /// The same.
    Change,
    /// Where there is none, one is made, if it is said where: whoever types a command in a wrong folder says nothing.
    Add,
    /// It sees to the database as a whole, and says so.
    All,
}

impl Does {
    fn of(command: &str, verb: &str) -> Does {
        match (command, verb) {
            ("migrate" | "backup" | "restore" | "import", _) => Does::All,
            (_, "list" | "show" | "usage") | ("audit" | "logs", _) => Does::Read,
            (_, "add" | "create" | "set") => Does::Add,
            _ => Does::Change,
        }
    }
}

#[derive(Debug)]
enum Work {
    Keys(keys::Job),
    Channels(channels::Job),
    Users(users::Job),
    Tokens(tokens::Job),
    Settings(settings::Job),
    Audit(audit::Job),
    Logs(Box<logs::Job>),
    Files(files::Job),
    Import(import::Job),
}

impl Job {
    /// Tells it what is configured.
    pub(super) fn tell(&mut self, rows: &[Row]) {
        if let Work::Import(job) = &mut self.work {
            job.given = import::given(rows);
        }
    }
}

/// What a job has to say.
#[derive(Debug, Default)]
struct Told {
    out: String,
    /// For a person, beside what a script reads.
    note: Option<String>,
    /// Warnings, each a line.
    warnings: Vec<String>,
    /// Of a part that could not be done.
    failure: Option<String>,
}

impl Told {
    fn out(text: impl Into<String>) -> Told {
        Told { out: text.into(), ..Told::default() }
    }
}

/// The job that a command asks for; `None` when it is not one of these.
///
/// # Errors
/// What is wrong with its options, each a line.
pub(super) fn job(name: &str, matches: &ArgMatches) -> Option<Result<Job, Vec<String>>> {
    let (verb, of_verb) = match name {
        "key" | "channel" | "token" | "user" | "settings" => matches.subcommand()?,
        _ => ("", matches),
    };
    let mut options = Options::new(of_verb);
    let work = match name {
        "key" => Work::Keys(keys::read(verb, &mut options)),
        "channel" => Work::Channels(channels::read(verb, &mut options)),
        "user" => Work::Users(users::read(verb, &mut options)),
        "token" => Work::Tokens(tokens::read(verb, &mut options)),
        "settings" => Work::Settings(settings::read(verb, &mut options)),
        "audit" => Work::Audit(audit::read(&mut options)),
        "logs" => Work::Logs(Box::new(logs::read(&mut options))),
        "migrate" => Work::Files(files::Job::Migrate { dry_run: options.flag(args::DRY_RUN) }),
        "backup" => {
            Work::Files(files::Job::Backup { file: options.path()?, with_key: options.flag(args::WITH_KEY) })
        }
        "restore" => {
            Work::Files(files::Job::Restore { file: options.path()?, force: options.flag(args::FORCE) })
        }
        "import" => Work::Import(import::read(&mut options)?),
        _ => return None,
    };
    Some(options.end(Job { work, does: Does::of(name, verb) }))
}

/// Does it, and prints what came of it.
///
/// # Errors
/// What stood in the way; of several things, those before it are done and those behind it are not.
pub fn state(job: Job, loaded: &Loaded, console: &mut Console<'_>) -> anyhow::Result<ExitCode> {
    let (config, Job { work, does }) = (&loaded.config, job);
    let was_there = does == Does::All || Store::exists(&config.data_dir);
    let may_make =
        does == Does::Add && loaded.origins.iter().any(|row| row.name == "DATA_DIR" && row.is_given());
    anyhow::ensure!(
        was_there || may_make,
        "there is no database in {}: DATA_DIR says in which folder it is, and is read from the working directory on. \
         The first start makes one, and so does `ollama2openai migrate`",
        place(config)
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let told = runtime.context("the runtime cannot start")?.block_on(async {
        match work {
            Work::Keys(job) => keys::run(job, config).await,
            Work::Channels(job) => channels::run(job, config).await,
            Work::Users(job) => users::run(job, config).await,
            Work::Tokens(job) => tokens::run(job, config).await,
            Work::Settings(job) => settings::run(job, loaded).await,
            Work::Audit(job) => audit::run(job, config).await,
            Work::Logs(job) => logs::run(*job, loaded, console).await,
            Work::Files(job) => files::run(job, config).await,
            Work::Import(job) => import::run(job, config).await,
        }
    })?;
    match console.out.write_all(told.out.as_bytes()).and_then(|()| console.out.flush()) {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        done => done?,
    }
    if let Some(note) = &told.note {
        writeln!(console.err, "{note}")?;
    }
    match does {
        Does::Add if !was_there => {
            writeln!(console.err, "(a new database was made in {})", place(config))?;
        }
        Does::Add | Does::Change => writeln!(console.err, "(database in {})", place(config))?,
        Does::Read | Does::All => {}
    }
    for warning in &told.warnings {
        report::warning(warning, console)?;
    }
    match told.failure {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => Err(anyhow::Error::msg(failure)),
    }
}

/// The database and what is in it, and a warning when credentials cannot be read.
async fn open(config: &Config) -> anyhow::Result<(Store, Rows, Vec<String>)> {
    let store = Store::open(&config.data_dir, config.secret_key.as_ref()).await?;
    let rows = store.load().await?;
    let lost = rows.lost().count();
    let warnings = match lost {
        0 => Vec::new(),
        _ => vec![format!(
            "{lost} of {} credentials cannot be read, as they were sealed with another key: give the SECRET_KEY \
             that the gateway has, or enter them again",
            rows.backends.len(),
        )],
    };
    Ok((store, rows, warnings))
}

/// Turns channels or keys, given by id and name, on or off; says so of each.
async fn toggle(
    store: &Store,
    which: impl Iterator<Item = (&str, &str)>,
    on: bool,
) -> anyhow::Result<String> {
    let mut out = String::new();
    let done = if on { "enabled" } else { "disabled" };
    for (id, name) in which {
        store.set_enabled(id, on, &By::cli()).await?;
        out.push_str(&format!("{done} {id} {name}\n"));
    }
    Ok(out)
}

/// Where state is kept, as a person can find it.
fn place(config: &Config) -> String {
    let path = std::path::absolute(&config.data_dir);
    path.as_deref().unwrap_or(&config.data_dir).display().to_string()
}

/// A file, or standard input for `-`.
fn read_text(file: &Path) -> anyhow::Result<String> {
    match file == Path::new("-") {
        true => io::read_to_string(io::stdin()).context("standard input cannot be read"),
        false => std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display())),
    }
}

/// A credential, or where it is read from.
#[derive(Debug)]
enum Credential {
    Given(Secret),
    Stdin,
}

impl Credential {
    fn read(self) -> anyhow::Result<Secret> {
        if let Credential::Given(secret) = self {
            return Ok(secret);
        }
        let text = read_text(&PathBuf::from("-"))?;
        // A command that failed in front of the pipe must not take a credential away.
        anyhow::ensure!(!text.trim().is_empty(), "--key -: nothing came on standard input");
        Ok(Secret::new(text.trim()))
    }
}
