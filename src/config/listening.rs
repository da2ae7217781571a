//! Where and how the server listens, and whether those settings go together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::layer::Origin;
use super::load::Loaded;
use super::problem::Problem;
use super::setting;

/// Where and how the server listens.
#[derive(Debug, Clone)]
pub struct Listen {
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`; 0 lets the system choose one.
    pub port: u16,
    /// `ADMIN_LISTEN`: what alone serves `/admin`.
    pub admin: Option<SocketAddr>,
    /// `UNIX_SOCKET`.
    pub unix: Option<PathBuf>,
    /// `REUSE_PORT`.
    pub reuse_port: bool,
    /// With which certificate the TCP ports speak TLS, if they do.
    pub tls: Option<Tls>,
    /// `MAX_CONNECTIONS`: open client connections at once.
    pub max_connections: usize,
    /// `HEADER_TIMEOUT`: for a request head to arrive, and for an idle kept-alive connection.
    pub header_timeout: Duration,
    /// `DRAIN_TIMEOUT`: how long requests may still run after a stop was asked for.
    pub drain_timeout: Duration,
    /// `SHUTDOWN_GRACE`: how long connections are still taken before that.
    pub shutdown_grace: Duration,
    /// `MAX_BODY_BYTES`: of one request body, unpacked.
    pub max_body_bytes: usize,
}

/// Where a machine reaches what listens at `host` there: "all addresses" is none that can be called.
#[must_use]
pub fn local(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        one => one,
    }
}

impl Listen {
    /// The grace, and how long requests may still run after it.
    #[must_use]
    pub fn times_of_a_stop(&self) -> (Duration, Duration) {
        (self.shutdown_grace, self.drain_timeout)
    }
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// `TLS_CERT` and `TLS_KEY`.
    Files { certificate: PathBuf, key: PathBuf },
    /// `TLS_SELF_SIGNED`.
    SelfSigned,
}

/// What is wrong with several settings at once: the name of the one to change, and the words that follow it.
pub(super) fn conflicts(loaded: &Loaded) -> Vec<Problem> {
    let row = |name| loaded.origins.iter().find(|row| row.name == name).expect("every setting has a row");
    let is_set = |name| !row(name).value.is_empty();
    let mut wrong = Vec::new();
    for (one, other) in [("TLS_CERT", "TLS_KEY"), ("TLS_KEY", "TLS_CERT")] {
        if is_set(one) && !is_set(other) {
            wrong.push(loaded.mistake(one, format!("is set, and {other} is not: TLS needs both")));
        }
    }
    let is_self_signed =
        setting("TLS_SELF_SIGNED").is_some_and(|setting| setting.is_same(&row(setting.name).value, "true"));
    if is_self_signed && is_set("TLS_CERT") {
        let message = "is on, and TLS_CERT too; only one of the two can be".to_owned();
        wrong.push(loaded.mistake("TLS_SELF_SIGNED", message));
    }
    let listen = &loaded.config.listen;
    if let Some(admin) = listen.admin
        && admin.port() != 0
        && admin.port() == listen.port
        && (admin.ip() == listen.host || admin.ip().is_unspecified() || listen.host.is_unspecified())
    {
        let message = format!("is taken by HOST and PORT, which are {}:{}", listen.host, listen.port);
        wrong.push(loaded.mistake("ADMIN_LISTEN", message));
    }
    wrong
}

impl Loaded {
    /// A mistake in a setting of the table that is found where its value is used.
    #[must_use]
    pub fn mistake(&self, name: &'static str, message: String) -> Problem {
        let origin = self.places.get(name).cloned().unwrap_or(Origin::Default);
        Problem { name: origin.spelling(name), origin, value: None, message }
    }
}
