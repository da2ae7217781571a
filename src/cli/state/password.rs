//! A password from a person or a pipe; never from the command line, and never shown.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::admin::rules;
use crate::config::Secret;

/// The new password of this account. From a terminal it is asked for twice.
///
/// # Errors
/// When it will not do, the two differ, or nothing can be read.
pub(super) fn read(name: &str) -> anyhow::Result<Secret> {
    let is_terminal = io::stdin().is_terminal();
    let text = match is_terminal {
        true => ask(&format!("New password of {name}: "))?,
        false => line()?,
    };
    if let Err(wrong) = rules::password(text.expose(), name) {
        anyhow::bail!("the password {wrong}");
    }
    if is_terminal && ask("The same again: ")? != text {
        anyhow::bail!("the two are not the same; nothing was changed");
    }
    Ok(text)
}

fn line() -> anyhow::Result<Secret> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text).context("the password cannot be read")?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(text.strip_suffix('\r').unwrap_or(text)))
}

fn ask(question: &str) -> anyhow::Result<Secret> {
    let mut err = io::stderr();
    let quiet = Quiet::begin().context("the echo of the terminal cannot be turned off")?;
    write!(err, "{question}").and_then(|()| err.flush())?;
    let read = line();
    drop(quiet);
    writeln!(err)?;
    read
}

/// A terminal without its echo, until this is dropped.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn begin() -> io::Result<Quiet> {
        let before = tcgetattr(io::stdin())?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &now)?;
        Ok(Quiet { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}
