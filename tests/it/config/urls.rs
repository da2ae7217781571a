//! Base URLs of an Ollama in all their spellings.

use ollama2openai::config::BaseUrl;
use proptest::prelude::*;

use super::{Case, env};

fn base(text: &str) -> String {
    text.parse::<BaseUrl>().map_or_else(|bad| format!("bad: {bad}"), |base| base.to_string())
}

#[test]
fn every_spelling_of_one_place_is_one_base() {
    for text in [
        "http://gpu:11434",
        "http://gpu:11434/",
        "http://gpu:11434/api",
        "http://gpu:11434/api/",
        "HTTP://GPU:11434//",
        "http://gpu:11434/v1",
        "http://gpu:11434/v1//",
        "gpu:11434",
        " gpu:11434/api ",
    ] {
        assert_eq!(base(text), "http://gpu:11434", "{text}");
    }
    for (text, expected) in [
        ("https://ollama.com/api", "https://ollama.com"),
        ("https://host/ollama/api/", "https://host/ollama"),
        ("https://host/api/v1", "https://host/api"),
        ("http://host/myapi", "http://host/myapi"),
        ("[::1]:11434", "http://[::1]:11434"),
        ("localhost", "http://localhost"),
    ] {
        assert_eq!(base(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_base_url_says_why() {
    for (text, why) in [
        ("ftp://gpu", "scheme"),
        ("unix:///run/ollama.sock", "scheme"),
        ("http://me:pw@gpu", "user name"),
        ("http://gpu/?a=b", "query"),
        ("http://gpu/#a", "fragment"),
        ("http://", "no valid host"),
        ("", "empty"),
        (":11434", "no valid host"),
        ("http://gpu:0", "port"),
        ("http://gpu:65536", "port"),
        ("gpu:http", "port"),
        ("http://[::1", "no valid host"),
        ("http://[gpu]:1", "no valid host"),
        ("::1", "brackets"),
        ("http://gpu/a/../b", "path"),
        ("http://gpu/a//b", "path"),
        ("http://g pu", "character"),
        ("http://gpu/a b", "character"),
        ("http://gpu/é", "character"),
        ("http://gpü", "character"),
        ("http://gpu:+1", "port"),
    ] {
        let said = base(text);
        assert!(said.starts_with("bad: ") && said.contains(why), "{text}: {said}");
    }
}

#[test]
fn paths_are_appended_behind_the_prefix() {
    let base: BaseUrl = "https://host:8443/ollama/api".parse().unwrap();
    assert_eq!(base.uri("/api/chat").to_string(), "https://host:8443/ollama/api/chat");
    assert_eq!(base.authority().as_str(), "host:8443");
    assert!(base.uri("/api/chat").scheme_str() == Some("https"));
    assert_eq!("gpu:1".parse::<BaseUrl>().unwrap().uri("/api/chat").scheme_str(), Some("http"));
}

#[test]
fn the_variable_of_the_local_ollama_is_read_as_its_own_client_reads_it() {
    for (text, expected) in [
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("gpu", "http://gpu:11434"),
        ("gpu:1", "http://gpu:1"),
        ("http://gpu:1/", "http://gpu:1"),
        ("https://gpu", "https://gpu"),
        ("::1", "http://[::1]:11434"),
        ("[::]:5", "http://[::1]:5"),
        ("[::]", "http://[::1]:11434"),
        ("", "http://127.0.0.1:11434"),
    ] {
        assert_eq!(env("OLLAMA_HOST", text).good().config.upstream.base.to_string(), expected, "{text}");
    }
    assert_eq!(env("OLLAMA_HOST", "gpu:port").mistakes().len(), 1);
    let both = Case::new().env("OLLAMA_HOST", "a:1").env("OLLAMA_BASE_URL", "http://b:2/v1").good();
    assert_eq!(both.config.upstream.base.to_string(), "http://b:2");
    let row = both.origins.iter().find(|row| row.name == "OLLAMA_HOST").unwrap();
    assert_eq!(row.note, "not used: OLLAMA_BASE_URL is set");
}

proptest! {
    /// Whatever is typed: no panic, what is taken gives a URL with that authority, and reads back as itself.
    #[test]
    fn any_text_is_refused_or_becomes_a_base_that_is_its_own_normal_form(
        text in "(http://|https://|HTTP://)?[a-zA-Z0-9.:@#?/_%\\[\\] é-]{0,40}(/api|/v1)?/{0,2}"
    ) {
        if let Ok(base) = text.parse::<BaseUrl>() {
            let uri = base.uri("/api/chat");
            prop_assert_eq!(uri.authority(), Some(base.authority()));
            prop_assert!(uri.path().ends_with("/api/chat"));
            prop_assert!(!base.to_string().ends_with('/'));
            // A second final /api or /v1 belongs to the path, and would be taken off by a second reading.
            let again = base.to_string();
            if !again.ends_with("/api") && !again.ends_with("/v1") {
                prop_assert_eq!(again.parse::<BaseUrl>().unwrap(), base);
            }
        }
    }
}
