//! Five Ollamas under load of two hundred clients, while they are killed, stalled and revived. Takes 20 s, or as many
//! as `STORM_SECONDS` says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ollama2openai::fake::{End, Fake, Request, Script, Settings};
use ollama2openai::store::NewKey;
use serde_json::json;

use super::{CHAT, key};
use crate::support::Gateway;
use crate::support::client;
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::wait::{beside, pause, until};

const CLIENTS: usize = 200;
const WEIGHTS: [usize; 5] = [50, 40, 30, 20, 10];
/// Between two changes of the weather. Longer than `REQUEST_TIMEOUT`: a request may wait in vain only once.
const SPELL: Duration = Duration::from_millis(1500);

/// One Ollama, or the place where it was.
struct Host {
    addr: SocketAddr,
    fake: Option<Fake>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_stalled: AtomicBool,
    /// Chats that it was asked for.
    asked: AtomicUsize,
}

impl Host {
    async fn new() -> Host {
        // The system chooses the port; it is taken again at each revival.
        let first = ollama(|_| Script::silent(End::Close)).await;
        let addr = first.addr;
        first.stop().await;
        let mut host = Host { addr, fake: None, state: Arc::default() };
        host.revive().await;
        host
    }

    async fn revive(&mut self) {
        self.state.is_stalled.store(false, Relaxed);
        let state = Arc::clone(&self.state);
        let handler = move |request: &Request| answer(&state, request);
        let quiet = Settings { log_limit: 0, ..Settings::default() };
        let fake = Fake::start_with(self.addr, Arc::new(handler), quiet).await;
        self.fake = Some(fake.expect("its port is still free"));
    }

    /// From now on it takes requests and does not finish them.
    fn stall(&self) {
        self.state.is_stalled.store(true, Relaxed);
    }

    async fn kill(&mut self) {
        if let Some(fake) = self.fake.take() {
            fake.stop().await;
        }
    }

    fn asked(&self) -> usize {
        self.state.asked.load(Relaxed)
    }
}

fn answer(state: &State, request: &Request) -> Script {
    let is_stalled = state.is_stalled.load(Relaxed);
    match request.path.as_str() {
        "/api/version" | "/api/tags" if is_stalled => return Script::silent(End::Hang),
        "/api/version" => return Script::json(200, &json!({"version": "0.33.0"})),
        "/api/tags" => return Script::json(200, &json!({"models": [{"name": "m:latest"}]})),
        _ => {}
    }
    let nth = state.asked.fetch_add(1, Relaxed);
    let think = Duration::from_millis(150);
    match (request.json().is_some_and(|json| json["stream"] == true), is_stalled) {
        (true, false) => {
            let body = vec![line(&says("a")), pause_ms(150), line(&says("b")), pause_ms(100), line(&done())];
            Script::streamed("application/x-ndjson", body).after(think)
        }
        (false, false) => whole("ab").after(think * 2),
        // Every second one stalls after it has begun.
        (true, true) if nth.is_multiple_of(2) => {
            Script::streamed("application/x-ndjson", vec![line(&says("a"))]).ending(End::Hang)
        }
        (_, true) => Script::silent(End::Hang),
    }
}

/// What the clients saw.
#[derive(Default)]
struct Seen {
    served: AtomicUsize,
    /// Streams that had begun and ended with an error frame.
    cut: AtomicUsize,
    wrong: Mutex<BTreeMap<String, usize>>,
}

impl Seen {
    fn note(&self, stream: bool, reply: &client::Response) {
        let text = reply.text();
        let has_error = text.contains("\"error\"");
        let has_ended = if stream { text.ends_with("data: [DONE]\n\n") } else { reply.complete };
        let has_begun = stream && text.contains("\"content\":\"a\"");
        match (reply.status, has_ended, has_error) {
            (200, true, false) => self.served.fetch_add(1, Relaxed),
            (200, true, true) if has_begun => self.cut.fetch_add(1, Relaxed),
            _ => {
                let what = format!("stream {stream}, {}: {text}", reply.status);
                *self.wrong.lock().unwrap().entry(what).or_default() += 1;
                0
            }
        };
    }
}

