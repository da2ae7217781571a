//! The command line: what was asked for, and with which configuration. Binds nothing.

mod args;
mod certificate;
mod healthcheck;
mod report;
mod saved;
mod state;

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::admin::document;
use crate::boot::{Takes, step_down};
use crate::config::{self, Bad, Loaded, Sources};
pub use args::command;
pub use healthcheck::healthcheck;
pub use state::{Job, state};

/// Exit code of a wrong command line or configuration.
const WRONG: u8 = 2;

/// What `main` is to do.
#[derive(Debug)]
pub enum Command {
    /// Run the gateway; the sources are read again by SIGHUP.
    Serve { loaded: Loaded, sources: Sources },
    /// Run the gateway in front of the built-in fake Ollama, or of recordings.
    Demo { loaded: Loaded, sources: Sources, replay: Option<PathBuf> },
    /// Run the fake Ollama alone on this port of 127.0.0.1.
    BenchUpstream { port: u16 },
    /// Ask the gateway at this address, by TLS or not, whether it lives: [`healthcheck()`].
    Healthcheck { address: SocketAddr, is_tls: bool },
    /// Work on what is stored: [`state()`].
    State { job: Job, loaded: Loaded },
    /// Nothing; all that was asked for has been printed.
    Done(ExitCode),
}

/// Where [`parse`] prints.
pub struct Console<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    /// Whether `out` shows colours: a terminal, and `NO_COLOR` is unset.
    pub out_colour: bool,
    /// The same of `err`.
    pub err_colour: bool,
}

impl std::fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("out_colour", &self.out_colour).finish_non_exhaustive()
    }
}

/// Reads the arguments (the program's name first) and the configuration. `sources` brings environment and
/// working directory; flags and `--config` are filled in here. Help, mistakes and `check-config` are printed.
///
/// # Errors
/// Only those of the console.
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    mut sources: Sources,
    console: &mut Console<'_>,
) -> std::io::Result<Command> {
    let matches = match args::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return refused(error, console),
    };
    let (name, of_command) = matches.subcommand().unwrap_or(("serve", &matches));
    if name == "bench-upstream" {
        return bench_upstream(of_command, console);
    }
    if name == "openapi" {
        writeln!(console.out, "{:#}", document())?;
        return Ok(Command::Done(ExitCode::SUCCESS));
    }
    let job = match state::job(name, of_command).transpose() {
        Ok(job) => job,
        Err(wrong) => {
            for wrong in wrong {
                writeln!(console.err, "error: {wrong}")?;
            }
            return Ok(Command::Done(WRONG.into()));
        }
    };
    sources.flags.extend(args::flags(of_command));
    if let Some(path) = of_command.get_one::<PathBuf>(args::CONFIG) {
        sources.config_file = Some(path.clone());
    }
    let mut loaded = configured(name, &sources);
    if let Some(Err(error)) = loaded.as_mut().ok().map(|loaded| as_told(name, loaded)) {
        writeln!(console.err, "error: {error:#}")?;
        return Ok(Command::Done(ExitCode::FAILURE));
    }
    if name == "check-config" {
        return check_config(loaded, of_command.get_flag(args::JSON), console);
    }
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(bad) => {
            report::mistakes(&bad, console.err, console.err_colour)?;
            // Whoever runs health checks knows two codes only.
            let code = if name == "healthcheck" { 1 } else { WRONG };
            return Ok(Command::Done(code.into()));
        }
    };
    if let Some(mut job) = job {
        job.tell(&loaded.origins);
        return Ok(Command::State { job, loaded });
    }
    Ok(match name {
        "demo" => Command::Demo { loaded, sources, replay: of_command.get_one(args::REPLAY).cloned() },
        "healthcheck" => healthcheck::command(&loaded.config.listen),
        _ => Command::Serve { loaded, sources },
    })
}

fn check_config(
    loaded: Result<Loaded, Bad>,
    is_json: bool,
    console: &mut Console<'_>,
) -> std::io::Result<Command> {
    let code = if loaded.is_ok() { 0 } else { WRONG };
    let loaded = loaded.map(saved::on_top);
    match is_json {
        true => report::json(&loaded, console)?,
        false => report::table(&loaded, console)?,
    }
    Ok(Command::Done(code.into()))
}

/// Becomes who `RUN_AS` names, so that no command leaves files of root.
fn as_told(command: &str, loaded: &mut Loaded) -> anyhow::Result<()> {
    let takes = match command {
        // It opens no file, and runs every few seconds.
        "healthcheck" => return Ok(()),
        "demo" | "check-config" => Takes::Nothing,
        _ => Takes::DataDir,
    };
    loaded.warnings.extend(step_down(&loaded.config, takes)?);
    Ok(())
}

fn configured(command: &str, sources: &Sources) -> Result<Loaded, Bad> {
    let loaded = config::load(sources)?;
    match command {
        "serve" | "demo" | "check-config" => certificate::checked(loaded),
        // Whoever else works with the configuration may not be able to read the key.
        _ => Ok(loaded),
    }
}

fn bench_upstream(matches: &ArgMatches, console: &mut Console<'_>) -> std::io::Result<Command> {
    let port = matches.get_one::<String>(args::PORT).expect("it has a default");
    Ok(match port.parse() {
        Ok(port) => Command::BenchUpstream { port },
        Err(_) => {
            writeln!(console.err, "error: flag --port={port:?} is not a whole number from 0 to 65535")?;
            Command::Done(WRONG.into())
        }
    })
}

/// Prints what clap has to say: help and version, or a mistake.
fn refused(mut error: clap::Error, console: &mut Console<'_>) -> std::io::Result<Command> {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)
            && !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        {
            // A key in the wrong place, more likely than a slip in a word.
            error.insert(kind, ContextValue::String("***".to_owned()));
            // A tip would repeat it.
            for tip in [ContextKind::Suggested, ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
                error.remove(tip);
            }
        }
    }
    let (stream, colour) = match error.use_stderr() {
        true => (&mut *console.err, console.err_colour),
        false => (&mut *console.out, console.out_colour),
    };
    match colour {
        true => write!(stream, "{}", error.render().ansi())?,
        false => write!(stream, "{}", error.render())?,
    }
    let code = if error.use_stderr() { WRONG } else { 0 };
    Ok(Command::Done(code.into()))
}
