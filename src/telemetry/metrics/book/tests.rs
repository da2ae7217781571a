use super::*;
use crate::telemetry::{Attempt, Call, Naming};

fn record(model: &str, token: &str) -> Record {
    let [channel, channel_name] = Default::default();
    let node = Arc::new(Node { backend: "b".into(), name: "b".into(), channel, channel_name });
    let call = Call { node: Arc::clone(&node), outcome: Outcome::Ok, first: Duration::from_millis(400) };
    Record {
        id: http::HeaderValue::from_static("req_1"),
        at: jiff::Timestamp::UNIX_EPOCH,
        endpoint: "/v1/chat/completions",
        is_head: false,
        client: [127, 0, 0, 1].into(),
        consumer: Some(Arc::new(Consumer { id: token.into(), name: token.into() })),
        model: model.into(),
        naming: Naming::Listed,
        counted: model.into(),
        is_stream: true,
        node: Some(node),
        outcome: Outcome::Ok,
        status: 200,
        kind: None,
        error: None,
        served: None,
        calls: vec![call],
        attempts: Vec::new(),
        queued: Duration::ZERO,
        first: Some(Duration::from_secs(1)),
        own: Duration::from_micros(20),
        total: Duration::from_secs(3),
        prompt: 7,
        completion: 5,
        cached: 0,
        gpu: Duration::ZERO,
        source: Some("measured"),
        charged: None,
        trace: None,
    }
}

#[test]
fn a_hundred_thousand_names_end_in_one() {
    let mut book = Book::default();
    for nth in 0..100_000 {
        book.add(&record(&format!("model-{nth}"), &format!("token-{nth}")));
    }
    let models = &book.models["chat"];
    assert_eq!((models.len(), book.tokens.len(), book.backends.len()), (MODELS + 1, TOKENS + 1, 1));
    assert_eq!(models[OTHER].duration.count(), 100_000 - MODELS as u64);
    assert_eq!(book.tokens[OTHER].requests, 100_000 - TOKENS as u64);
    book.add(&Record { model: "Model-0:LATEST".into(), ..record("model-0", "token-0") });
    assert_eq!((models_of(&book, "model-0"), book.tokens["token-0"].requests), (2, 2));
}

#[test]
fn each_choice_is_an_attempt_with_a_first_token_of_its_own() {
    let mut book = Book::default();
    let one = record("m", "t");
    let calls =
        [Outcome::Ok, Outcome::UpstreamStream].map(|outcome| Call { outcome, ..one.calls[0].clone() });
    book.add(&Record { calls: calls.to_vec(), outcome: Outcome::UpstreamStream, ..one });
    let backend = &book.backends["b"];
    assert_eq!(backend.attempts, BTreeMap::from([("ok", 1), ("upstream_stream", 1)]));
    assert_eq!((backend.first.count(), backend.tokens), (2, [7, 5]));
    assert!((backend.first.sum() - 0.8).abs() < 1e-9, "from when it was asked: {}", backend.first.sum());
}

fn models_of(book: &Book, name: &str) -> u64 {
    book.models["chat"][name].duration.count()
}

#[test]
fn the_time_of_a_token_leaves_the_first_one_out() {
    let mut book = Book::default();
    book.add(&record("m", "t"));
    let model = &book.models["chat"]["m"];
    assert_eq!((model.per_token.count(), model.per_token.sum()), (1, 0.5), "(3 s - 1 s) / (5 - 1)");
    for one in [
        Record { is_stream: false, ..record("m", "t") },
        Record { completion: 1, ..record("m", "t") },
        Record { outcome: Outcome::UpstreamStream, ..record("m", "t") },
    ] {
        book.add(&one);
    }
    assert_eq!(book.models["chat"]["m"].per_token.count(), 1);
}

#[test]
fn what_came_from_a_cache_was_not_spent() {
    let half =
        Record { endpoint: "/v1/embeddings", prompt: 10, completion: 0, cached: 4, ..record("m", "t") };
    let all =
        Record { prompt: 3, completion: 2, cached: 5, node: None, calls: Vec::new(), ..record("m", "t") };
    assert_eq!((spent(&half), spent(&all)), ([6, 0], [0, 0]));
    let mut book = Book::default();
    [half, all].iter().for_each(|record| book.add(record));
    assert_eq!((book.cached_tokens, book.backends["b"].tokens), (9, [6, 0]));
    assert!(book.refusals.is_empty());
    assert!(
        !book.requests.keys().any(|(_, endpoint, _)| *endpoint == "/v1/chat/completions"),
        "a hit is none"
    );
}

#[test]
fn a_retry_is_what_another_attempt_followed() {
    let failed = |outcome| {
        let node = record("m", "t").node.expect("there is one");
        Attempt { node, outcome, status: None, reason: "".into(), took: Duration::ZERO }
    };
    let mut book = Book::default();
    let attempts = vec![failed(Outcome::UpstreamConnect), failed(Outcome::Timeout)];
    book.add(&Record { attempts: attempts.clone(), ..record("m", "t") });
    let (node, calls, outcome) = (None, Vec::new(), Outcome::Timeout);
    book.add(&Record { attempts, node, calls, outcome, status: 504, ..record("m", "t") });
    assert_eq!(book.retries, BTreeMap::from([("upstream_connect", 2), ("timeout", 1)]));
    assert_eq!(book.upstream_errors, BTreeMap::from([(None, 4)]));
    assert_eq!(book.backends["b"].attempts["ok"], 1);
}
