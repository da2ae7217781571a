//! Reading answers that come whole, under limits of size and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Response, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;
use wire::openai::ApiError;

use super::failures;
use crate::http::{Failure, Outcome};

/// How much of an error's body is read.
const ERROR_BYTES: usize = 64 << 10;
/// How long an error's body may take.
const ERROR_TIME: Duration = Duration::from_secs(5);

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
pub async fn read_whole(mut body: Incoming, reading: Reading) -> Result<Bytes, Failure> {
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    loop {
        let idle = Instant::now() + reading.idle;
        let (until, late) = match reading.deadline {
            Some((deadline, limit)) if deadline < idle => (deadline, failures::total_timeout(limit)),
            _ => (idle, failures::timed_out(reading.idle)),
        };
        let frame = tokio::time::timeout_at(until, body.frame()).await.map_err(|_| late)?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| failures::stream_broke(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > reading.limit {
            let told = ApiError::upstream("Ollama's answer is larger than the gateway accepts");
            return Err(Failure::new(Outcome::UpstreamStream, told));
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Reads what there is of an error's body; one that breaks off or takes long is as good as none. Gives the status,
/// the `Retry-After` in seconds, and the bytes.
pub async fn read_error(response: Response<Incoming>) -> (u16, Option<u32>, Bytes) {
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    let status = response.status().as_u16();
    let deadline = Some((Instant::now() + ERROR_TIME, ERROR_TIME));
    let reading = Reading { limit: ERROR_BYTES, idle: ERROR_TIME, deadline };
    let body = read_whole(response.into_body(), reading).await.unwrap_or_default();
    (status, retry_after, body)
}
