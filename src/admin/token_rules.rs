//! What tokens may hold: one set of rules for the admin API and the command line. Their numbers are bounded so that no
//! count overflows, and so that JavaScript can hold them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::rules::MAX_TEXT;
use crate::access::{Minted, RANDOM_BYTES, parse_expiry, parse_new_expiry};
use crate::config::Range;
pub use crate::config::fields::MAX_QUOTA;
use crate::store::{NewToken, StoreError, TokenText};

/// The name of a token that was given none.
pub const UNNAMED: &str = "API Token";
/// What to tell whoever makes the first token of a gateway that was used without any.
pub const CLOSES: &str = "this is the first token: from now on everybody needs one, programs of this machine too, \
    and deleting it does not change that";
/// Most tokens a minute.
pub const MAX_TOKENS_A_MINUTE: i64 = 1_000_000_000;
/// Largest metadata, in bytes of JSON.
pub const MAX_METADATA: usize = 16 << 10;

/// An address or a CIDR range. A blank one would be taken for none, and no address at all admits every address.
///
/// # Errors
/// What is wrong with it.
pub fn range(text: &str) -> Result<(), String> {
    match text.parse::<Range>() {
        Ok(_) => Ok(()),
        Err(_) => Err("must be an address or a CIDR range, such as 10.0.0.0/8 or 2001:db8::/32".to_owned()),
    }
}

/// Text for people, on any number of lines.
///
/// # Errors
/// What is wrong with it.
pub fn note(text: &str) -> Result<(), String> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.len() > MAX_TEXT || text.chars().any(is_odd) {
        return Err(format!(
            "must have at most {MAX_TEXT} bytes and no control characters but line ends and tabs"
        ));
    }
    Ok(())
}

/// The admin's own object.
///
/// # Errors
/// What is wrong with it.
pub fn metadata(object: &Map<String, Value>) -> Result<(), String> {
    let length = serde_json::to_vec(object).map_or(usize::MAX, |json| json.len());
    if length > MAX_METADATA {
        return Err(format!("must have at most {MAX_METADATA} bytes"));
    }
    Ok(())
}

/// When a token ends, as it is stored; nothing for an empty text. Without a zone it is a time of this machine's zone. One
/// that is over is refused, but for the one that the token has already.
///
/// # Errors
/// What is wrong with it.
pub fn expiry(text: &str, has: Option<&str>) -> Result<Option<String>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let zone = TimeZone::system();
    let moment = parse_expiry(text, &zone).map_err(|bad| bad.to_string())?;
    let stays = has.and_then(|has| has.parse().ok()) == Some(moment);
    if !stays {
        parse_new_expiry(text, &zone, Timestamp::now()).map_err(|bad| bad.to_string())?;
    }
    Ok(Some(format!("{moment:.3}")))
}

/// A new text for a token.
///
/// # Errors
/// [`StoreError::Random`].
pub fn mint() -> Result<Minted, StoreError> {
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    Ok(Minted::new(&random))
}

/// A token of this text, without limits.
#[must_use]
pub fn new_token(minted: &Minted) -> NewToken {
    NewToken::new(UNNAMED, minted.hash, &minted.prefix, &minted.last_four)
}

/// What is kept of this text.
#[must_use]
pub fn kept(minted: &Minted) -> TokenText {
    TokenText { hash: minted.hash, prefix: minted.prefix.clone(), last_four: minted.last_four.clone() }
}
