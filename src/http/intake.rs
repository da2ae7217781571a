//! A request's body, read whole under a limit, unpacked when it came packed.

use std::io::Read;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use wire::openai::ApiError;

use super::{Failure, Outcome};

/// How much of a body beyond the limit is read and thrown away, so that a client that writes before it reads still
/// gets the 413 and not a reset connection.
const LINGER_BYTES: usize = 16 << 20;
/// The same for requests that are refused by their head alone.
const SMALL: u64 = 1 << 20;
const SMALL_TIME: Duration = Duration::from_secs(2);
const LINGER_TIME: Duration = Duration::from_secs(10);
/// Packed bodies above this size are unpacked off the async threads.
const UNPACK_ASIDE: usize = 64 << 10;

/// Reads a body of at most `limit` bytes, before and after unpacking.
///
/// # Errors
/// 413 beyond the limit, 415 for a packing or form that is not understood, 400 when it breaks off or does not unpack.
pub async fn read_body(headers: &HeaderMap, body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    let packing = packing(headers)?;
    let announced = body.size_hint().exact().map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    if announced.is_some_and(|size| size > limit) {
        let may_linger = announced.is_some_and(|size| size <= limit + LINGER_BYTES);
        if may_linger && !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(too_large(limit));
    }
    let data = collect(body, announced, limit).await?;
    match packing {
        Packing::Plain => Ok(data),
        Packing::Gzip if data.len() <= UNPACK_ASIDE => unpack(&data, limit),
        Packing::Gzip => {
            let aside = tokio::task::spawn_blocking(move || unpack(&data, limit)).await;
            aside.unwrap_or_else(|error| {
                let error = Failure::new(Outcome::Internal, internal()).because(error);
                Err(error)
            })
        }
    }
}

/// Reads what little a refused request still sends, so that its client gets the refusal and not a reset connection.
/// A large body is not worth it.
pub async fn discard_small(request: Request<Incoming>) {
    let (head, body) = request.into_parts();
    let is_small = body.size_hint().exact().is_some_and(|size| size <= SMALL);
    if is_small && !head.headers.contains_key(header::EXPECT) {
        let _ = tokio::time::timeout(SMALL_TIME, discard(body)).await;
    }
}

enum Packing {
    Plain,
    Gzip,
}

fn packing(headers: &HeaderMap) -> Result<Packing, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return Err(unsupported("the body must be JSON, not a multipart form"));
    }
    let coding = headers
        .get(header::CONTENT_ENCODING)
        .map(|coding| coding.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    match coding.as_deref() {
        None | Some("" | "identity") => Ok(Packing::Plain),
        Some("gzip" | "x-gzip") => Ok(Packing::Gzip),
        Some(_) => {
            Err(unsupported("the content encoding is not supported; send the body plain or with gzip"))
        }
    }
}

async fn collect(mut body: Incoming, announced: Option<usize>, limit: usize) -> Result<Bytes, Failure> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let broken = ApiError::new(400, "invalid_request_error", "the request body broke off")
                .with_code("invalid_body");
            Failure::new(Outcome::ClientGone, broken).because(error)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            discard(body).await;
            return Err(too_large(limit));
        }
        // Most bodies come in one piece: that piece is kept as it is.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(announced.unwrap_or(0).max(first.len() + data.len()));
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

async fn discard(mut body: Incoming) {
    let mut left = LINGER_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(size) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // Whether it ended or timed out, the answer is the same 413.
    let _ = tokio::time::timeout(LINGER_TIME, reading).await;
}

fn unpack(packed: &[u8], limit: usize) -> Result<Bytes, Failure> {
    let mut out = Vec::with_capacity((packed.len() * 4).min(limit));
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(limit as u64 + 1);
    if let Err(error) = reader.read_to_end(&mut out) {
        let error = format!("the body is marked as gzip but does not unpack: {error}");
        return Err(ApiError::new(400, "invalid_request_error", error).with_code("invalid_body").into());
    }
    if out.len() > limit { Err(too_large(limit)) } else { Ok(Bytes::from(out)) }
}

fn too_large(limit: usize) -> Failure {
    let message = format!("the request body is larger than {limit} bytes");
    ApiError::new(413, "invalid_request_error", message).with_code("request_too_large").into()
}

fn unsupported(message: &str) -> Failure {
    ApiError::new(415, "invalid_request_error", message).with_code("unsupported_media_type").into()
}

fn internal() -> ApiError {
    ApiError::new(500, "api_error", "the gateway failed; the log says why").with_code("internal_error")
}
