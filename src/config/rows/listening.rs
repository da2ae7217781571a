//! Where else the server listens, and with which certificate.

use super::{Group::Server, Kind, Setting, check, row, text};

const PEM: &str = "the path of a file in PEM form";

pub(super) const ADMIN_LISTEN: Setting = row(
    "ADMIN_LISTEN",
    Server,
    text(check::LISTEN_FORM, check::listen),
    "",
    "A second address, which alone serves /admin, and nothing for clients.",
)
.at_start()
.or_else("/admin is served on PORT");

pub(super) const UNIX_SOCKET: Setting = row(
    "UNIX_SOCKET",
    Server,
    text("the path of a socket, at most 107 bytes", check::socket_path),
    "",
    "A Unix socket to listen on as well; its callers count as 127.0.0.1.",
)
.at_start()
.or_else("none");

pub(super) const REUSE_PORT: Setting = row(
    "REUSE_PORT",
    Server,
    Kind::Switch,
    "false",
    "Whether other processes of the same user may listen on the same port (SO_REUSEPORT).",
)
.at_start();

pub(super) const TLS_CERT: Setting = row(
    "TLS_CERT",
    Server,
    text(PEM, check::pem_path),
    "",
    "Certificate and what leads to its authority; read again when the file changes.",
)
.at_start()
.or_else("TCP ports speak plain HTTP");

pub(super) const TLS_KEY: Setting = row(
    "TLS_KEY",
    Server,
    text(PEM, check::pem_path),
    "",
    "Private key of the certificate in TLS_CERT, not encrypted.",
)
.at_start()
.or_else("none");

pub(super) const TLS_SELF_SIGNED: Setting = row(
    "TLS_SELF_SIGNED",
    Server,
    Kind::Switch,
    "false",
    "Whether to speak TLS with a certificate that the gateway makes itself; for trials.",
)
.at_start();