async fn client_loop(addr: SocketAddr, seen: Arc<Seen>, is_over: Arc<AtomicBool>, mut stream: bool) {
    let mut connection = client::connect(addr).await;
    while !is_over.load(Relaxed) {
        stream = !stream;
        let request = client::Request::post(CHAT, &chat(stream));
        seen.note(stream, &client::exchange(&mut connection, &request).await);
    }
}

/// Counts for a while and compares with the weights.
async fn assert_shares(hosts: &[Host], time: Duration, when: &str) {
    let before: Vec<_> = hosts.iter().map(Host::asked).collect();
    pause(time).await;
    let asked: Vec<_> = hosts.iter().zip(before).map(|(host, before)| host.asked() - before).collect();
    let (total, weights): (usize, usize) = (asked.iter().sum(), WEIGHTS.iter().sum());
    println!("{when}: {asked:?} of {total}");
    for (asked, weight) in asked.iter().zip(WEIGHTS) {
        let (share, wanted) = (*asked as f64 / total as f64, weight as f64 / weights as f64);
        assert!((share - wanted).abs() < 0.02, "{when}: {share:.3} instead of {wanted:.3}");
    }
}

/// One is killed and, in turn, another stalls first: never more than two at once.
async fn blow(hosts: &mut [Host], until: Instant) -> usize {
    let mut spells = 0;
    while Instant::now() < until {
        let (one, other) = (spells % hosts.len(), (spells + 2) % hosts.len());
        hosts[one].kill().await;
        hosts[other].stall();
        pause(SPELL).await;
        hosts[one].revive().await;
        hosts[other].kill().await;
        pause(SPELL).await;
        hosts[other].revive().await;
        pause(SPELL).await;
        spells += 1;
    }
    spells
}

#[expect(clippy::disallowed_methods, reason = "the one setting of a test, and no setting of the program")]
fn seconds() -> u64 {
    std::env::var("STORM_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(20)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_sees_what_another_backend_could_have_avoided() {
    let time = Duration::from_secs(seconds());
    let mut hosts = Vec::new();
    for _ in WEIGHTS {
        hosts.push(Host::new().await);
    }
    let keys = hosts.iter().zip(WEIGHTS).enumerate().map(|(number, (host, weight))| NewKey {
        weight: i64::try_from(weight).unwrap(),
        ..key(&format!("host-{number}"), &format!("http://{}", host.addr))
    });
    let env = [("HEALTH_CHECK_INTERVAL", "1"), ("REQUEST_TIMEOUT", "1s"), ("STREAM_IDLE_TIMEOUT", "1s")];
    let gateway = Gateway::with_rows(&env, &[], &keys.collect::<Vec<_>>()).await;
    let (seen, is_over) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|nth| {
            let (seen, is_over) = (Arc::clone(&seen), Arc::clone(&is_over));
            beside(client_loop(gateway.addr, seen, is_over, nth % 2 == 0))
        })
        .collect();
    assert_shares(&hosts, time / 6, "before the storm").await;
    assert_eq!(seen.cut.load(Relaxed), 0, "nothing breaks while all are well");
    let spells = blow(&mut hosts, Instant::now() + time * 4 / 6).await;
    let before: Vec<_> = hosts.iter().map(Host::asked).collect();
    let is_back = |(host, before): (&Host, &usize)| host.asked() > before + 5;
    until("all are well again", || hosts.iter().zip(&before).all(is_back)).await;
    assert_shares(&hosts, time / 6, "after the storm").await;
    is_over.store(true, Relaxed);
    for client in clients {
        client.value().await;
    }
    let (served, cut) = (seen.served.load(Relaxed), seen.cut.load(Relaxed));
    let wrong = seen.wrong.lock().unwrap();
    println!("{spells} spells, {served} served, {cut} streams cut, {} kinds of errors", wrong.len());
    assert!(
        wrong.is_empty(),
        "{} errors that could have been avoided: {wrong:#?}",
        wrong.values().sum::<usize>()
    );
    assert!(cut > 0, "the storm has touched nobody");
}
