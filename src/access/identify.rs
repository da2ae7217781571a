//! Whom a request comes from, as its head tells.

use std::sync::Arc;

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use http::{HeaderMap, HeaderName, header};

use super::{Caller, Refused, check};
use crate::config::{Anonymous, Secret};
use crate::http::credential;
use crate::snapshot::{Snapshot, Token, Tokens};

/// Whom a request comes from.
#[derive(Debug, Clone)]
pub enum Who {
    /// Nobody in particular.
    Anonymous,
    /// Who knows `API_TOKEN`: without limits of its own.
    ApiToken,
    Token(Arc<Token>),
}

impl Who {
    /// Whether it may come in now.
    ///
    /// # Errors
    /// What is wrong with a token.
    pub fn check(&self, caller: Caller, now: Timestamp) -> Result<(), Refused> {
        match self {
            Who::Token(token) => check(token, now, caller.address),
            Who::Anonymous | Who::ApiToken => Ok(()),
        }
    }
}

/// What opens the gateway, of one moment.
#[derive(Debug, Clone, Copy)]
pub struct Doors<'s> {
    pub tokens: &'s Tokens,
    /// Whether there ever was a token, deleted ones included.
    pub had_tokens: bool,
    /// `API_TOKEN`.
    pub api_token: Option<&'s Secret>,
    /// `ALLOW_ANONYMOUS`.
    pub anonymous: Anonymous,
}

/// What a client shows as its token. Which of two it means nobody can know: a proxy before the gateway may have looked
/// at the other one.
///
/// # Errors
/// [`Refused::Twice`].
pub fn shown(headers: &HeaderMap) -> Result<Option<&[u8]>, Refused> {
    const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
    let comes_twice = |name: &HeaderName| headers.get_all(name).iter().nth(1).is_some();
    if comes_twice(&header::AUTHORIZATION) || comes_twice(&API_KEY) {
        return Err(Refused::Twice);
    }
    Ok(credential(headers))
}

impl<'s> Doors<'s> {
    /// Those of a snapshot.
    #[must_use]
    pub fn of(snapshot: &'s Snapshot) -> Self {
        Doors {
            tokens: &snapshot.tokens,
            had_tokens: snapshot.had_tokens,
            api_token: snapshot.api_token.as_ref(),
            anonymous: snapshot.anonymous,
        }
    }

    /// Whether there is no token of any kind, and never was.
    #[must_use]
    pub fn has_none(&self) -> bool {
        self.api_token.is_none() && self.tokens.is_empty() && !self.had_tokens
    }

    /// Whom a request comes from that shows `shown`. A token says who it is even where none is needed, and where it is not
    /// let in: see [`Who::check`]. What is no token does not matter where none is needed, for many clients insist on
    /// sending something.
    ///
    /// # Errors
    /// [`Refused`], but never [`Refused::Address`].
    pub fn identify(&self, shown: Option<&[u8]>, caller: Caller) -> Result<Who, Refused> {
        if let (Some(shown), Some(api_token)) = (shown, self.api_token)
            && bool::from(shown.ct_eq(api_token.expose().as_bytes()))
        {
            return Ok(Who::ApiToken);
        }
        if let Some(token) = shown.and_then(|shown| self.tokens.find(shown)) {
            return Ok(Who::Token(Arc::clone(token)));
        }
        let has_none = self.has_none();
        let is_open = match self.anonymous {
            Anonymous::Everybody => true,
            Anonymous::Loopback => caller.is_loopback,
            Anonymous::Nobody => false,
        };
        match shown {
            _ if has_none && is_open => Ok(Who::Anonymous),
            Some(_) => Err(Refused::Unknown { has_none }),
            None => Err(Refused::Missing { has_none }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::sample(text)
    }

    fn from(address: &str) -> Caller {
        let address: std::net::IpAddr = address.parse().unwrap();
        Caller { address, is_loopback: address.is_loopback() }
    }

    /// The answer to one who shows this from there, in a word.
    fn asks(doors: &Doors<'_>, shown: &str, address: &str) -> String {
        let shown = (!shown.is_empty()).then_some(shown.as_bytes());
        let (caller, now) = (from(address), Timestamp::UNIX_EPOCH);
        let let_in = doors.identify(shown, caller).and_then(|who| who.check(caller, now).map(|()| who));
        match let_in {
            Ok(Who::Token(token)) => token.name().to_owned(),
            Ok(who) => format!("{who:?}"),
            Err(refused) => refused.code().to_owned(),
        }
    }

    const HERE: &str = "127.0.0.1";
    const THERE: &str = "203.0.113.1";

    #[test]
    fn with_nothing_configured_it_depends_on_who_asks() {
        let tokens = Tokens::default();
        for (anonymous, here, there) in [
            (Anonymous::Loopback, "Anonymous", "missing_api_key"),
            (Anonymous::Everybody, "Anonymous", "Anonymous"),
            (Anonymous::Nobody, "missing_api_key", "missing_api_key"),
        ] {
            let doors = Doors { tokens: &tokens, had_tokens: false, api_token: None, anonymous };
            assert_eq!(
                (asks(&doors, "", HERE), asks(&doors, "", THERE)),
                (here.to_owned(), there.to_owned())
            );
            let any = |word: &str| word.replace("missing", "invalid");
            assert_eq!((asks(&doors, "any", HERE), asks(&doors, "any", THERE)), (any(here), any(there)));
            let refused = doors.identify(Some(b"any"), from(THERE));
            if anonymous != Anonymous::Everybody {
                assert_eq!(refused.unwrap_err(), Refused::Unknown { has_none: true });
            }
        }
    }

    #[test]
    fn once_there_was_a_token_one_is_needed_for_ever() {
        let (none, some) = (Tokens::default(), Tokens::new([Arc::new(token("alice"))]));
        let secret = Secret::new("shared");
        let anonymous = Anonymous::Everybody;
        for doors in [
            Doors { tokens: &none, had_tokens: true, api_token: None, anonymous },
            Doors { tokens: &some, had_tokens: true, api_token: None, anonymous },
            Doors { tokens: &some, had_tokens: false, api_token: None, anonymous },
            Doors { tokens: &none, had_tokens: false, api_token: Some(&secret), anonymous },
        ] {
            assert_eq!(asks(&doors, "", HERE), "missing_api_key", "{doors:?}");
            assert_eq!(asks(&doors, "any", HERE), "invalid_api_key", "{doors:?}");
        }
    }

    #[test]
    fn tokens_and_the_shared_one_stand_beside_each_other() {
        let disabled = Token { enabled: false, ..token("bob") };
        let local = Token { ips: crate::config::Ranges::parse([HERE]).ok(), ..token("carol") };
        let old = Token { expires_at: Some(Timestamp::UNIX_EPOCH), ..token("dave") };
        let tokens = Tokens::new([token("alice"), disabled, local, old].map(Arc::new));
        let secret = Secret::new("shared");
        let anonymous = Anonymous::Loopback;
        let doors = Doors { tokens: &tokens, had_tokens: true, api_token: Some(&secret), anonymous };
        for (shown, answer) in [
            ("alice", "alice"),
            ("shared", "ApiToken"),
            ("bob", "token_disabled"),
            ("carol", "ip_not_allowed"),
            ("dave", "token_expired"),
            ("share", "invalid_api_key"),
            ("shared ", "invalid_api_key"),
        ] {
            assert_eq!(asks(&doors, shown, THERE), answer);
        }
        assert_eq!(asks(&doors, "carol", HERE), "carol");
        assert_eq!(asks(&doors, "bob", HERE), "token_disabled", "a bad token is not anonymous");
    }
}
