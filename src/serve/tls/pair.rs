//! A certificate with its key, as two files hold them.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};

use super::der;

/// Two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Why a pair cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {why}", .file.display())]
pub struct BadPair {
    /// Whether it is the file of the key.
    pub is_key: bool,
    pub file: PathBuf,
    /// Follows the name of the file.
    pub why: String,
}

/// A certificate that can be served.
pub(super) struct Pair {
    pub(super) key: CertifiedKey,
    /// When the certificate itself ends: what follows it may be there for old clients only.
    pub(super) end: Timestamp,
    /// SHA-256 of it, in hexadecimal.
    pub(super) fingerprint: String,
    /// The same of all that is sent.
    pub(super) digest: [u8; 32],
}

/// Tells whether files have changed: times, sizes and numbers of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp([Option<(SystemTime, u64, u64)>; 2]);

impl Files {
    pub(super) fn stamp(&self) -> Stamp {
        use std::os::unix::fs::MetadataExt as _;
        // Links are followed: programs that renew certificates often only turn one.
        let of = |path: &Path| {
            let file = std::fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len(), file.ino()))
        };
        Stamp([of(&self.certificate), of(&self.key)])
    }

    /// Reads both, and sees that they belong together.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn read(&self) -> Result<Pair, BadPair> {
        let wrong = |is_key, why: String| {
            let file = if is_key { &self.key } else { &self.certificate };
            BadPair { is_key, file: file.clone(), why }
        };
        let chain = chain(&self.certificate).map_err(|why| wrong(false, why))?;
        let key = key(&self.key).map_err(|why| wrong(true, why))?;
        let first = &chain[0];
        let end =
            der::end(first).ok_or_else(|| wrong(false, "holds a certificate without an end".to_owned()))?;
        let fingerprint = fingerprint(first);
        let digest = chain.iter().fold(Sha256::new(), |sum, part| sum.chain_update(part)).finalize().into();
        let key = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                wrong(true, format!("is not the key of the certificate in {}", self.certificate.display()))
            }
            rustls::Error::InvalidCertificate(_) => wrong(false, format!("cannot be used: {error}")),
            _ => wrong(true, format!("cannot be used: {error}")),
        })?;
        Ok(Pair { key, end, fingerprint, digest })
    }

    /// Sees whether they can be used.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub fn check(&self) -> Result<(), BadPair> {
        self.read().map(drop)
    }
}

impl Pair {
    /// TLS 1.2 and 1.3 with this certificate. Sessions are resumed within it only: a client that resumes one gets no
    /// certificate, and would go on with the old one.
    pub(super) fn into_config(self) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.key)));
        config.alpn_protocols = vec![super::HTTP2.to_vec(), b"http/1.1".to_vec()];
        config.ticketer = Ticketer::new()?;
        Ok(config)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "is no file".to_owned(),
        io::ErrorKind::PermissionDenied => {
            let user = rustix::process::geteuid().as_raw();
            format!("cannot be read: {error}; it must be readable for the user {user}, who runs the gateway")
        }
        _ => format!("cannot be read: {error}"),
    })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let chain: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err("holds no certificate in PEM form".to_owned()),
        Ok(chain) => Ok(chain),
        // The error would quote bytes.
        Err(_) => Err("holds a certificate that is cut or damaged".to_owned()),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        // The older form has headers within it, which make it damaged.
        Err(_) if text.windows(9).any(|part| part == b"ENCRYPTED") => {
            Err("is encrypted: `openssl pkey` writes it without a password".to_owned())
        }
        Err(PemError::NoItemsFound) => Err("holds no private key in PEM form".to_owned()),
        Err(_) => Err("holds a private key that is cut or damaged".to_owned()),
    }
}

fn fingerprint(certificate: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(certificate) {
        let colon = if text.is_empty() { "" } else { ":" };
        write!(text, "{colon}{byte:02X}").expect("a String takes any text");
    }
    text
}
