//! What clients are told of limits: headers of every reply, and errors.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use wire::openai::ApiError;

use super::{Exhausted, Refusal, Standing};
use crate::http::Limit;

/// What a window counts, for the names of its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Requests,
    Tokens,
}

impl Standing {
    /// Sets `x-ratelimit-limit-…`, `x-ratelimit-remaining-…` and `x-ratelimit-reset-…`, the last as OpenAI writes it:
    /// `350ms`, `12s`, `6m0s`.
    pub fn write(&self, headers: &mut HeaderMap, counted: Counted) {
        let [limit, remaining, reset] = match counted {
            Counted::Requests => [
                HeaderName::from_static("x-ratelimit-limit-requests"),
                HeaderName::from_static("x-ratelimit-remaining-requests"),
                HeaderName::from_static("x-ratelimit-reset-requests"),
            ],
            Counted::Tokens => [
                HeaderName::from_static("x-ratelimit-limit-tokens"),
                HeaderName::from_static("x-ratelimit-remaining-tokens"),
                HeaderName::from_static("x-ratelimit-reset-tokens"),
            ],
        };
        headers.insert(limit, HeaderValue::from(self.limit));
        headers.insert(remaining, HeaderValue::from(self.remaining));
        let reset_value = HeaderValue::try_from(duration(self.reset));
        headers.insert(reset, reset_value.expect("digits and letters are visible ASCII"));
    }
}

impl Refusal {
    /// 429 `rate_limit_exceeded`.
    #[must_use]
    pub fn error(&self, limit: Limit) -> ApiError {
        let Standing { limit: most, remaining, .. } = self.standing;
        let needs = match limit {
            Limit::Tokens => {
                let asked = self.asked;
                format!("; this request needs {asked} or more tokens, and {remaining} of {most} are left")
            }
            Limit::Address | Limit::Global | Limit::Token => String::new(),
        };
        let retry_after = self.retry_after_seconds();
        let then = match retry_after {
            Some(seconds) => format!("try again in {seconds}s"),
            None => "it is 0: nothing is let through".to_owned(),
        };
        let message = format!("rate limit exceeded ({}){needs}; {then}", limit.counts());
        let error = ApiError::new(429, "rate_limit_error", message);
        ApiError { retry_after, ..error.with_code("rate_limit_exceeded") }
    }
}

impl From<Exhausted> for ApiError {
    /// 429 `insufficient_quota`. Without `Retry-After`: clients would wait for weeks, or ask in vain.
    fn from(exhausted: Exhausted) -> ApiError {
        let Exhausted { limit, needs, left, resets_at } = exhausted;
        let message = format!(
            "you exceeded the quota of this API key: this request needs {needs} or more tokens, and {left} of {limit} are \
             left; it begins anew at {resets_at:.0}"
        );
        ApiError::new(429, "insufficient_quota", message).with_code("insufficient_quota")
    }
}

/// Below a second in milliseconds, else in minutes and seconds; rounded up.
fn duration(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    if millis < 1000 {
        return if millis == 0 { "0s".to_owned() } else { format!("{millis}ms") };
    }
    let seconds = millis.div_ceil(1000);
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::limits::Sliding;

    #[test]
    fn times_are_written_as_openai_does() {
        for (micros, text) in [
            (0, "0s"),
            (1, "1ms"),
            (999_000, "999ms"),
            (999_001, "1s"),
            (1_000_001, "2s"),
            (59_500_000, "1m0s"),
            (360_000_000, "6m0s"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn headers_of_both_kinds() {
        let mut headers = HeaderMap::new();
        let standing = Standing { limit: 60, remaining: 7, reset: Duration::from_secs(61) };
        standing.write(&mut headers, Counted::Requests);
        Standing { limit: 1000, ..standing }.write(&mut headers, Counted::Tokens);
        let mut written: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        written.sort();
        let expected = [
            "x-ratelimit-limit-requests: 60",
            "x-ratelimit-limit-tokens: 1000",
            "x-ratelimit-remaining-requests: 7",
            "x-ratelimit-remaining-tokens: 7",
            "x-ratelimit-reset-requests: 1m1s",
            "x-ratelimit-reset-tokens: 1m1s",
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn refusals_say_when_to_come_back() {
        let start = Instant::now();
        let window = Sliding::new(Duration::from_secs(31), start);
        window.take(1, 1, start).unwrap();
        let error = window.take(1, 1, start).unwrap_err().error(Limit::Address);
        assert_eq!(
            (error.status, error.code, error.retry_after),
            (429, Some("rate_limit_exceeded"), Some(32))
        );
        assert_eq!(error.message, "rate limit exceeded (requests of your address); try again in 32s");
        let error = window.take(0, 1, start).unwrap_err().error(Limit::Address);
        assert_eq!((error.status, error.retry_after), (429, None));
        let window = Sliding::new(Duration::from_secs(31), start);
        window.take(100, 70, start).unwrap();
        let error = window.take(100, 45, start).unwrap_err().error(Limit::Tokens);
        assert!(
            error.message.contains("needs 45 or more tokens, and 30 of 100 are left"),
            "{}",
            error.message
        );
    }

    #[test]
    fn an_exhausted_quota_says_when_it_begins_anew() {
        let resets_at = "2026-06-01T00:00:00Z".parse().unwrap();
        let error = ApiError::from(Exhausted { limit: 100, needs: 8, left: 3, resets_at });
        assert_eq!((error.status, error.code, error.retry_after), (429, Some("insufficient_quota"), None));
        assert!(
            error.message.contains("needs 8 or more tokens, and 3 of 100 are left")
                && error.message.ends_with("2026-06-01T00:00:00Z")
        );
    }
}
