use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderValue, Request};
use proptest::prelude::*;

use super::{Caller, caller};
use crate::config::TrustProxy;

type Headers<'t> = &'t [(&'static str, &'t str)];

fn request(headers: Headers<'_>) -> Request<()> {
    let mut request = Request::new(());
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

fn asks(trust: &str, peer: &str, headers: Headers<'_>) -> Caller {
    let peer = SocketAddr::new(peer.parse().unwrap(), 40_000);
    caller(&request(headers), peer, &trust.parse().unwrap())
}

#[track_caller]
fn comes_from(trust: &str, peer: &str, headers: Headers<'_>, address: &str) {
    assert_eq!(asks(trust, peer, headers).address.to_string(), address, "{trust} {peer} {headers:?}");
}

const XFF: &str = "x-forwarded-for";

#[test]
fn nobody_is_believed_unless_told_so() {
    comes_from("false", "203.0.113.1", &[(XFF, "1.1.1.1")], "203.0.113.1");
    comes_from("false", "::ffff:203.0.113.1", &[("forwarded", "for=1.1.1.1")], "203.0.113.1");
    comes_from("10.0.0.0/8", "203.0.113.1", &[(XFF, "1.1.1.1")], "203.0.113.1");
}

#[test]
fn hops_are_counted_from_the_end() {
    let forged: Headers<'_> = &[(XFF, "6.6.6.6, 1.1.1.1, 10.0.0.2")];
    comes_from("true", "10.0.0.1", forged, "10.0.0.2");
    comes_from("1", "10.0.0.1", forged, "10.0.0.2");
    comes_from("2", "10.0.0.1", forged, "1.1.1.1");
    comes_from("9", "10.0.0.1", forged, "6.6.6.6");
    comes_from("2", "10.0.0.1", &[(XFF, "1.1.1.1")], "1.1.1.1");
    comes_from("2", "10.0.0.1", &[], "10.0.0.1");
}

#[test]
fn the_last_address_that_is_no_proxy() {
    let trust = "loopback, 10.0.0.0/8, 2001:db8::/64";
    comes_from(trust, "10.0.0.1", &[(XFF, "6.6.6.6, 1.1.1.1, 10.0.0.2,127.0.0.1")], "1.1.1.1");
    comes_from(trust, "::ffff:10.0.0.1", &[(XFF, "::ffff:1.1.1.1, ::ffff:10.0.0.9")], "1.1.1.1");
    comes_from(trust, "2001:db8::1", &[(XFF, "2001:db8:1::5, 2001:db8::2")], "2001:db8:1::5");
    comes_from(trust, "10.0.0.1", &[(XFF, "10.0.0.4, 10.0.0.3")], "10.0.0.4");
    comes_from(trust, "10.0.0.1", &[(XFF, "")], "10.0.0.1");
}

#[test]
fn what_cannot_be_read_ends_the_walk() {
    for garbage in
        ["unknown", "_hidden", "1.1.1", "1.1.1.1.1", "fe80::1%eth0", "\"", "for=1.1.1.1", "1.1.1.1:x", "é"]
    {
        let list = format!("6.6.6.6, {garbage}, 10.0.0.2");
        comes_from("10.0.0.0/8", "10.0.0.1", &[(XFF, &list)], "10.0.0.2");
        comes_from("5", "10.0.0.1", &[(XFF, "6.6.6.6"), (XFF, garbage), (XFF, "10.0.0.2")], "10.0.0.2");
        comes_from("5", "10.0.0.1", &[(XFF, "6.6.6.6"), (XFF, garbage)], "10.0.0.1");
    }
}

#[test]
fn lines_are_one_list_and_ports_do_not_count() {
    comes_from("10.0.0.0/8", "10.0.0.1", &[(XFF, "6.6.6.6"), (XFF, "1.1.1.1 , ,10.0.0.3")], "1.1.1.1");
    comes_from("10.0.0.0/8", "10.0.0.1", &[(XFF, "6.6.6.6, 1.1.1.1"), (XFF, "10.0.0.3:81")], "1.1.1.1");
    comes_from("1", "10.0.0.1", &[(XFF, "[2001:db8::5]:4711")], "2001:db8::5");
    comes_from("1", "10.0.0.1", &[(XFF, "[2001:db8::5]")], "2001:db8::5");
}

#[test]
fn forwarded_is_read_where_there_is_no_older_header() {
    let forwarded =
        r#"for=6.6.6.6, For="[2001:db8::5]:4711";proto=https;by=10.0.0.9, proto=http;FOR=10.0.0.3"#;
    comes_from("10.0.0.0/8", "10.0.0.1", &[("forwarded", forwarded)], "2001:db8::5");
    comes_from("10.0.0.0/8", "10.0.0.1", &[("forwarded", "for=6.6.6.6, proto=https")], "10.0.0.1");
    comes_from("1", "10.0.0.1", &[("forwarded", "for=6.6.6.6"), (XFF, "1.1.1.1")], "1.1.1.1");
    let swallowing: Headers<'_> = &[("forwarded", r#"for="6.6.6.6"#), ("forwarded", r#"for="1.1.1.1""#)];
    comes_from("1", "10.0.0.1", swallowing, "1.1.1.1");
    comes_from("1", "10.0.0.1", &[("forwarded", r#"for="6.6.6.6, for=1.1.1.1"#)], "1.1.1.1");
}

#[test]
fn loopback_needs_a_local_head_or_the_word_of_a_proxy() {
    let is_loopback = |trust, headers: Headers<'_>| asks(trust, "127.0.0.1", headers).is_loopback;
    let local = ("host", "localhost:3000");
    for trust in ["false", "true", "loopback"] {
        assert!(is_loopback(trust, &[local]), "{trust}");
        assert!(!is_loopback(trust, &[("host", "gateway.test")]), "{trust}: a bare proxy, or a rebound name");
        assert!(!is_loopback(trust, &[local, ("origin", "https://evil.test")]), "{trust}");
        assert!(!is_loopback(trust, &[local, (XFF, "203.0.113.1")]), "{trust}");
        assert!(!is_loopback(trust, &[local, (XFF, "unknown")]), "{trust}: garbage is no local client");
        assert!(!is_loopback(trust, &[local, (XFF, "127.0.0.1, 203.0.113.1")]), "{trust}: forged");
    }
    assert!(!is_loopback("false", &[local, (XFF, "127.0.0.1")]));
    assert!(is_loopback("true", &[("host", "gateway.test"), (XFF, "127.0.0.1")]));
    assert!(!asks("true", "203.0.113.9", &[local]).is_loopback);
}

#[test]
fn the_uri_may_name_the_host_as_well() {
    let peer = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 40_000);
    let is_loopback = |uri: &str, headers: Headers<'_>| {
        let mut request = request(headers);
        *request.uri_mut() = uri.parse().unwrap();
        caller(&request, peer, &TrustProxy::Off).is_loopback
    };
    assert!(is_loopback("http://127.0.0.1:3000/v1", &[]), "as HTTP/2 has it");
    assert!(is_loopback("http://127.0.0.1:3000/v1", &[("host", "localhost")]));
    assert!(!is_loopback("http://rebound.test/v1", &[]));
    assert!(!is_loopback("http://rebound.test/v1", &[("host", "localhost")]));
    assert!(!is_loopback("http://localhost/v1", &[("host", "rebound.test")]));
    assert!(!is_loopback("/v1", &[]));
}

proptest! {
    /// Whatever a client writes in front: before what proxies wrote, on the same line or not, it changes nothing.
    #[test]
    fn what_a_client_writes_is_never_believed(
        written in prop::collection::vec(any::<Vec<u8>>(), 0..4),
        older in any::<bool>(),
        same_line in any::<bool>(),
    ) {
        let (name, proxies) = match older {
            true => (XFF, "203.0.113.1, 10.0.0.2"),
            false => ("forwarded", "for=203.0.113.1, for=10.0.0.2"),
        };
        let mut lines: Vec<Vec<u8>> = written;
        match lines.last_mut().filter(|_| same_line) {
            Some(last) => last.extend_from_slice(format!(",{proxies}").as_bytes()),
            None => lines.push(proxies.into()),
        }
        let mut request = Request::new(());
        for mut line in lines {
            line.retain(|byte| *byte >= b' ' && *byte != 0x7f);
            request.headers_mut().append(name, HeaderValue::from_bytes(&line).unwrap());
        }
        let peer = SocketAddr::new(Ipv4Addr::new(10, 0, 0, 1).into(), 1);
        for trust in ["2", "uniquelocal"] {
            let found = caller(&request, peer, &trust.parse::<TrustProxy>().unwrap());
            prop_assert_eq!(found.address, IpAddr::from([203, 0, 113, 1]));
            prop_assert!(!found.is_loopback);
        }
    }
}
