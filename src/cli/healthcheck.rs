//! `healthcheck`: one plain request to the gateway of the same configuration. For containers.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::config::Listen;

/// For connecting, and for each read and write.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Where a gateway with this configuration is reached from its own machine.
pub(super) fn address(listen: &Listen) -> SocketAddr {
    let host = match listen.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, listen.port)
}

/// Asks `GET /livez`; exit code 0 when the answer is 200, else 1 and one line on `err`.
pub fn healthcheck(address: SocketAddr, err: &mut dyn Write) -> ExitCode {
    let failure = match ask(address) {
        Ok(status) if status == *b"200" => return ExitCode::SUCCESS,
        Ok(status) => format!("answered with status {}", String::from_utf8_lossy(&status)),
        Err(error) => format!("did not answer: {error}"),
    };
    // Nobody is left to tell when this cannot be written.
    let _ = writeln!(err, "error: http://{address}/livez {failure}");
    ExitCode::FAILURE
}

/// The three digits of the answer's status.
fn ask(address: SocketAddr) -> io::Result<[u8; 3]> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET /livez HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    match head {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', status @ ..] => Ok(status),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer")),
    }
}
