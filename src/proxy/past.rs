//! What one call has been through, and what its client is told when nobody could serve it.

use crate::http::{Blame, Failure, Retry};
use crate::snapshot::unserved;

/// What a call has been through.
#[derive(Default)]
pub(super) struct Past {
    pub(super) attempts: usize,
    /// How many of them waited for a head in vain.
    timeouts: usize,
    /// The last failure, and whose it was. That one has not the model says less than that another could not be asked.
    pub(super) last: Option<(Failure, String)>,
    /// How many backends were asked.
    backends: usize,
    /// Whether the last failure would be the same everywhere.
    is_final: bool,
}

impl Past {
    pub(super) fn add(&mut self, failure: Failure, id: &str, tried: &[String]) {
        // Who is asked again was taken off the list.
        let is_again = self.last.as_ref().is_some_and(|(_, last)| last == id);
        self.backends += usize::from(!is_again && !tried.iter().any(|tried| tried == id));
        self.attempts += 1;
        self.timeouts += usize::from(failure.retry == Retry::Once);
        self.is_final = failure.retry == Retry::No;
        let is_less = failure.blame == Blame::Model;
        if !(is_less && self.last.as_ref().is_some_and(|(last, _)| last.blame != Blame::Model)) {
            self.last = Some((failure, id.to_owned()));
        }
    }

    pub(super) fn is_over(&self, max_retries: usize) -> bool {
        self.is_final || self.attempts > max_retries || self.timeouts > 1
    }

    /// The failure as the client learns of it.
    pub(super) fn told(self) -> Failure {
        let Some((failure, _)) = self.last else { return unserved::nobody_left() };
        if failure.retry == Retry::No || failure.blame == Blame::Model {
            return failure;
        }
        let backends = match self.backends {
            1 => "1 backend".to_owned(),
            count => format!("{count} backends"),
        };
        failure.adding(&match self.attempts {
            1 => format!(" (1 attempt on {backends})"),
            attempts => format!(" ({attempts} attempts on {backends} failed; this is the last one)"),
        })
    }
}
