//! One credential on one address, with its live state.

use std::sync::Arc;

use super::health::Breaker;
use super::host::Host;
use crate::config::BaseUrl;
use crate::http::Failure;

/// What requests are sent to. Its state outlives every snapshot. What each request reads comes first.
#[derive(Debug)]
#[repr(C)]
pub struct Backend {
    /// Its address.
    pub host: Arc<Host>,
    /// Whether it is well.
    pub breaker: Breaker,
    credential: Credential,
    /// As in the database; `implicit` without one.
    pub id: String,
}

/// A credential; empty = none.
struct Credential(Box<str>);

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl AsRef<Breaker> for Backend {
    fn as_ref(&self) -> &Breaker {
        &self.breaker
    }
}

impl Backend {
    /// A backend that was not spoken to yet. An empty credential sends none.
    #[must_use]
    pub fn new(id: &str, host: Arc<Host>, credential: &str, breaker: Breaker) -> Self {
        Backend { id: id.to_owned(), host, breaker, credential: Credential(credential.into()) }
    }

    /// Whether it is the same place with the same credential, so that its state may be kept.
    #[must_use]
    pub fn is_at(&self, base: &BaseUrl, credential: &str) -> bool {
        self.host.base == *base && *self.credential.0 == *credential
    }

    /// Takes the credential out of what the upstream said: it may repeat it.
    pub fn redact(&self, failure: &mut Failure) {
        const REMOVED: &str = "[removed]";
        let secret = &*self.credential.0;
        if secret.is_empty() {
            return;
        }
        if failure.error.message.contains(secret) {
            failure.error.message = failure.error.message.replace(secret, REMOVED);
        }
        let hidden = failure.cause().filter(|cause| cause.contains(secret));
        if let Some(hidden) = hidden.map(|cause| cause.replace(secret, REMOVED)) {
            failure.aside.get_or_insert_default().cause = Some(hidden.into());
        }
    }

    /// What its `Authorization: Bearer` carries, if it has a credential that a header can carry.
    pub(super) fn bearer(&self) -> Option<&str> {
        let is_visible = |byte: u8| byte == b' ' || byte == b'\t' || !byte.is_ascii_control();
        Some(&*self.credential.0).filter(|text| !text.is_empty() && text.bytes().all(is_visible))
    }
}
