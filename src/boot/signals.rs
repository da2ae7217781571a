//! The signals that the gateway obeys.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is caught from the moment when this is made: nothing that comes before the gateway runs is lost, not even for
/// the first process of a container, which ignores what it does not catch.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    has_terminal: bool,
    /// SIGHUP came while nobody could obey it.
    is_reread_due: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// SIGTERM or SIGINT, or the terminal is gone.
    End,
    /// SIGHUP.
    Reread,
}

impl Signals {
    pub(super) fn caught() -> anyhow::Result<Self> {
        let catch = |kind| signal(kind).context("signals cannot be caught");
        Ok(Signals {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hangup: catch(SignalKind::hangup())?,
            has_terminal: std::io::stdin().is_terminal(),
            is_reread_due: false,
        })
    }

    /// Waits for the next one, or gives what [`Signals::end`] has left to do.
    pub(super) async fn next(&mut self) -> Wish {
        if std::mem::take(&mut self.is_reread_due) { Wish::Reread } else { self.caught_next().await }
    }

    async fn caught_next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::End,
            _ = self.interrupt.recv() => Wish::End,
            // A terminal that is closed sends it, too: nobody is left to read what is shown there.
            _ = self.hangup.recv() => match self.has_terminal && !std::io::stdin().is_terminal() {
                true => Wish::End,
                false => Wish::Reread,
            },
        }
    }

    /// Waits for one that ends the gateway. SIGHUP is kept for [`Signals::next`].
    pub(super) async fn end(&mut self) {
        while self.caught_next().await != Wish::End {
            self.is_reread_due = true;
        }
    }
}
