//! Where clients call when the panel has a port of its own (`ADMIN_LISTEN`): the panel shows that, and asks there itself.

use std::net::SocketAddr;

use http::uri::Authority;

use crate::config::local;

/// The port for clients.
#[derive(Debug, Clone, Copy)]
pub struct Front {
    pub addr: SocketAddr,
    pub is_tls: bool,
}

impl Front {
    /// As it is reached by who has called the panel as `host`: an address that means all of this machine's goes by
    /// that name.
    pub(super) fn url(self, host: Option<&str>) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let port = self.addr.port();
        let name = || {
            let authority = host?.parse::<Authority>().ok()?;
            // It becomes part of a policy, which other characters would change.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
            Some(authority.host().to_owned()).filter(|host| host.bytes().all(is_plain))
        };
        match name().filter(|_| self.addr.ip().is_unspecified()) {
            Some(name) => format!("{scheme}://{name}:{port}"),
            None => format!("{scheme}://{}", SocketAddr::new(local(self.addr.ip()), port)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Front;

    #[test]
    fn the_address_is_one_that_the_caller_can_open() {
        let url = |addr: &str, is_tls, host| Front { addr: addr.parse().unwrap(), is_tls }.url(host);
        assert_eq!(url("10.0.0.5:3000", false, Some("gw:3001")), "http://10.0.0.5:3000");
        assert_eq!(url("0.0.0.0:3000", true, Some("gw:3001")), "https://gw:3000");
        assert_eq!(url("[::]:3000", true, Some("[fd00::1]:3001")), "https://[fd00::1]:3000");
        assert_eq!(url("0.0.0.0:3000", true, None), "https://127.0.0.1:3000");
        assert_eq!(url("[::]:3000", false, Some("x;script-src")), "http://[::1]:3000");
    }
}
