//! What the dashboard tells of use: what clients were served, over restarts, from sums that have an end.

use std::time::Duration;

use jiff::Timestamp;
use ollama2openai::config::TokenHash;
use ollama2openai::fake::{Fake, Request as Seen, Script};
use ollama2openai::store::{NewToken, Store, UsageCounts, UsageKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CHAT, PASSWORD, get, refused};
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, done, ollama, says};
use crate::support::wait::{DEADLINE, pause};
use crate::support::{Gateway, home_with_tokens};

/// What the upstream says that a reply has cost.
const PROMPT: i64 = 7;
const COMPLETION: i64 = 5;
/// And how long it has computed: 30 ms for the prompt and 90 ms for the reply.
const GPU_MS: i64 = 120;
/// How long the slow ones take at least.
const SLOW: Duration = Duration::from_millis(60);

fn last() -> Value {
    let mut last = done();
    let more = json!({"prompt_eval_count": PROMPT, "eval_count": COMPLETION, "load_duration": 9_000_000_000_u64,
        "prompt_eval_duration": 30_000_000, "eval_duration": 90_000_000});
    last.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    last
}

/// Answers by what the prompt says.
fn answers(asked: &Seen) -> Script {
    let body = asked.json().unwrap_or_default();
    let prompt = body["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    if prompt.contains("fail") {
        return Script::json(500, &json!({"error": "no memory"}));
    }
    if body["stream"] == true {
        return Script::ndjson([&says("Hi"), &last()]);
    }
    let mut whole = last();
    whole["message"]["content"] = "Hi".into();
    let reply = Script::json(200, &whole);
    if prompt.contains("slow") { reply.after(SLOW) } else { reply }
}

const TEXTS: [&str; 2] = ["sk-text-of-alice", "sk-text-of-bob"];

async fn home() -> TempDir {
    let token = |(text, id): (&&str, &str)| NewToken {
        id: Some(id.to_owned()),
        ..NewToken::new(id, TokenHash::of(text.as_bytes()), "", "")
    };
    let tokens: Vec<_> = TEXTS.iter().zip(["alice", "bob"]).map(token).collect();
    home_with_tokens(&tokens).await
}

async fn started(home: TempDir, fake: &Fake) -> Gateway {
    let env = [
        ("ADMIN_PASSWORD", PASSWORD),
        ("OLLAMA_BASE_URL", &fake.url()),
        ("CACHE_CHAT", "true"),
        ("MAX_RETRIES", "0"),
    ];
    let gateway = Gateway::start_in(home, &env).await;
    gateway.look().await;
    gateway
}

/// What clients were told, added up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Told {
    requests: i64,
    failed: i64,
    prompt: i64,
    completion: i64,
    cached: i64,
    gpu: i64,
}

impl Told {
    fn of(shown: &Value) -> Told {
        let count = |name: &str| shown[name].as_i64().unwrap_or_else(|| panic!("no {name} in {shown}"));
        Told {
            requests: count("requests"),
            failed: count("failed"),
            prompt: count("promptTokens"),
            completion: count("completionTokens"),
            cached: count("cachedTokens"),
            gpu: count("gpuMs"),
        }
    }

    fn add(&mut self, other: Told) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.prompt += other.prompt;
        self.completion += other.completion;
        self.cached += other.cached;
        self.gpu += other.gpu;
    }

    fn sum<'v>(shown: impl IntoIterator<Item = &'v Value>) -> Told {
        shown.into_iter().fold(Told::default(), |mut sum, one| {
            sum.add(Told::of(one));
            sum
        })
    }

    /// What a reply says.
    fn by(reply: &Response) -> Told {
        let text = reply.text();
        let events = text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
        let jsons = events.chain([text.clone()]);
        let usage = jsons.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
        let usage = usage.map(|json| json["usage"].clone()).find(Value::is_object).unwrap_or_default();
        let count = |name: &str| usage[name].as_i64().unwrap_or_default();
        let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"));
        let is_hit = reply.header("x-cache") == Some("HIT");
        Told {
            requests: 1,
            failed: i64::from(reply.status != 200),
            prompt,
            completion,
            cached: if is_hit { prompt + completion } else { 0 },
            gpu: if is_hit || reply.status != 200 { 0 } else { GPU_MS },
        }
    }
}

/// All that was told to clients.
#[derive(Debug, Default)]
struct Books {
    tokens: [Told; 2],
    /// Replies of 200, 400, 502 and 401; the last ones to strangers.
    ends: [i64; 4],
}

