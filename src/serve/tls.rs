//! TLS on the TCP ports: one certificate, exchanged while connections run.
//!
//! Its files are looked at every second. What cannot be used as a whole changes nothing: the log says so once, and the
//! next look tries again.

mod der;
mod own;
mod pair;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::config::{Config, Tls};
use crate::telemetry::metrics::Metrics;
use own::Own;
use pair::Stamp;

pub use pair::{BadPair, Files};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// What ALPN calls HTTP/2.
pub(super) const HTTP2: &[u8] = b"h2";

/// The certificate that is served.
#[derive(Debug)]
pub struct Certificate {
    source: Source,
    active: ArcSwap<Active>,
    metrics: Arc<Metrics>,
}

#[derive(Debug)]
enum Source {
    Given(Files),
    Own(Own),
}

/// A certificate that can be served, as its files hold it.
#[derive(Debug)]
pub struct Active {
    config: Arc<ServerConfig>,
    fingerprint: String,
    digest: [u8; 32],
    end: Timestamp,
}

impl Certificate {
    /// The one that is configured, if there is one. One of our own is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(config: &Config, metrics: Arc<Metrics>) -> anyhow::Result<Option<Arc<Certificate>>> {
        let source = match &config.listen.tls {
            None => return Ok(None),
            Some(Tls::Files { certificate, key }) => {
                Source::Given(Files { certificate: certificate.clone(), key: key.clone() })
            }
            Some(Tls::SelfSigned) => Source::Own(Own::new(&config.data_dir, config.listen.host)),
        };
        let active = ArcSwap::from_pointee(source.read()?);
        let certificate = Certificate { source, active, metrics };
        certificate.tell();
        Ok(Some(Arc::new(certificate)))
    }

    /// What begins TLS on a new connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.active.load().config).into()
    }

    /// SHA-256 of the certificate, in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.active.load().fingerprint.clone()
    }

    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.active.load().end
    }

    /// The file of the one that the gateway made itself.
    #[must_use]
    pub fn self_signed(&self) -> Option<PathBuf> {
        match &self.source {
            Source::Given(_) => None,
            Source::Own(own) => Some(own.files().certificate),
        }
    }

    /// Reads the files again; says whether there is another certificate now. New connections get it, those that run
    /// keep theirs.
    ///
    /// # Errors
    /// When it cannot be used: the old one stays.
    pub fn reload(&self) -> anyhow::Result<bool> {
        Ok(self.serve(self.read()?))
    }

    /// Reads the files again, for [`Certificate::serve`].
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn read(&self) -> anyhow::Result<Active> {
        self.source.read()
    }

    /// Serves what was read; says whether it is another certificate.
    pub fn serve(&self, fresh: Active) -> bool {
        let is_new = fresh.digest != self.active.load().digest;
        // With the same certificate clients go on to resume sessions.
        if is_new {
            tracing::info!(fingerprint = fresh.fingerprint, end = %fresh.end, "another certificate is served");
            self.active.store(Arc::new(fresh));
            self.tell();
        }
        is_new
    }

    /// Serves what the files hold, whenever that changes, until it is dropped.
    pub async fn watch(self: Arc<Self>) {
        // The first look reads in any case: they may have changed since they were read.
        let (mut seen, mut failed) = (None, None);
        loop {
            tokio::time::sleep(LOOK).await;
            let stamp = Some(self.source.stamp());
            let is_due = self.self_signed().is_some() && own::is_due(self.end());
            if stamp == seen && failed.is_none() && !is_due {
                continue;
            }
            seen = stamp;
            let this = Arc::clone(&self);
            let read = tokio::task::spawn_blocking(move || this.reload());
            match read.await.unwrap_or_else(|error| Err(error.into())) {
                Ok(_) => failed = None,
                Err(error) => {
                    let why = format!("{error:#}");
                    if failed.as_ref() != Some(&why) {
                        tracing::error!("{why}; the certificate in use stays");
                    }
                    failed = Some(why);
                }
            }
        }
    }

    fn tell(&self) {
        self.metrics.certificate_end.set(self.end().as_second());
    }
}

impl Source {
    fn stamp(&self) -> Stamp {
        match self {
            Source::Given(files) => files.stamp(),
            Source::Own(own) => own.files().stamp(),
        }
    }

    fn read(&self) -> anyhow::Result<Active> {
        let pair = match self {
            Source::Given(files) => files.read()?,
            Source::Own(own) => own.pair()?,
        };
        let (end, digest, fingerprint) = (pair.end, pair.digest, pair.fingerprint.clone());
        let config = pair.into_config().context("TLS cannot be set up")?;
        Ok(Active { config: Arc::new(config), fingerprint, digest, end })
    }
}
