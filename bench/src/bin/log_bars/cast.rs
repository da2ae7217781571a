//! Requests that were never made: who asked, who served, and by what they are looked for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ollama2openai::http::Outcome;
use ollama2openai::store::LogFilter;
use ollama2openai::telemetry::{Attempt, Consumer, Naming, Node, Record};

/// Who asks and who serves.
pub(crate) struct Cast {
    pub(crate) tokens: Vec<Arc<Consumer>>,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) models: Vec<Arc<str>>,
    /// When the first of them was over.
    begun: Timestamp,
}

impl Cast {
    /// So many requests, ten a second, the last of them now.
    pub(crate) fn new(requests: u64) -> Self {
        let token = |at| {
            Arc::new(Consumer { id: format!("token-id-of-36-characters-{at:010}").into(), name: "t".into() })
        };
        let node = |at: usize| {
            Arc::new(Node {
                backend: format!("backend-id-of-36-characters-{at:08}").into(),
                name: "b".into(),
                channel: format!("channel-id-of-36-characters-{:08}", at / 2).into(),
                channel_name: "c".into(),
            })
        };
        Cast {
            tokens: (0..500).map(token).collect(),
            nodes: (0..20).map(node).collect(),
            models: (0..30).map(|at| format!("model-{at}:70b").into()).collect(),
            begun: Timestamp::now() - Duration::from_millis(requests * 100),
        }
    }

    /// The record of this number: each by chance, but always the same.
    pub(crate) fn record(&self, number: u64) -> Record {
        let chance = scattered(number);
        let pick = |range: usize, shift: u32| (chance >> shift) as usize % range;
        let has_failed = chance.is_multiple_of(20);
        let node = &self.nodes[pick(self.nodes.len(), 8)];
        let failed = || Attempt {
            node: Arc::clone(node),
            outcome: Outcome::UpstreamStatus,
            status: None,
            reason: "the upstream answered 500: the runner has stopped".into(),
            took: Duration::from_millis(40),
        };
        let (outcome, status) = match has_failed {
            true => (Outcome::UpstreamStatus, 502),
            false => (Outcome::Ok, 200),
        };
        let id = format!("req_{chance:032x}");
        Record {
            id: id.parse().expect("hexadecimal digits"),
            at: self.begun + Duration::from_millis(number * 100),
            endpoint: "/v1/chat/completions",
            is_head: false,
            client: [10, 0, pick(4, 12) as u8, pick(200, 16) as u8].into(),
            consumer: Some(Arc::clone(&self.tokens[pick(self.tokens.len(), 24)])),
            model: Arc::clone(&self.models[pick(self.models.len(), 40)]),
            served: None,
            is_stream: true,
            node: (!has_failed).then(|| Arc::clone(node)),
            outcome,
            status,
            error: has_failed.then(|| format!("the runner has stopped ({})", pick(12, 50)).into()),
            calls: Vec::new(),
            attempts: has_failed.then(failed).into_iter().collect(),
            queued: Duration::ZERO,
            first: Some(Duration::from_millis(120)),
            own: Duration::from_micros(80),
            total: Duration::from_millis(1500),
            prompt: 300,
            completion: 120,
            cached: 0,
            source: Some("measured"),
            charged: None,
            gpu: Duration::from_millis(1100),
            naming: Naming::Listed,
            counted: Arc::default(),
            kind: None,
            trace: None,
        }
    }
}

/// splitmix64.
fn scattered(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A filter of each kind, some that find little, and some that find nothing.
pub(crate) fn filters(cast: &Cast, rows: u64) -> Vec<(&'static str, LogFilter)> {
    let some = |text: &str| Some(text.to_owned());
    let known = cast.record(rows / 3);
    let token = known.consumer.as_ref().map(|consumer| consumer.id.to_string());
    let (backend, channel) = (some(&cast.nodes[3].backend), some(&cast.nodes[3].channel));
    let (model, any) = (some(&cast.models[3]), LogFilter::default());
    let at = |number: u64| Some(cast.begun + Duration::from_millis(number * 100));
    let none = some("nobody");
    vec![
        ("first page", any.clone()),
        ("a page in the middle", LogFilter { before: Some(rows as i64 / 2), ..any.clone() }),
        ("time: the newest hour", LogFilter { from: at(rows - rows.min(36_000)), ..any.clone() }),
        ("time: an early hour", LogFilter { from: at(40_000), to: at(76_000), ..any.clone() }),
        ("time: before everything", LogFilter { to: at(0), ..any.clone() }),
        ("token", LogFilter { token: token.clone(), ..any.clone() }),
        ("model", LogFilter { model: model.clone(), ..any.clone() }),
        ("backend", LogFilter { backend: backend.clone(), ..any.clone() }),
        ("channel", LogFilter { channel, ..any.clone() }),
        ("outcome", LogFilter { outcomes: Some(vec!["upstream_status".to_owned()]), ..any.clone() }),
        ("status", LogFilter { statuses: Some(vec![502]), ..any.clone() }),
        ("address", LogFilter { client: some("10.0.1.7"), ..any.clone() }),
        ("text in the error", LogFilter { text: some("STOPPED (7"), ..any.clone() }),
        ("request id", LogFilter { id: some(known.id.to_str().unwrap_or_default()), ..any.clone() }),
        (
            "token, model, backend",
            LogFilter { token: token.clone(), model: model.clone(), backend: backend.clone(), ..any.clone() },
        ),
        (
            "model, status, text",
            LogFilter { model, statuses: Some(vec![502]), text: some("runner"), ..any.clone() },
        ),
        ("token, an early hour", LogFilter { token, from: at(40_000), to: at(76_000), ..any.clone() }),
        ("none: token", LogFilter { token: none.clone(), ..any.clone() }),
        ("none: request id", LogFilter { id: none.clone(), ..any.clone() }),
        ("none: text", LogFilter { text: none, ..any.clone() }),
        (
            "none: backend, and failed well",
            LogFilter {
                backend,
                outcomes: Some(vec!["upstream_status".to_owned()]),
                statuses: Some(vec![200]),
                ..any.clone()
            },
        ),
        (
            "none: failed, and a wrong text",
            LogFilter { outcomes: Some(vec!["ok".to_owned()]), text: some("runner"), ..any },
        ),
    ]
}
