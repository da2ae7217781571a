//! `healthcheck`: one plain request to the gateway of the same configuration, by TLS if that speaks it. For containers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use super::Command;
use crate::config::{Listen, local};

/// For connecting, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Where a gateway with this configuration is reached from its own machine.
fn address(listen: &Listen) -> SocketAddr {
    SocketAddr::new(local(listen.host), listen.port)
}

pub(super) fn command(listen: &Listen) -> Command {
    Command::Healthcheck { address: address(listen), is_tls: listen.tls.is_some() }
}

/// Asks `GET /livez`; exit code 0 when the answer is 200, else 1 and one line on `err`.
pub fn healthcheck(address: SocketAddr, is_tls: bool, err: &mut dyn Write) -> ExitCode {
    let failure = match ask(address, is_tls) {
        Ok(status) if status == *b"200" => return ExitCode::SUCCESS,
        Ok(status) => format!("answered with status {}", String::from_utf8_lossy(&status)),
        Err(error) => format!("did not answer: {error}"),
    };
    // Nobody is left to tell when this cannot be written.
    let scheme = if is_tls { "https" } else { "http" };
    let _ = writeln!(err, "error: {scheme}://{address}/livez {failure}");
    ExitCode::FAILURE
}

/// The three digits of the answer's status.
fn ask(address: SocketAddr, is_tls: bool) -> io::Result<[u8; 3]> {
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    match is_tls {
        true => ask_over(encrypted(stream, address)?, address),
        false => ask_over(stream, address),
    }
}

fn encrypted(stream: TcpStream, address: SocketAddr) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let config = builder
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let name = ServerName::IpAddress(address.ip().into());
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

fn ask_over(mut stream: impl Read + Write, address: SocketAddr) -> io::Result<[u8; 3]> {
    let request = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    match head {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', status @ ..] => Ok(status),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer")),
    }
}

/// Takes any certificate: it is asked whether the gateway lives, and nothing is told. The certificate is hardly ever for
/// the address by which a machine reaches itself.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
