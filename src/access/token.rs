//! Tokens: how one is made and shown, and whether it lets a request in.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::net::IpAddr;

use jiff::Timestamp;
use wire::openai::ApiError;

use crate::config::{Secret, TokenHash};
use crate::http::Failure;
use crate::snapshot::Token;

/// What every token of ours begins with.
pub const PREFIX: &str = "sk-o2o-";
/// Random bytes of a token; each becomes two digits.
pub const RANDOM_BYTES: usize = 24;
/// Characters that are shown of a token's beginning and of its end.
const SHOWN: (usize, usize) = (10, 4);

/// A token that was just made. Its text is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minted {
    pub text: Secret,
    pub hash: TokenHash,
    /// For display: see [`ends`].
    pub prefix: String,
    pub last_four: String,
}

impl Minted {
    /// A new token of these bytes, which must come from the system's random numbers.
    #[must_use]
    pub fn new(random: &[u8; RANDOM_BYTES]) -> Self {
        let digits = random.iter().fold(String::with_capacity(2 * RANDOM_BYTES), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("a text takes everything");
            digits
        });
        Minted::of(format!("{PREFIX}{digits}"))
    }

    /// What is kept of a token that somebody else made, as an import finds it.
    #[must_use]
    pub fn of(text: String) -> Self {
        let (prefix, last_four) = ends(&text);
        Minted { hash: TokenHash::of(text.as_bytes()), prefix, last_four, text: Secret::new(text) }
    }
}

/// Whether a token has the form of those that we make. One that has another form may be easy to guess.
#[must_use]
pub fn is_strong(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 2 * RANDOM_BYTES && rest.bytes().all(is_digit))
}

/// The beginning and the end of a token by which people know it. Of a short one less is told, so that at most a third
/// of it is.
#[must_use]
pub fn ends(text: &str) -> (String, String) {
    let length = text.chars().count();
    let is_long = length >= 3 * (SHOWN.0 + SHOWN.1);
    let (first, last) = if is_long { SHOWN } else { (length / 6, SHOWN.1.min(length / 6)) };
    (text.chars().take(first).collect(), text.chars().skip(length - last).collect())
}

/// A token as lists show it: its ends, and `****` for what is between.
#[must_use]
pub fn mask(prefix: &str, last_four: &str) -> String {
    format!("{prefix}****{last_four}")
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// By the rules of addresses.
    Address,
    /// None was shown. `has_none`: there is none yet.
    Missing {
        has_none: bool,
    },
    /// It is none that is known. `has_none`: there is none yet.
    Unknown {
        has_none: bool,
    },
    /// More than one was shown.
    Twice,
    Disabled,
    Expired,
    /// It may not be shown from this address.
    TokenAddress,
}

impl Refused {
    /// The code in the reply.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Refused::Address | Refused::TokenAddress => "ip_not_allowed",
            Refused::Missing { .. } => "missing_api_key",
            Refused::Unknown { .. } | Refused::Twice => "invalid_api_key",
            Refused::Disabled => "token_disabled",
            Refused::Expired => "token_expired",
        }
    }
}

const NONE_YET: &str = "this gateway has no API key yet and does not serve everybody; its admin can make one at \
    /admin, or set ALLOW_ANONYMOUS=true";
const UNKNOWN_AS_NONE: &str = "Incorrect API key provided: this gateway has none yet and does not serve everybody; its \
    admin can make one at /admin, or set ALLOW_ANONYMOUS=true";

const TWICE: &str = "Incorrect API key provided: its header came more than once";

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> ApiError {
        let (status, kind, message) = match refused {
            Refused::Address => (403, "permission_error", "access from your address is not allowed"),
            Refused::TokenAddress => {
                (403, "permission_error", "this API key may not be used from your address")
            }
            Refused::Missing { has_none: true } => (401, "invalid_request_error", NONE_YET),
            Refused::Missing { has_none: false } => (
                401,
                "invalid_request_error",
                "no API key was provided; send it as 'Authorization: Bearer KEY'",
            ),
            // Both begin with OpenAI's own words, which clients look for.
            Refused::Unknown { has_none: true } => (401, "invalid_request_error", UNKNOWN_AS_NONE),
            Refused::Unknown { has_none: false } => {
                (401, "invalid_request_error", "Incorrect API key provided")
            }
            Refused::Twice => (401, "invalid_request_error", TWICE),
            Refused::Disabled => (401, "invalid_request_error", "this API key is disabled"),
            Refused::Expired => (401, "invalid_request_error", "this API key has expired"),
        };
        ApiError::new(status, kind, message).with_code(refused.code())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        ApiError::from(refused).into()
    }
}

/// Whether a token may be used now, wherever from.
///
/// # Errors
/// [`Refused::Disabled`], [`Refused::Expired`], in this order.
pub fn check_standing(token: &Token, now: Timestamp) -> Result<(), Refused> {
    if !token.enabled {
        return Err(Refused::Disabled);
    }
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(Refused::Expired);
    }
    Ok(())
}

/// Whether a token may be used now, and from this address.
///
/// # Errors
/// Those of [`check_standing`], then [`Refused::TokenAddress`].
pub fn check(token: &Token, now: Timestamp, address: IpAddr) -> Result<(), Refused> {
    check_standing(token, now)?;
    if token.ips.as_ref().is_some_and(|allowed| !allowed.contains(address)) {
        return Err(Refused::TokenAddress);
    }
    Ok(())
}

/// Whether a token may ask for this model, by the name that the client uses.
///
/// # Errors
/// 403 `model_not_allowed`.
pub fn check_model(token: &Token, model: &str) -> Result<(), ApiError> {
    if token.models.admit(model) {
        return Ok(());
    }
    let message = format!("this API key may not use the model '{model}'");
    Err(ApiError {
        param: Some("model".to_owned()),
        ..ApiError::new(403, "permission_error", message).with_code("model_not_allowed")
    })
}
