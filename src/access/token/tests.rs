use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use wire::openai::ApiError;

use super::{Minted, RANDOM_BYTES, Refused, check, check_model, is_strong, mask};
use crate::config::{Ranges, TokenHash};
use crate::snapshot::{Patterns, Token, Tokens};

const SEED: &str = "sk-o2o-00112233445566778899aabbccddeeff0011223344556677";

fn token(text: &str) -> Token {
    Token::sample(text)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_new_token_has_the_seeds_form() {
    let bytes: [u8; RANDOM_BYTES] = std::array::from_fn(|at| u8::try_from(at * 10).unwrap());
    let minted = Minted::new(&bytes);
    assert_eq!(minted.text.expose(), "sk-o2o-000a141e28323c46505a646e78828c96a0aab4bec8d2dce6");
    assert!(is_strong(minted.text.expose()));
    assert_eq!((minted.prefix.as_str(), minted.last_four.as_str()), ("sk-o2o-000", "dce6"));
    assert_eq!(mask(&minted.prefix, &minted.last_four), "sk-o2o-000****dce6");
    assert_eq!(Minted::of(minted.text.expose().to_owned()), minted);
}

#[test]
fn the_hash_is_the_one_that_old_files_hold() {
    let hex: String = TokenHash::of(b"abc").as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(TokenHash::from_bytes(*TokenHash::of(b"abc").as_bytes()), TokenHash::of(b"abc"));
}

#[test]
fn nothing_of_a_token_is_printed() {
    let minted = Minted::of(SEED.to_owned());
    let alice = Arc::new(Token { hash: minted.hash, ..Token::sample("alice") });
    let printed = format!("{minted:?} {alice:?} {:?}", Tokens::new([Arc::clone(&alice)]));
    assert!(!printed.contains("2233445566"), "{printed}");
    let byte = minted.hash.as_bytes()[0].to_string();
    assert_eq!(format!("{:?}", minted.hash), "***", "not even {byte}");
}

#[test]
fn of_short_tokens_less_is_shown() {
    for (text, shown) in [
        ("", "****"),
        ("hunter", "h****r"),
        ("secret", "s****t"),
        ("ab", "****"),
        ("geheim-größer", "ge****er"),
        ("sk-0123456789abcdef0123456789abcdef0123456", "sk-0123456****3456"),
        ("sk-0123456789abcdef0123456789abcdef012345", "sk-012****2345"),
    ] {
        let minted = Minted::of(text.to_owned());
        assert_eq!(mask(&minted.prefix, &minted.last_four), shown, "{text}");
    }
}

#[test]
fn tokens_of_another_form_are_weak() {
    assert!(is_strong(SEED));
    for weak in [
        "",
        "alice",
        "sk-o2o-",
        &SEED[..54],
        &SEED.to_uppercase(),
        &format!("{SEED}0"),
        &SEED.replace('a', "g"),
    ] {
        assert!(!is_strong(weak), "{weak}");
    }
}

#[test]
fn a_token_is_found_by_what_is_shown_only() {
    let tokens = Tokens::new([token(SEED), token("weak")].map(Arc::new));
    assert!(!tokens.is_empty());
    assert_eq!(tokens.find(SEED.as_bytes()).unwrap().hash, TokenHash::of(SEED.as_bytes()));
    assert!(tokens.find(b"weak").is_some());
    for shown in [&SEED.as_bytes()[..54], b"", b"Weak", b"\xff", TokenHash::of(SEED.as_bytes()).as_bytes()] {
        assert!(tokens.find(shown).is_none(), "the hash alone admits nobody: {shown:?}");
    }
}

#[test]
fn disabled_expired_and_from_elsewhere() {
    let good = token(SEED);
    let (now, here) = (at("2026-06-01T12:00:00Z"), ip("10.0.0.5"));
    assert_eq!(check(&good, now, here), Ok(()));
    let ips = Ranges::parse(["10.0.0.0/24"]).ok();
    let limited = Token { expires_at: Some(at("2026-06-01T12:00:01Z")), ips, ..good };
    assert_eq!(check(&limited, now, here), Ok(()));
    assert_eq!(check(&limited, now, ip("::ffff:10.0.0.9")), Ok(()));
    assert_eq!(check(&limited, now, ip("10.0.1.5")), Err(Refused::TokenAddress));
    assert_eq!(check(&limited, at("2026-06-01T12:00:01Z"), ip("10.0.1.5")), Err(Refused::Expired));
    let disabled = Token { enabled: false, ..limited };
    assert_eq!(check(&disabled, at("2027-01-01T00:00:00Z"), ip("10.0.1.5")), Err(Refused::Disabled));
    let nowhere = Token { enabled: true, ips: Some(Ranges::default()), expires_at: None, ..disabled };
    assert_eq!(check(&nowhere, now, here), Err(Refused::TokenAddress));
}

#[test]
fn models_by_pattern() {
    let limited = Token { models: Patterns::new(&["qwen3*".to_owned(), "gpt-4".to_owned()]), ..token(SEED) };
    for model in ["qwen3:8b", "GPT-4", "gpt-4:latest"] {
        assert_eq!(check_model(&limited, model), Ok(()), "{model}");
    }
    let refused = check_model(&limited, "llama3").unwrap_err();
    assert_eq!(
        (refused.status, refused.code, refused.param.as_deref()),
        (403, Some("model_not_allowed"), Some("model"))
    );
    assert_eq!(check_model(&token(SEED), "anything"), Ok(()));
}

#[test]
fn every_refusal_has_its_answer() {
    for (refused, status, code) in [
        (Refused::Address, 403, "ip_not_allowed"),
        (Refused::Missing { has_none: false }, 401, "missing_api_key"),
        (Refused::Missing { has_none: true }, 401, "missing_api_key"),
        (Refused::Unknown { has_none: false }, 401, "invalid_api_key"),
        (Refused::Unknown { has_none: true }, 401, "invalid_api_key"),
        (Refused::Disabled, 401, "token_disabled"),
        (Refused::Expired, 401, "token_expired"),
        (Refused::TokenAddress, 403, "ip_not_allowed"),
    ] {
        let error = ApiError::from(refused);
        assert_eq!((error.status, error.code), (status, Some(code)));
        assert_eq!(crate::http::Failure::from(refused).outcome.as_str(), "unauthorized");
    }
    for has_none in [false, true] {
        let unknown = ApiError::from(Refused::Unknown { has_none }).message;
        assert!(unknown.starts_with("Incorrect API key provided"));
        assert_eq!(unknown.contains("ALLOW_ANONYMOUS"), has_none);
        let missing = ApiError::from(Refused::Missing { has_none }).message;
        assert_eq!(missing.contains("ALLOW_ANONYMOUS"), has_none);
    }
}
