//! Certificates of a test's own, and clients that believe them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ollama2openai::fake::Fake;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::http::Connection;
use super::wait::within;

/// A certificate for this machine, and its key, as files hold them.
#[derive(Clone)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Identity {
    /// One that is good for a year.
    pub fn new() -> Identity {
        Identity::ending(Timestamp::now() + SignedDuration::from_hours(365 * 24))
    }

    /// One that ends on the day of a time, at its beginning.
    pub fn ending(end: Timestamp) -> Identity {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let day = end.to_zoned(jiff::tz::TimeZone::UTC).date();
        params.not_after =
            rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }

    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }
}

/// Two files in a folder, as `TLS_CERT` and `TLS_KEY` name them.
pub struct Pair {
    folder: tempfile::TempDir,
}

impl Pair {
    pub fn new(identity: &Identity) -> Pair {
        let pair = Pair { folder: tempfile::tempdir().unwrap() };
        pair.put(identity);
        pair
    }

    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Writes another one over what is there.
    pub fn put(&self, identity: &Identity) {
        std::fs::write(self.certificate(), &identity.certificate).unwrap();
        std::fs::write(self.key(), &identity.key).unwrap();
    }

    /// The variables of a gateway with this pair.
    pub fn env(&self, fake: &Fake, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let url = fake.url();
        let more = [more, &[("OLLAMA_BASE_URL", url.as_str())]].concat();
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let files = [("TLS_CERT", self.certificate()), ("TLS_KEY", self.key())];
        files.map(|(name, file)| (name.to_owned(), path(&file))).into_iter().chain(more).collect()
    }
}

/// A client that believes these certificates only, and offers these protocols.
pub fn trusting(certificates: &[CertificateDer<'static>], alpn: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    certificates.iter().for_each(|certificate| roots.add(certificate.clone()).unwrap());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// Begins TLS with the gateway at an address, as `localhost`.
pub async fn shake_hands(
    connector: &TlsConnector,
    addr: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = within("to connect", TcpStream::connect(addr)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    within("the end of the handshake", connector.connect(name, stream)).await
}

/// The certificate that was shown.
pub fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().expect("it has shown one")[0].clone()
}

/// A connection of HTTP/1.1 over TLS.
pub async fn connect(connector: &TlsConnector, addr: SocketAddr) -> Connection {
    Connection::over(shake_hands(connector, addr).await.expect("TLS begins"))
}
