//! One credential on one address, with its live state.

use std::sync::Arc;

use http::{HeaderValue, Uri};

use super::health::Breaker;
use super::host::Host;
use crate::config::BaseUrl;
use crate::http::Failure;

/// What requests are sent to. Its state outlives every snapshot.
#[derive(Debug)]
pub struct Backend {
    /// As in the database; `implicit` without one.
    pub id: String,
    /// For people and logs; never for clients, and never a whole credential.
    pub name: String,
    /// Its address.
    pub host: Arc<Host>,
    /// Whether it is well.
    pub breaker: Arc<Breaker>,
    credential: Credential,
}

/// A credential and the header that carries it.
struct Credential {
    text: String,
    header: Option<HeaderValue>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Backend {
    /// A backend that was not spoken to yet. An empty credential sends none.
    #[must_use]
    pub fn new(id: &str, name: &str, host: Arc<Host>, credential: &str, breaker: Breaker) -> Self {
        let header = (!credential.is_empty()).then(|| format!("Bearer {credential}"));
        let mut header = header.and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        let credential = Credential { text: credential.to_owned(), header };
        Backend { id: id.to_owned(), name: name.to_owned(), host, breaker: Arc::new(breaker), credential }
    }

    /// Whether it is the same place with the same credential, so that its state may be kept.
    #[must_use]
    pub fn is_at(&self, base: &BaseUrl, credential: &str) -> bool {
        self.host.base == *base && self.credential.text == credential
    }

    /// The same backend under another name; health is shared.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Self {
        let credential =
            Credential { text: self.credential.text.clone(), header: self.credential.header.clone() };
        let (host, breaker) = (Arc::clone(&self.host), Arc::clone(&self.breaker));
        Backend { id: self.id.clone(), name: name.to_owned(), host, breaker, credential }
    }

    /// Takes the credential out of what the upstream said: it may repeat it.
    pub fn redact(&self, failure: &mut Failure) {
        const REMOVED: &str = "[removed]";
        let secret = self.credential.text.as_str();
        if secret.is_empty() {
            return;
        }
        if failure.error.message.contains(secret) {
            failure.error.message = failure.error.message.replace(secret, REMOVED);
        }
        if let Some(cause) = failure.cause.take_if(|cause| cause.contains(secret)) {
            failure.cause = Some(cause.replace(secret, REMOVED).into());
        }
    }

    /// The address of a path such as `/api/chat`.
    #[must_use]
    pub fn uri(&self, path: &str) -> Uri {
        self.host.uri(path)
    }

    /// `Authorization`, if it has a credential.
    #[must_use]
    pub fn authorization(&self) -> Option<HeaderValue> {
        self.credential.header.clone()
    }
}
