//! The control plane: channels, keys, tokens, caches, settings, accounts and the audit by JSON over HTTP, at the paths and
//! with the fields of the Node program.
//! Not the data plane: nothing here is on the way of a client's request.
//!
//! A change is checked field by field, stored in one transaction, then put in force by a new snapshot.

mod access_control;
mod admin_tokens;
mod asked;
mod audit;
mod auth;
mod backup;
mod bulk;
mod caches;
mod captures;
mod cautions;
mod channels;
mod dashboard;
mod days;
mod error;
mod explain;
mod fields;
mod front;
mod import;
mod key_preview;
mod keys;
mod logs;
mod models;
mod near;
mod openapi;
mod panel;
mod passwords;
mod probes;
mod routes;
pub mod rules;
mod sessions;
mod settings;
mod shown_settings;
mod sign_in;
mod stats;
mod throttle;
pub mod token_rules;
mod token_view;
mod tokens;
mod users;
mod view;
mod visitor;

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use hyper::body::Incoming;
use jiff::tz::TimeZone;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::cache::Caches;
use crate::config::BaseUrl;
pub use crate::config::keyline;
use crate::http::{Ids, Peer, Reply};
use crate::ledger::{Ledger, Unwritten};
use crate::snapshot::Reloader;
use crate::store::{Rows, Store, StoreError};
use crate::upstream::Client;
pub use audit::shown as stored_entry;
pub use cautions::{Caution, cautions, shut_out};
pub use dashboard::Kept;
pub use days::of_token as days_of_token;
pub use front::Front;
pub use logs::{
    audit_line, client as log_client, grave as grave_outcomes, is_grave as is_grave_level,
    outcomes as log_outcomes, statuses as log_statuses,
};
pub use openapi::document;
pub use passwords::{HashError, Passwords, hash};
pub use routes::{Least, routes};
pub use token_view::{kind, new_token_shown, quota_used, stored_token};
pub use users::stored as stored_user;
pub use view::{masked, members, stored_channel, stored_key};

/// Whether a path belongs to the control plane.
#[must_use]
pub fn is_admin(path: &str) -> bool {
    let start = path.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("/admin"));
    start && matches!(path.as_bytes().get(6), None | Some(b'/'))
}

/// The control plane's long-lived parts.
#[derive(Debug)]
pub struct Admin {
    /// Where channels and keys are kept.
    pub store: Arc<Store>,
    /// Puts changes in force.
    pub reloader: Arc<Reloader>,
    /// For probes that a person asks for.
    pub client: Arc<Client>,
    /// Shown and cleared here.
    pub caches: Arc<Caches>,
    /// Of what was used and is not written yet.
    pub ledger: Arc<Ledger>,
    /// When the gateway did.
    pub started: Instant,
    /// Ids of requests.
    pub ids: Arc<Ids>,
    /// Checks who signs in.
    pub passwords: Passwords,
    /// Where a key line without an address goes: `OLLAMA_BASE_URL`, or Ollama's cloud.
    pub default_base: BaseUrl,
    /// What the dashboard has found last.
    pub attention: Kept,
    /// Held by the one who reads all lists of models anew.
    pub refreshing: Semaphore,
    /// `QUOTA_TIMEZONE`.
    pub quota_zone: TimeZone,
    /// Where clients call, if that is not where the panel is.
    pub front: Option<Front>,
}

/// How long who wants to see what was counted waits for it to be written.
const PROMPT: Duration = Duration::from_secs(1);

impl Admin {
    /// Writes down what was counted until now, so that what is shown has it. Gives what could not be written in time, or
    /// is not expected to be as nothing could the last time.
    async fn write_counts(&self) -> Option<Unwritten> {
        if self.ledger.trouble().is_none() {
            let both =
                async { tokio::join!(self.reloader.write_totals(), self.ledger.write_all(&self.store)) };
            if let Ok((Ok(()), Ok(()))) = timeout(PROMPT, both).await {
                return None;
            }
        }
        Some(self.ledger.unwritten())
    }

    /// All channels and backends with what they have done until now, be it written or not; and what was used and is not.
    async fn counted_backends(&self) -> Result<(Rows, Option<Unwritten>), StoreError> {
        let unwritten = self.write_counts().await;
        let waiting = unwritten.is_some().then(|| self.reloader.unwritten_totals());
        let mut rows = self.store.load_backends().await?;
        if let Some(waiting) = waiting {
            self.reloader.add_totals(&waiting, &mut rows);
        }
        Ok((rows, unwritten))
    }

    /// Answers one request for `/admin` or a path below it.
    pub async fn serve(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Reply {
        routes::answer(self, request, peer).await
    }

    /// Answers one that came to a port that does not serve the panel.
    pub async fn elsewhere(&self, request: Request<Incoming>) -> Reply {
        routes::elsewhere(self, request).await
    }
}
