//! Idle connections to one host and port, the newest first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;

/// Idle connections are closed after this; Ollama itself keeps them for ever.
const IDLE: Duration = Duration::from_secs(90);
/// Most connections that are kept idle; those beyond are closed.
const MOST: usize = 1024;

/// The pool of one host and port, whatever paths and credentials are used there.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// With the time since when they are idle, oldest first.
    idle: Mutex<VecDeque<(Instant, Connection)>>,
}

impl Pool {
    /// A connection that was open a moment ago.
    pub(super) fn take(&self) -> Option<Connection> {
        loop {
            let (since, mut connection) =
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_back()?;
            if since.elapsed() < IDLE && connection.is_idle() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn put(&self, connection: Connection) {
        let now = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        close_old(&mut idle, now);
        if idle.len() < MOST {
            idle.push_back((now, connection));
        }
    }

    /// Closes those that were idle for too long, for an address that nobody asks any more.
    pub(super) fn close_old(&self) {
        close_old(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
    }
}

fn close_old(idle: &mut VecDeque<(Instant, Connection)>, now: Instant) {
    while idle.front().is_some_and(|(since, _)| now.duration_since(*since) >= IDLE) {
        idle.pop_front();
    }
}