impl Books {
    /// Requests of all kinds, by both tokens and by strangers.
    async fn serve(&mut self, gateway: &Gateway, rounds: usize) {
        for round in 0..rounds {
            for (who, text) in TEXTS.iter().enumerate() {
                let request = Request::post(CHAT, &asked(round, who));
                let reply = gateway.send(&request.header("authorization", &format!("Bearer {text}"))).await;
                self.end(&reply);
                self.tokens[who].add(Told::by(&reply));
            }
            let stranger = Request::post(CHAT, &chat(false)).header("authorization", "Bearer sk-of-nobody");
            self.end(&gateway.send(&stranger).await);
        }
    }

    fn end(&mut self, reply: &Response) {
        let end = [200, 400, 502, 401].iter().position(|status| *status == reply.status);
        self.ends[end.unwrap_or_else(|| panic!("{}: {}", reply.status, reply.text()))] += 1;
    }

    fn strangers(&self) -> Told {
        Told { requests: self.ends[3], failed: self.ends[3], ..Told::default() }
    }

    #[track_caller]
    fn agree(&self, shown: &Value) {
        let mut all = self.strangers();
        self.tokens.iter().for_each(|told| all.add(*told));
        assert!(all.cached > 0 && all.gpu > 0, "{all:?}");
        assert_eq!(Told::of(&shown["totals"]), all);
        for part in ["minutes", "hours", "days"] {
            assert_eq!(Told::sum(list(shown, &format!("/{part}"))), all, "{part}");
        }
        for part in ["byModel", "byToken", "byBackend"] {
            let mut sum = Told::sum(list(shown, &format!("/{part}/top")));
            assert_eq!(Told::of(&shown[part]["rest"]), Told::default(), "{part} has no more than three");
            sum.add(Told::of(&shown[part]["rest"]));
            assert_eq!(sum, all, "{part}");
        }
        for (who, id) in ["alice", "bob"].into_iter().enumerate() {
            let shown = find(shown, "/byToken/top", "id", id);
            assert_eq!((Told::of(shown), &shown["name"]), (self.tokens[who], &json!(id)));
        }
        assert_eq!(Told::of(find(shown, "/byToken/top", "id", "")), self.strangers());
        let [ok, bad, upstream, unauthorized] = self.ends;
        let outcomes =
            json!({"ok": ok, "bad_request": bad, "upstream_status": upstream, "unauthorized": unauthorized});
        assert_eq!(shown["outcomes"], outcomes);
        assert_eq!(shown["errors"]["invalid_api_key"], json!(unauthorized), "{}", shown["errors"]);
    }
}

fn asked(round: usize, who: usize) -> Value {
    let mut body = chat(round.is_multiple_of(3));
    let prompt = match round % 10 {
        1 | 2 => "the same".to_owned(),
        4 if who == 0 => format!("fail {round}"),
        5 => format!("slow {round} {who}"),
        _ => format!("{round} {who}"),
    };
    body["messages"][0]["content"] = prompt.into();
    if round.is_multiple_of(3) {
        body["stream_options"] = json!({"include_usage": true});
    }
    match round % 10 {
        6 => body["model"] = format!("made-up-{round}-{who}").into(),
        7 if who == 1 => body["messages"] = json!([]),
        _ => {}
    }
    body
}

fn list<'v>(shown: &'v Value, path: &str) -> &'v [Value] {
    shown.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("no {path} in {shown}"))
}

fn find<'v>(shown: &'v Value, path: &str, name: &str, value: &str) -> &'v Value {
    let found = list(shown, path).iter().find(|one| one[name] == value);
    found.unwrap_or_else(|| panic!("no {value} in {path} of {shown}"))
}

/// A gateway that was asked this much, and its dashboard.
async fn used(fake: &Fake, rounds: usize) -> (Gateway, Books, Value) {
    let (gateway, mut books) = (started(home().await, fake).await, Books::default());
    books.serve(&gateway, rounds).await;
    let shown = get(&gateway, "/dashboard").await;
    (gateway, books, shown)
}

#[tokio::test]
async fn the_dashboard_tells_what_clients_were_told_over_restarts() {
    let fake = ollama(answers).await;
    let (gateway, mut books, shown) = used(&fake, 100).await;
    books.agree(&shown);
    let again = started(gateway.stopped().await, &fake).await;
    books.agree(&get(&again, "/dashboard").await);
    books.serve(&again, 20).await;
    books.agree(&get(&again, "/dashboard").await);
}

#[tokio::test]
async fn names_that_clients_make_up_are_one_model() {
    let fake = ollama(answers).await;
    let (_gateway, books, shown) = used(&fake, 30).await;
    let models: Vec<_> = list(&shown, "/byModel/top").iter().map(|model| &model["model"]).collect();
    assert_eq!(models.len(), 3, "m, others, and none: {models:?}");
    let others = find(&shown, "/byModel/top", "model", "other");
    assert_eq!(others["requests"], json!(6), "{others}");
    let nobodys = find(&shown, "/byModel/top", "model", "");
    assert!(nobodys["requests"].as_i64() >= Some(books.ends[1] + books.ends[3]), "{nobodys}");
}

