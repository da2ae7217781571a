//! What runs and was counted of a token. Made when it is first used, as most of many tokens sleep; taken over by id
//! from one snapshot to the next.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::limits::Limits;
use super::token::Token;
use crate::config::Rate;
use crate::limits::{Quota, Sliding, Slots};
use crate::store::TokenRow;

/// A token's own limits count over this time.
const MINUTE: Duration = Duration::from_secs(60);

/// The place of a token's live state, empty until it is used.
#[derive(Debug)]
pub struct Place {
    live: OnceLock<Box<Live>>,
    /// What was used of the quota when the row was first read, and the month that it was used in.
    used: u64,
    month: Option<Date>,
}

impl Place {
    pub(super) fn new(row: &TokenRow) -> Self {
        let month = row.quota_month.as_ref().and_then(|month| month.parse().ok());
        Place { live: OnceLock::new(), used: u64::try_from(row.quota_used).unwrap_or(0), month }
    }
}

/// The live state of one token.
#[derive(Debug)]
pub struct Live {
    /// With the length of the window, which differs between a rate of its own and the default.
    requests: Mutex<(Duration, Arc<Sliding>)>,
    /// Tokens a minute.
    pub tokens: Arc<Sliding>,
    pub quota: Arc<Quota>,
    pub slots: Arc<Slots>,
}

impl Token {
    /// What runs and was counted of it.
    pub fn live(&self, zone: &TimeZone) -> &Live {
        let Place { live, used, month } = &*self.place;
        live.get_or_init(|| {
            let now = Instant::now();
            Box::new(Live {
                requests: Mutex::new((MINUTE, Arc::new(Sliding::new(MINUTE, now)))),
                tokens: Arc::new(Sliding::new(MINUTE, now)),
                quota: Arc::new(Quota::stored(*used, *month, Timestamp::now(), zone)),
                slots: Arc::new(Slots::new(0, None)),
            })
        })
    }

    /// What is left of its limits. Only looks: what sleeps is not woken.
    #[must_use]
    pub fn left(&self, limits: &Limits, now: Instant, date: Timestamp) -> Left {
        let Place { live, used, month } = &*self.place;
        let (live, zone) = (live.get(), &limits.zone);
        let requests = |rate: Rate| {
            let window = live.and_then(|live| live.known_requests(rate.window));
            window.map_or(rate.max, |window| window.look(rate.max, now).remaining)
        };
        let quota = |limit: u64| {
            let usage = match live {
                Some(live) => live.quota.usage(date, zone),
                None => Quota::stored(*used, *month, date, zone).usage(date, zone),
            };
            limit.saturating_sub(usage.used).saturating_sub(usage.reserved)
        };
        let tokens = |limit| live.map_or(limit, |live| live.tokens.look(limit, now).remaining);
        Left {
            requests: self.rate(limits.token).map(requests),
            tokens: self.tokens_per_minute.map(tokens),
            quota: self.quota_limit.map(quota),
        }
    }

    /// How many requests it may make, in which time.
    #[must_use]
    pub fn rate(&self, default: Option<Rate>) -> Option<Rate> {
        self.rate_limit.map(|max| Rate { max, window: MINUTE }).or(default)
    }
}

/// What is left of a token's limits; `None` where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub requests: Option<u64>,
    /// Of this minute.
    pub tokens: Option<u64>,
    /// Tokens of this month, neither used nor set aside.
    pub quota: Option<u64>,
}

impl Live {
    /// The window in which requests are counted, if it has this length.
    fn known_requests(&self, length: Duration) -> Option<Arc<Sliding>> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        (requests.0 == length).then(|| Arc::clone(&requests.1))
    }

    /// The window in which requests are counted. One of another length than before begins empty.
    pub fn requests(&self, length: Duration) -> Arc<Sliding> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.0 != length {
            *requests = (length, Arc::new(Sliding::new(length, Instant::now())));
        }
        Arc::clone(&requests.1)
    }
}
