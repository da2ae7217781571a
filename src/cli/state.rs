//! Commands that work on what is stored: keys, channels, tokens, accounts, and the database as a whole. They open the
//! database in `DATA_DIR` themselves, so that they work with and without a running gateway, which sees a change by its
//! revision.

mod args;
mod channels;
mod files;
mod find;
mod import;
mod keys;
mod options;
mod password;
mod show;
mod tokens;
mod users;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;

use super::{Console, report};
use crate::config::{Config, Row, Secret};
use crate::store::{By, Rows, Store};
pub(super) use args::commands;
use options::Options;

/// What is to be done with what is stored.
#[derive(Debug)]
pub enum Job {
    Keys(keys::Job),
    Channels(channels::Job),
    Users(users::Job),
    Tokens(tokens::Job),
    Files(files::Job),
    Import(import::Job),
}

impl Job {
    /// Tells it what is configured.
    pub(super) fn tell(&mut self, rows: &[Row]) {
        if let Job::Import(job) = self {
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
    let mut options = Options::new(match name {
        "key" | "channel" | "token" | "user" => matches.subcommand()?.1,
        _ => matches,
    });
    let job = match name {
        "key" => Job::Keys(keys::read(matches.subcommand()?.0, &mut options)),
        "channel" => Job::Channels(channels::read(matches.subcommand()?.0, &mut options)),
        "user" => Job::Users(users::read(matches.subcommand()?.0, &mut options)),
        "token" => Job::Tokens(tokens::read(matches.subcommand()?.0, &mut options)),
        "migrate" => Job::Files(files::Job::Migrate { dry_run: options.flag(args::DRY_RUN) }),
        "backup" => {
            Job::Files(files::Job::Backup { file: options.path()?, with_key: options.flag(args::WITH_KEY) })
        }
        "restore" => {
            Job::Files(files::Job::Restore { file: options.path()?, force: options.flag(args::FORCE) })
        }
        "import" => Job::Import(import::read(&mut options)?),
        _ => return None,
    };
    Some(options.end(job))
}

/// Does it, and prints what came of it.
///
/// # Errors
/// What stood in the way; of several things, those before it are done and those behind it are not.
pub fn state(job: Job, config: &Config, console: &mut Console<'_>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let told = runtime.context("the runtime cannot start")?.block_on(async {
        match job {
            Job::Keys(job) => keys::run(job, config).await,
            Job::Channels(job) => channels::run(job, config).await,
            Job::Users(job) => users::run(job, config).await,
            Job::Tokens(job) => tokens::run(job, config).await,
            Job::Files(job) => files::run(job, config).await,
            Job::Import(job) => import::run(job, config).await,
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
