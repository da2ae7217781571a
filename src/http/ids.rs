//! Ids of requests and replies. They need to be distinct, not secret, so no system call is spent on each.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue};

use super::headers::REQUEST_ID;

/// Longest request id of a client that is taken over.
const MAX_CLIENT_ID: usize = 128;

/// A source of random-looking 64-bit numbers, distinct within the process.
#[derive(Debug)]
pub struct Ids {
    state: AtomicU64,
}

impl Ids {
    /// Begins anywhere: `seed` comes from the system's random numbers, or is fixed in tests.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Ids { state: AtomicU64::new(seed) }
    }

    /// The next number: splitmix64, which maps a counter one to one on scattered values.
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to 1, for jitter.
    pub fn chance(&self) -> f64 {
        // 53 bits fill a mantissa
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `prefix` and 32 hexadecimal digits.
    pub fn text(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:016x}", self.next(), self.next())
    }
}

/// The client's `x-request-id` when it is sane (visible ASCII without quotes, at most 128 bytes), else a new one.
pub fn request_id(headers: &HeaderMap, ids: &Ids) -> HeaderValue {
    let is_sane = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b'<' | b'>');
    headers
        .get(REQUEST_ID)
        .filter(|id| !id.is_empty() && id.len() <= MAX_CLIENT_ID && id.as_bytes().iter().all(is_sane))
        .cloned()
        .unwrap_or_else(|| {
            HeaderValue::try_from(ids.text("req_")).expect("hexadecimal digits are visible ASCII")
        })
}
