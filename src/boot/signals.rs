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
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Wish {
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

    /// Waits for one that ends the gateway.
    pub(super) async fn end(&mut self) {
        while self.next().await != Wish::End {}
    }
}
