//! `/admin/api/logs/tail`: requests as they end, by server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

use crate::admin::Admin;
use crate::admin::asked::Asked;
use crate::admin::error::AdminError;
use crate::admin::routes::Streamed;
use crate::store::{LogFacts, LogFilter};
use crate::telemetry::Line;

use super::filter::Wanted;

/// Who may follow at once.
const MOST: usize = 64;
/// A comment is sent when there was nothing else for so long.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so long the stream ends, and whoever wants more asks again, with an account that may have lost its rights.
const LONGEST: Duration = Duration::from_secs(300);
/// How long a browser waits before it asks again, in milliseconds.
const RETRY: u64 = 1000;

/// Each request that the filters admit, from now on; before them the last ones, as many as `backlog` says.
pub(in crate::admin) async fn tail(
    State(admin): State<Arc<Admin>>,
    Asked(mut fields): Asked,
    headers: HeaderMap,
) -> Result<Response, AdminError> {
    let backlog = fields.number("backlog", 0, 100_000).unwrap_or_default();
    let wanted = Wanted::read(&mut fields, &admin).await?;
    // Events have no place for warnings.
    fields.end_all()?;
    let journal = &admin.ledger.journal;
    if journal.followers() >= MOST {
        let message = format!("{MOST} follow already; try again when one has left");
        return Err(AdminError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_followers", message));
    }
    admin.ledger.tell();
    let (recent, lines) = journal.follow();
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let filter = wanted.filter;
    let mut waiting: VecDeque<Line> = recent.into_iter().filter(|line| admits(&filter, line)).collect();
    match seen {
        Some(seen) if waiting.back().is_some_and(|last| last.number >= seen) => {
            waiting.retain(|line| line.number > seen);
        }
        // A number of another start of the gateway says nothing.
        _ => {
            let surplus = waiting.len().saturating_sub(usize::try_from(backlog).unwrap_or(usize::MAX));
            waiting.drain(..surplus);
        }
    }
    let ends = Instant::now() + LONGEST;
    let follower =
        Follower { admin, filter, waiting, lines, ends, lead: Some(format!("retry: {RETRY}\n\n")) };
    let mut reply =
        ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream::unfold(follower, next)))
            .into_response();
    reply.extensions_mut().insert(Streamed);
    Ok(reply)
}

struct Follower {
    admin: Arc<Admin>,
    filter: LogFilter,
    /// What is sent first.
    waiting: VecDeque<Line>,
    lines: Receiver<Line>,
    ends: Instant,
    lead: Option<String>,
}

async fn next(mut follower: Follower) -> Option<(Result<Bytes, Infallible>, Follower)> {
    let mut text = follower.lead.take().unwrap_or_default();
    for line in follower.waiting.drain(..) {
        event(&line, &mut text);
    }
    if text.is_empty() {
        text = follower.wait().await?;
    }
    Some((Ok(text.into()), follower))
}

impl Follower {
    /// What comes next; `None` ends the stream.
    async fn wait(&mut self) -> Option<String> {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            if Instant::now() >= self.ends {
                return None;
            }
            let closing = self.admin.ledger.journal.closing();
            let come = tokio::select! {
                come = timeout_at(heartbeat.min(self.ends), self.lines.recv()) => come,
                () = closing => return None,
            };
            match come {
                Ok(Ok(line)) if admits(&self.filter, &line) => {
                    let mut text = String::new();
                    event(&line, &mut text);
                    return Some(text);
                }
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(count))) => {
                    return Some(format!("event: dropped\ndata: {{\"count\":{count}}}\n\n"));
                }
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => return Some(": still here\n\n".to_owned()),
            }
        }
    }
}

fn event(line: &Line, text: &mut String) {
    text.push_str(&format!("event: request\nid: {}\ndata: {}\n\n", line.number, line.json));
}

fn admits(filter: &LogFilter, line: &Line) -> bool {
    *filter == LogFilter::default() || LogFacts::of(&line.json).is_ok_and(|facts| filter.admits(&facts))
}
