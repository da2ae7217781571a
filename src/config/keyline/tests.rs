use proptest::prelude::*;

use super::{KeyLine, LineError, display_name, mask, parse_lines};
use crate::config::BaseUrl;

const LONG: &str = "abcdefghij0123456789";

fn base(text: &str) -> BaseUrl {
    text.parse().unwrap()
}

fn parse(text: &str) -> Vec<Result<KeyLine, LineError>> {
    parse_lines(text, &base("https://ollama.com/api"))
}

/// Line, base and key of each piece.
fn good(text: &str) -> Vec<(usize, String, String)> {
    let lines = parse(text).into_iter().map(|line| line.unwrap());
    lines.map(|line| (line.line, line.base.to_string(), line.key.expose().to_owned())).collect()
}

fn one(text: &str) -> (String, String) {
    let [(_, base, key)] = good(text).try_into().unwrap();
    (base, key)
}

fn bad(text: &str) -> LineError {
    let lines = parse(text);
    assert_eq!(lines.len(), 1, "{text}");
    lines.into_iter().next().unwrap().expect_err(text)
}

#[test]
fn all_forms_are_read() {
    let long_url = format!("http://gpu:11434/{LONG}");
    let long_after_prefix = format!("https://h.example/team/{LONG}/");
    for (text, address, key) in [
        ("http://gpu:11434|sk-1", "http://gpu:11434", "sk-1"),
        ("http://gpu:11434/api/|sk-1", "http://gpu:11434", "sk-1"),
        ("http://gpu:11434|a|b#c", "http://gpu:11434", "a|b#c"),
        ("http://gpu:11434|", "http://gpu:11434", ""),
        ("HTTPS://gpu | sk-1 ", "https://gpu", "sk-1"),
        ("sk-1|http://gpu:11434/api", "http://gpu:11434", "sk-1"),
        ("httpkey|http://gpu:11434", "http://gpu:11434", "httpkey"),
        ("|http://gpu:11434", "http://gpu:11434", ""),
        ("http://gpu:11434#sk-1", "http://gpu:11434", "sk-1"),
        (&long_url, "http://gpu:11434", LONG),
        (&long_after_prefix, "https://h.example/team", LONG),
        ("https://ollama.com/api", "https://ollama.com", ""),
        (LONG, "https://ollama.com", LONG),
        ("sk-1", "https://ollama.com", "sk-1"),
        ("http-like-key", "https://ollama.com", "http-like-key"),
    ] {
        assert_eq!(one(text), (address.to_owned(), key.to_owned()), "{text}");
    }
}

#[test]
fn an_address_without_its_scheme_is_no_key() {
    for (text, address) in [
        ("192.168.1.9:11434", "http://192.168.1.9:11434"),
        ("192.168.1.9", "http://192.168.1.9"),
        ("gpu-2.lab:11434/api", "http://gpu-2.lab:11434"),
        ("LOCALHOST", "http://localhost"),
        ("[::1]:11434", "http://[::1]:11434"),
    ] {
        let (base, key) = one(text);
        assert_eq!((base.to_ascii_lowercase().as_str(), key.as_str()), (address, ""), "{text}");
    }
    assert_eq!(one("gpu:11434|sk-1"), ("http://gpu:11434".to_owned(), "sk-1".to_owned()));
    assert_eq!(one("sk-1|gpu:11434"), ("http://gpu:11434".to_owned(), "sk-1".to_owned()));
    for text in ["ftp://gpu", "http:/gpu:11434", "http//gpu:11434", "HTTPS:gpu", ":11434", "gpu:99999"] {
        assert!(bad(text).reason.starts_with("the address"), "{text}");
    }
}

#[test]
fn traps_of_the_old_program_are_gone() {
    for (text, address, key) in [
        ("http://gpu:11434", "http://gpu:11434", ""),
        ("http://gpu:11434/", "http://gpu:11434", ""),
        ("https://my-ollama.example.com", "https://my-ollama.example.com", ""),
        ("https://my-ollama.example.com/", "https://my-ollama.example.com", ""),
        ("https://h.example/sk-short", "https://h.example", "sk-short"),
        ("https://h.example/prefix", "https://h.example/prefix", ""),
        ("https://h.example/v1", "https://h.example", ""),
    ] {
        assert_eq!(one(text), (address.to_owned(), key.to_owned()), "{text}");
    }
    assert_eq!(good("# one, sk-stray; another\n"), []);
}

#[test]
fn a_text_is_cut_at_line_ends_commas_and_semicolons() {
    let text = "\u{feff}\n sk-1 , http://a|k2;;#sk-x\r\n\t# sk-3, sk-4\n,\nsk-5";
    let expected =
        [(2, "https://ollama.com", "sk-1"), (2, "http://a", "k2"), (5, "https://ollama.com", "sk-5")];
    let expected = expected.map(|(line, base, key)| (line, base.to_owned(), key.to_owned()));
    assert_eq!(good(text), expected);
    assert_eq!(good(""), []);
}

