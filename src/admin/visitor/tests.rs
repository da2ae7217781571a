use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::{Site, Visitor, session_cookie, site};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn a_site_is_told_by_fetch_metadata_and_else_by_origin() {
    for (pairs, expected) in [
        (&[][..], Site::Unknown),
        (&[("origin", "http://gw:3000"), ("host", "gw:3000")], Site::Own),
        (&[("origin", "https://GW"), ("host", "gw:443")], Site::Own),
        (&[("origin", "http://gw:80"), ("host", "gw")], Site::Own),
        (&[("origin", "http://gw:3001"), ("host", "gw:3000")], Site::Foreign),
        (&[("origin", "https://evil.test"), ("host", "gw")], Site::Foreign),
        (&[("origin", "https://gw.evil.test"), ("host", "gw")], Site::Foreign),
        (&[("origin", "null"), ("host", "gw")], Site::Foreign),
        (&[("origin", "http://gw")], Site::Foreign),
        (
            &[("sec-fetch-site", "same-origin"), ("origin", "https://gw"), ("host", "10.0.0.1:3000")],
            Site::Own,
        ),
        (&[("sec-fetch-site", "none")], Site::Own),
        (&[("sec-fetch-site", "same-site"), ("origin", "http://gw"), ("host", "gw")], Site::Foreign),
        (&[("sec-fetch-site", "cross-site")], Site::Foreign),
    ] {
        let headers = headers(pairs);
        let host = headers.get("host").map(|host| host.to_str().expect("a name"));
        assert_eq!(site(&headers, host, false), expected, "{pairs:?}");
    }
}

#[test]
fn under_tls_a_page_without_it_is_foreign() {
    let site = |origin| site(&headers(&[("origin", origin)]), Some("gw:3000"), true);
    assert_eq!(site("https://gw:3000"), Site::Own);
    assert_eq!(site("http://gw:3000"), Site::Foreign);
}

#[test]
fn the_cookie_fits_the_scheme() {
    let request = Request::new(());
    let caller = crate::access::Caller { address: [127, 0, 0, 1].into(), is_loopback: true };
    let mut visitor = Visitor::of(&request, caller, false, &HeaderValue::from_static("req_1"));
    let plain = "o2o_session=x; Path=/admin; Max-Age=604800; HttpOnly; SameSite=Lax";
    assert_eq!(visitor.cookie(Some("x")), plain);
    visitor.is_tls = true;
    let tls = "__Host-o2o=x; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=Lax";
    assert_eq!(visitor.cookie(Some("x")), tls);
    assert_eq!(visitor.cookie(None), tls.replace("=x;", "=;").replace("604800", "0").as_str());
}

#[test]
fn the_cookie_of_tls_counts_first() {
    let of = |text: &str| session_cookie(&headers(&[("cookie", text)])).map(str::to_owned);
    assert_eq!(of("a=b; o2o_session=plain;c=d").as_deref(), Some("plain"));
    assert_eq!(of("o2o_session=plain; __Host-o2o=tls").as_deref(), Some("tls"));
    assert_eq!(of("__Host-o2o=; o2o_session=plain").as_deref(), Some("plain"));
    assert_eq!(of("xo2o_session=plain"), None);
}
