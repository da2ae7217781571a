//! Who may come in. All of this is told from the head of a request, before its body is read; what depends on the body
//! is in [`grant`](super::grant).

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use http::{HeaderMap, Request};
use wire::translate::Rules;

use super::settle::Settle;
use super::trail::Trail;
use crate::access::{Area, Caller, Doors, Refused, Who, admits, check_model, shown};
use crate::config::CacheScope;
use crate::http::{Failure, Limit, Outcome, check_host};
use crate::limits::{Counted, Refusal, Standing, Taken, network};
use crate::snapshot::{Limits, Snapshot, Token};
use crate::telemetry::Consumer;

/// What the one token of the environment is called in the books.
pub(super) const API_TOKEN: &str = "API_TOKEN";

/// Who asks, and what they may do.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) who: Who,
    pub(super) rules: Rules,
    pub(super) trail: Trail,
}

/// The rules of addresses.
///
/// # Errors
/// 403 `ip_not_allowed`.
pub(super) fn address(snapshot: &Snapshot, caller: Caller, area: Area) -> Result<(), Failure> {
    if admits(&snapshot.ip_rules, caller, area) { Ok(()) } else { Err(Refused::Address.into()) }
}

/// Everything that the head alone decides, for every endpoint. `settle` is told who asks, also where that is refused, and how
/// far the limits are used up.
///
/// # Errors
/// 403 `ip_not_allowed`; 400 `invalid_host`; 401 `missing_api_key`, `invalid_api_key`, `token_disabled` and `token_expired`; 429
/// `rate_limit_exceeded`.
pub(super) fn head<B>(
    snapshot: &Snapshot,
    request: &Request<B>,
    caller: Caller,
    settle: &mut Settle,
) -> Result<Asker, Failure> {
    address(snapshot, caller, Area::Clients)?;
    let Settle { standings, consumer, started, .. } = settle;
    let (limits, now) = (&snapshot.limits, Instant::now());
    if let Some(shared) = &limits.address {
        let taken = shared.window.take(&network(caller.address), shared.max, 1, now);
        standings.requests(taken, Limit::Address)?;
    }
    check_host(request)?;
    let shown = shown(request.headers())?;
    let who = Doors::of(snapshot).identify(shown, caller)?;
    *consumer = consumer_of(&who);
    who.check(caller, jiff::Timestamp::now())?;
    if let Some(shared) = &limits.global {
        standings.requests(shared.window.take(shared.max, 1, now), Limit::Global)?;
    }
    // What others would feel, unless `ALLOW_CLIENT_OPTIONS` says it for all.
    let may_load = match &who {
        Who::Anonymous => caller.is_loopback,
        Who::ApiToken => true,
        Who::Token(token) => {
            of_token(token, limits, now, standings)?;
            token.allow_client_options
        }
    };
    let rules = Rules { load_options: snapshot.load_options.unwrap_or(may_load) };
    Ok(Asker { who, rules, trail: Trail::new(*started) })
}

/// A token's own windows. How many tokens a request takes is not known yet: one more must fit.
fn of_token(token: &Token, limits: &Limits, now: Instant, standings: &mut Standings) -> Result<(), Failure> {
    let live = token.live(&limits.zone);
    if let Some(rate) = token.rate(limits.token) {
        // Its own limit is what a client wants to know, however tight those of others are.
        standings.requests = None;
        standings.requests(live.requests(rate.window).take(rate.max, 1, now), Limit::Token)?;
    }
    if let Some(limit) = token.tokens_per_minute {
        let taken = standings.tokens(live.tokens.take(limit, 1, now))?;
        live.tokens.settle(&taken, 0, now);
        standings.tokens = Some(live.tokens.look(limit, now));
    }
    Ok(())
}

/// How far limits are used up, for headers of every reply.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standings {
    requests: Option<Standing>,
    tokens: Option<Standing>,
}

impl Standings {
    /// Notes what became of a request in one window; of several, the one with the least left is told.
    fn requests(&mut self, taken: Result<Taken, Refusal>, limit: Limit) -> Result<(), Failure> {
        match taken {
            Ok(Taken { standing, .. }) => {
                let is_tighter = self.requests.is_none_or(|known| standing.remaining < known.remaining);
                self.requests = if is_tighter { Some(standing) } else { self.requests };
                Ok(())
            }
            Err(refusal) => {
                self.requests = Some(refusal.standing);
                Err(over(refusal, limit))
            }
        }
    }

    /// Notes what became of tokens.
    pub(super) fn tokens(&mut self, taken: Result<Taken, Refusal>) -> Result<Taken, Failure> {
        let standing = taken.as_ref().map_or_else(|refusal| refusal.standing, |taken| taken.standing);
        self.tokens = Some(standing);
        taken.map_err(|refusal| over(refusal, Limit::Tokens))
    }

    /// The headers `x-ratelimit-…`.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        for (standing, counted) in [(self.requests, Counted::Requests), (self.tokens, Counted::Tokens)] {
            if let Some(standing) = standing {
                standing.write(headers, counted);
            }
        }
    }
}

fn over(refusal: Refusal, limit: Limit) -> Failure {
    let failure = Failure::new(Outcome::RateLimited, refusal.error(limit));
    Failure { limit: Some(limit), ..failure }
}

/// What it is called in the books: a token, or a word that is none.
fn consumer_of(who: &Who) -> Option<Arc<Consumer>> {
    static SHARED: LazyLock<Arc<Consumer>> =
        LazyLock::new(|| Arc::new(Consumer { id: API_TOKEN.into(), name: API_TOKEN.into() }));
    match who {
        Who::Token(token) => Some(Arc::clone(&token.consumer)),
        Who::ApiToken => Some(Arc::clone(&SHARED)),
        Who::Anonymous => None,
    }
}

impl Asker {
    /// Whether this model may be asked for, by the name that the client uses.
    pub(super) fn may_use(&self, model: &str) -> bool {
        match &self.who {
            Who::Token(token) => token.models.admit(model),
            Who::Anonymous | Who::ApiToken => true,
        }
    }

    /// Whether its texts are kept, while that is allowed at all.
    pub(super) fn is_captured(&self) -> bool {
        matches!(&self.who, Who::Token(token) if token.capture)
    }

    /// # Errors
    /// 403 `model_not_allowed`.
    pub(super) fn check_model(&self, model: &str) -> Result<(), Failure> {
        match &self.who {
            Who::Token(token) => Ok(check_model(token, model)?),
            Who::Anonymous | Who::ApiToken => Ok(()),
        }
    }

    /// Whose answers it may get from the caches.
    pub(super) fn tenant(&self, scope: CacheScope) -> &str {
        match scope {
            CacheScope::Shared => "",
            CacheScope::Token => match &self.who {
                Who::Token(token) => token.id(),
                Who::ApiToken => API_TOKEN,
                Who::Anonymous => "",
            },
        }
    }
}