#[test]
fn good_lines_are_taken_beside_bad_ones() {
    let text: String = (1..=10_000)
        .map(|n| if n % 10 == 0 { format!("http://|key-{n}\n") } else { format!("http://h{n}|key-{n}\n") })
        .collect();
    let (taken, listed): (Vec<_>, Vec<_>) = parse(&text).into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), listed.len()), (9000, 1000));
    let listed: Vec<_> = listed.into_iter().map(|error| error.unwrap_err().line).collect();
    assert_eq!(listed, (1..=1000).map(|n| n * 10).collect::<Vec<_>>());
}

#[test]
fn what_is_wrong_is_told_without_the_secret() {
    for (text, input, reason) in [
        (
            "http://gpu:99999|sk-1234567890abcdef",
            "http://gpu:99999|sk-123***cdef",
            "the address has a port that is not 1 to 65535",
        ),
        (
            "https://me:secret@gpu|sk-1234",
            "https://***|sk***",
            "the address holds a user name or password; a key belongs to its own setting",
        ),
        (
            "sk-1234567890abcdef|gpu",
            "sk-123***cdef|***",
            "the address does not begin with http:// or https://",
        ),
        ("sk-1234567890abcdef|", "sk-123***cdef|***", "the address does not begin with http:// or https://"),
        ("http://gpu # my gpu", "http://gpu|my***", "the key holds a blank"),
        ("clé-du-serveur-1", "clé-du***ur-1", "the key holds a character that is not visible ASCII"),
        (
            "http://gpu/?key=secret",
            "http://gpu",
            "the address has a query (`?`), which a base URL cannot have",
        ),
    ] {
        let error = bad(text);
        assert_eq!((error.line, error.input.as_str(), error.reason.as_str()), (1, input, reason), "{text}");
    }
    assert_eq!(bad("a b").to_string(), "line 1: ***: the key holds a blank");
}

#[test]
fn masks_show_the_ends_of_long_secrets_only() {
    for (secret, masked) in [
        ("", "(empty)"),
        ("abcd", "***"),
        ("abcde", "ab***"),
        ("abcdefghij", "ab***"),
        ("abcdefghijk", "abcdef***hijk"),
        ("sk-demo-1234567890abcdef", "sk-dem***cdef"),
        ("ключ-для-сервера", "ключ-д***вера"),
    ] {
        assert_eq!(mask(secret), masked);
    }
    let base = base("http://gpu:11434/x");
    for (secret, name) in [("", "gpu:11434"), ("abcdefghi", "gpu:11434"), ("0123456789abcdef", "0123...cdef")]
    {
        assert_eq!(display_name(&base, secret), name);
    }
}

proptest! {
    #[test]
    fn no_secret_is_shown_whole(
        secret in "[A-Z0-9]{1,40}", form in 0usize..8, host in "[a-z]{1,8}(:[a-z]{1,3})?", extra in "[ \u{e9}]?",
    ) {
        let text = match form {
            0 => format!("http://{host}|{secret}{extra}x"),
            1 => format!("x{extra}{secret}|http://{host}"),
            2 => format!("http://{host}#{secret}{extra}x"),
            3 => format!("http://{host}/sk-{secret}{extra}x"),
            4 => format!("x{extra}{secret}"),
            5 => format!("http://u:{secret}@{host}|x"),
            6 => format!("http://{host}/?key={secret}"),
            _ => format!("{secret}|{host}"),
        };
        for line in parse(&text) {
            let shown = match &line {
                Ok(line) => {
                    let key = line.key.expose();
                    // The whole key is the secret and what stands round it.
                    prop_assert!(!mask(key).contains(&secret) || secret.len() < 5, "{}", mask(key));
                    prop_assert_ne!(mask(key), key);
                    prop_assert_ne!(display_name(&line.base, key), key);
                    format!("{line:?} {} {}", mask(&secret), display_name(&line.base, &secret))
                }
                Err(error) => {
                    prop_assert!(!error.input.contains(&text));
                    format!("{error:?}{error}")
                }
            };
            prop_assert!(!shown.contains(&secret) || secret.len() < 5, "{}", shown);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(.{0,40}[\n,;|#/]){0,6}", url in "(https?://)?.{0,20}") {
        let lines = text.lines().count();
        for line in parse(&text).into_iter().chain(parse(&format!("{url}|{text}"))) {
            let at = line.as_ref().map_or_else(|error| error.line, |line| line.line);
            prop_assert!((1..=lines + 1).contains(&at));
            if let Ok(line) = line {
                prop_assert!(line.key.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
