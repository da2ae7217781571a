//! Reading answers that come whole, under limits of size and time.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use wire::openai::ApiError;

use super::body::Body;
use super::client::Response;
use super::failures;
use crate::http::{Failure, Outcome};

/// How much of an error's body is read.
const ERROR_BYTES: usize = 64 << 10;
/// How long an error's body may take.
const ERROR_TIME: Duration = Duration::from_secs(5);
/// How much is reserved on an announcement alone.
const ANNOUNCED_BYTES: usize = 64 << 10;

/// Limits of one whole answer.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Bytes.
    pub limit: usize,
    /// Between two pieces.
    pub idle: Duration,
    /// When it must be complete, and how long that was from the start.
    pub deadline: Option<(Instant, Duration)>,
}

/// Reads a body to its end.
///
/// # Errors
/// 502 when it breaks off or is too large, 504 when it takes too long.
pub async fn read_whole(mut body: Body, reading: Reading) -> Result<Bytes, Failure> {
    let announced = body.announced().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    let mut whole = Vec::with_capacity(announced.min(reading.limit).min(ANNOUNCED_BYTES));
    loop {
        let idle = Instant::now() + reading.idle;
        let (until, late): (_, fn(Reading) -> Failure) = match reading.deadline {
            Some((deadline, _)) if deadline < idle => (deadline, |reading| {
                failures::total_timeout(reading.deadline.map_or(reading.idle, |(_, limit)| limit))
            }),
            _ => (idle, |reading| failures::timed_out(reading.idle)),
        };
        let more = std::future::poll_fn(|cx| body.poll_read(cx, |data| whole.extend_from_slice(data)));
        let more = tokio::time::timeout_at(until, more).await.map_err(|_| late(reading))?;
        if whole.len() > reading.limit {
            let told = ApiError::upstream("Ollama's answer is larger than the gateway accepts");
            return Err(Failure::new(Outcome::UpstreamStream, told));
        }
        if !more.map_err(|error| failures::stream_broke(&error))? {
            return Ok(Bytes::from(whole));
        }
    }
}

/// Reads what there is of an error's body; one that breaks off or takes long is as good as none. Gives the status,
/// the `Retry-After` in seconds, and the bytes.
pub async fn read_error(response: Response) -> (u16, Option<u32>, Bytes) {
    let Response { status, retry_after, body } = response;
    let deadline = Some((Instant::now() + ERROR_TIME, ERROR_TIME));
    let reading = Reading { limit: ERROR_BYTES, idle: ERROR_TIME, deadline };
    let body = read_whole(body, reading).await.unwrap_or_default();
    (status.as_u16(), retry_after, body)
}