#[tokio::test]
async fn times_are_told_by_span_model_and_backend() {
    let fake = ollama(answers).await;
    let (_gateway, _, shown) = used(&fake, 10).await;
    let model = find(&shown, "/byModel/top", "model", "m");
    let name = shown["backends"]["list"][0]["name"].as_str().unwrap_or_default();
    let backend = find(&shown, "/byBackend/top", "name", name);
    for of in [&shown, model, backend] {
        let at = |name: &str, share: &str| {
            of[name][share].as_i64().unwrap_or_else(|| panic!("{name} {share}: {}", of[name]))
        };
        for name in ["latency", "firstToken"] {
            assert!(at(name, "p50") <= at(name, "p95") && at(name, "p95") <= at(name, "p99"), "{}", of[name]);
        }
        assert!(at("latency", "p99") > 50, "two of the requests took at least 60 ms: {}", of["latency"]);
    }
    assert_eq!(shown["minutes"][0]["latency"], json!({"p50": null, "p95": null, "p99": null}));
    assert_eq!(
        shown["backends"]["states"],
        json!({"up": 1, "cooling": 0, "half_open": 0, "down": 0, "unknown": 0, "disabled": 0})
    );
    assert_eq!((&shown["ledger"]["failing"], &shown["queue"]["waiting"]), (&json!(false), &json!(0)));
}

/// Usage of one request in the minute that was so long ago.
async fn store_use(store: &Store, ago: Duration, model: &str) {
    let second = Timestamp::now().as_second() - i64::try_from(ago.as_secs()).unwrap();
    let key = UsageKey {
        minute: second - second.rem_euclid(60),
        token: "alice",
        model,
        channel: "",
        backend: "b",
        outcome: "ok",
    };
    let counts =
        UsageCounts { requests: 1, prompt_tokens: 2, completion_tokens: 3, ..UsageCounts::default() };
    store.add_usage(&[(key, counts)], &[], &[]).await.unwrap();
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn of_more_models_than_are_told_apart_the_rest_is_one() {
    let home = home().await;
    let store = Store::open(home.path(), None).await.unwrap();
    for at in 0..14 {
        store_use(&store, HOUR * 24 * 3, &format!("model-{at:02}")).await;
    }
    store_use(&store, HOUR * 24 * 40, "old").await;
    store.close().await;
    let fake = ollama(answers).await;
    let gateway = started(home, &fake).await;
    let shown = get(&gateway, "/dashboard?hours=24").await;
    let models = list(&shown, "/byModel/top");
    assert_eq!((models.len(), &models[9]["model"]), (10, &json!("model-09")));
    assert_eq!(shown["byModel"]["rest"]["requests"], json!(4));
    assert_eq!((list(&shown, "/hours").len(), list(&shown, "/days").len()), (24, 30));
    assert_eq!((&shown["totals"]["requests"], &shown["today"]["requests"]), (&json!(15), &json!(0)));
    let long = get(&gateway, "/dashboard?days=60").await;
    assert_eq!((list(&long, "/days").len(), &long["byModel"]["rest"]["requests"]), (60, &json!(5)));
    for query in ["days=0", "hours=745", "days=x"] {
        refused(&gateway, 400, "GET", &format!("/dashboard?{query}"), &Value::Null).await;
    }
}

#[tokio::test]
async fn minutes_are_kept_for_two_days_and_hours_stay() {
    let home = home().await;
    let store = Store::open(home.path(), None).await.unwrap();
    for hours in [1, 47, 49, 72, 1000] {
        for model in 0..300 {
            store_use(&store, HOUR * hours, &format!("model-{model}")).await;
        }
    }
    assert_eq!(store.minutes_since(0).await.unwrap().len(), 1500);
    let fake = ollama(answers).await;
    let gateway = started(home, &fake).await;
    let end = std::time::Instant::now() + DEADLINE;
    while store.minutes_since(0).await.unwrap().len() > 600 {
        assert!(std::time::Instant::now() < end, "old minutes are still there");
        pause(Duration::from_millis(20)).await;
    }
    assert_eq!(store.minutes_since(0).await.unwrap().len(), 600, "those of two days stay");
    assert_eq!(store.usage_since(0).await.unwrap().len(), 1500);
    let shown = get(&gateway, "/dashboard?days=60").await;
    assert_eq!(
        (&shown["totals"]["requests"], &shown["byModel"]["top"][0]["requests"]),
        (&json!(1500), &json!(5))
    );
}
