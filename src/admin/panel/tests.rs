use http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};

use super::*;

const NOTICE: &str = include_str!("notice.html");

/// As `build.rs` writes them, with bytes that tell the coding.
static SOME: &[File] = &[
    file("assets/a-12345678.js", Some(b"br"), Some(b"gzip")),
    file("assets/b-12345678.js", None, Some(b"gzip")),
    file("robots.txt", None, None),
];

const fn file(path: &'static str, br: Option<&'static [u8]>, gzip: Option<&'static [u8]>) -> File {
    File { path, content_type: "text/javascript", tag: "0123", identity: b"identity", br, gzip }
}

fn asked(header: HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header, HeaderValue::from_str(value).unwrap())])
}

fn told(reply: &Response, header: HeaderName) -> Option<&str> {
    reply.headers().get(header).map(|value| value.to_str().unwrap())
}

#[test]
fn the_coding_is_what_the_caller_weighs_most_and_the_smaller_among_equals() {
    for (accept, of_all, of_two, of_one) in [
        ("gzip, deflate, br, zstd", "br", "gzip", "identity"),
        ("GZIP;Q=1, Br;q=1.0", "br", "gzip", "identity"),
        ("br;q=0.5, gzip", "gzip", "gzip", "identity"),
        ("br;q=0, gzip;q=0.001", "gzip", "gzip", "identity"),
        ("br ; q=0.2,gzip; q=0.1 ,identity;q=0.3", "identity", "identity", "identity"),
        ("*", "br", "gzip", "identity"),
        ("*;q=0.1, br;q=0", "gzip", "gzip", "identity"),
        ("gzip", "gzip", "gzip", "identity"),
        ("zstd", "identity", "identity", "identity"),
        ("", "identity", "identity", "identity"),
        ("br;q=high, gzip;q=2", "identity", "identity", "identity"),
        ("identity;q=0, *;q=0", "identity", "identity", "identity"),
        ("*;q=0, br", "br", "identity", "identity"),
    ] {
        for (file, best) in SOME.iter().zip([of_all, of_two, of_one]) {
            let (coding, bytes) = file.best(&asked(ACCEPT_ENCODING, accept));
            assert_eq!(bytes, best.as_bytes(), "{accept:?}: {}", file.path);
            assert_eq!(coding.unwrap_or("identity"), best, "{accept:?}: {}", file.path);
        }
    }
    assert_eq!(SOME[0].best(&HeaderMap::new()), (None, &b"identity"[..]));
}

#[test]
fn each_coding_has_a_tag_of_its_own_that_answers_for_the_copy() {
    let reply = file_reply(&SOME[0], &asked(ACCEPT_ENCODING, "br"));
    assert_eq!(told(&reply, ETAG), Some("\"0123-br\""));
    assert_eq!(told(&reply, CONTENT_ENCODING), Some("br"));
    assert_eq!(told(&reply, CONTENT_TYPE), Some("text/javascript"));
    assert_eq!(told(&file_reply(&SOME[0], &HeaderMap::new()), ETAG), Some("\"0123\""));
    for (tags, status) in [
        ("\"0123-br\"", 304),
        ("\"x\", W/\"0123-br\"", 304),
        ("*", 304),
        ("\"0123\"", 200),
        ("\"0123-gzip\"", 200),
        ("0123-br", 200),
        ("", 200),
    ] {
        let mut both = asked(ACCEPT_ENCODING, "br");
        both.insert(IF_NONE_MATCH, HeaderValue::from_str(tags).unwrap());
        let reply = file_reply(&SOME[0], &both);
        assert_eq!(reply.status(), status, "{tags}");
        assert_eq!(told(&reply, ETAG), Some("\"0123-br\""), "{tags}");
        assert_eq!(told(&reply, VARY), Some("accept-encoding"), "{tags}");
        assert_eq!(told(&reply, CONTENT_TYPE).is_some(), status == 200, "{tags}");
    }
}

#[test]
fn only_names_with_a_hash_are_kept_unasked() {
    let kept = |file| told(&file_reply(file, &HeaderMap::new()), CACHE_CONTROL).map(str::to_owned);
    assert_eq!(kept(&SOME[0]).as_deref(), Some("public, max-age=31536000, immutable"));
    assert_eq!(kept(&SOME[2]).as_deref(), Some("no-cache"));
}

#[test]
fn files_are_found_by_their_whole_name() {
    for file in SOME {
        assert_eq!(find(SOME, file.path).map(|found| found.path), Some(file.path));
    }
    for name in ["", "assets", "assets/", "assets/a-12345678", "ASSETS/a-12345678.js", "assets/../robots.txt"]
    {
        assert!(find(SOME, name).is_none(), "{name}");
    }
    assert!(FILES.is_sorted_by(|a, b| a.path < b.path), "build.rs writes what binary search reads");
}

#[test]
fn the_notice_says_in_both_languages_how_to_build_the_panel() {
    let reply = page_reply(NOTICE, 7, None);
    let policy = told(&reply, header::CONTENT_SECURITY_POLICY).unwrap();
    assert!(policy.contains("'nonce-00000000000000000000000000000007'"), "{policy}");
    assert_eq!(NOTICE.matches("PANEL=required cargo build --release").count(), 2);
    assert!(NOTICE.contains("管理面板") && NOTICE.contains("was not built") && NOTICE.contains(NONCE));
    assert!(["<script", "<style", "style="].iter().all(|inline| !NOTICE.contains(inline)));
}

#[test]
fn a_page_is_for_those_who_take_pages() {
    for (accept, takes) in [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
        ("*/*", true),
        ("TEXT/HTML;level=1;q=0.4", true),
        ("text/*", true),
        ("application/json", false),
        ("image/avif,image/webp,image/*;q=0.8", false),
        ("text/html;q=0", false),
    ] {
        assert_eq!(takes_page(&asked(ACCEPT, accept)), takes, "{accept}");
    }
    assert!(takes_page(&HeaderMap::new()));
}
