//! Ollamas that do what the model's name or the prompt says, and count what the prompt says.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use ollama2openai::fake::{End, Fake, Request, Script};
use serde_json::{Value, json};

use super::books::Counts;
use crate::support::ollama::{done, line, ollama, says};

/// One backend of the gateway. Those without a fake cannot be reached.
pub struct Machine {
    pub name: &'static str,
    pub channel: &'static str,
    pub url: String,
    fake: Option<Fake>,
}

pub struct Fleet {
    pub machines: Vec<Machine>,
    /// Takes traces.
    pub collector: Fake,
}

/// Tokens of a prompt that ends with this number, and of its answer: no two neighbours have the same.
pub fn counts(nth: usize) -> (u64, u64) {
    (10 + nth as u64 % 41, 1 + nth as u64 % 7)
}

fn text_of(request: &Request) -> String {
    let body = request.json().unwrap_or_default();
    let texts = [&body["messages"][0]["content"], &body["prompt"], &body["input"][0], &body["input"]];
    texts.iter().find_map(|text| text.as_str()).unwrap_or_default().to_owned()
}

fn number_of(request: &Request) -> usize {
    text_of(request).rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn last(request: &Request) -> Value {
    let (prompt, completion) = counts(number_of(request));
    let mut last = done();
    last["prompt_eval_count"] = prompt.into();
    last["eval_count"] = completion.into();
    if request.path == "/api/generate" {
        last["response"] = "".into();
    }
    last
}

fn says_in(request: &Request, text: &str) -> Value {
    let mut said = says(text);
    if request.path == "/api/generate" {
        said["response"] = text.into();
    }
    said
}

fn begun(request: &Request) -> Script {
    Script::streamed("application/x-ndjson", vec![line(&says_in(request, "Hi"))])
}

/// By the model's name.
fn of_model(request: &Request, at: usize) -> Script {
    match request.model().as_str() {
        "boom" => Script::json(500, &json!({"error": "boom"})),
        // Another one serves.
        "flaky" if at == 0 => Script::json(503, &json!({"error": "busy"})),
        "endless" => begun(request).ending(End::Hang),
        "breaks" => begun(request).ending(End::Close),
        absent if absent.starts_with("absent") => {
            Script::json(404, &json!({"error": format!("model '{absent}' not found")}))
        }
        _ => answered(request),
    }
}

/// By the first word of the prompt.
fn of_prompt(request: &Request, at: usize) -> Script {
    match text_of(request).split(' ').next().unwrap_or_default() {
        "mute" => Script::silent(End::Hang),
        "mute-there" if at == 0 => Script::silent(End::Hang),
        "stalls" => begun(request).ending(End::Hang),
        "cut" => begun(request).ending(End::Close),
        "errs" => {
            let error = json!({"error": "the runner has died"});
            Script::ndjson([&says_in(request, "Hi"), &error])
        }
        "long" => answered(request).after(Duration::from_secs(5)),
        "short" => answered(request).after(Duration::from_millis(50)),
        _ => answered(request),
    }
}

fn answered(request: &Request) -> Script {
    let body = request.json().unwrap_or_default();
    if request.path == "/api/embed" {
        let inputs = body["input"].as_array().map_or(1, Vec::len);
        let vectors = vec![[0.5, 0.25]; inputs];
        return Script::json(
            200,
            &json!({"model": "m", "embeddings": vectors, "prompt_eval_count": 5 * inputs}),
        );
    }
    let last = last(request);
    if body["stream"] == true {
        return Script::ndjson([&says_in(request, "Hi"), &says_in(request, " you"), &last]);
    }
    let mut whole = last;
    whole["message"]["content"] = "Hi".into();
    whole["response"] = "Hi".into();
    Script::json(200, &whole)
}

/// An address where nobody listens.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Fleet {
    pub async fn start() -> Fleet {
        let mut machines = Vec::new();
        let main =
            [("main-0", "left"), ("main-1", "left"), ("main-2", "right"), ("main-3", "right")].into_iter();
        for (at, (name, channel)) in main.enumerate() {
            let fake = ollama(move |request| of_model(request, at)).await;
            machines.push(Machine { name, channel, url: fake.url(), fake: Some(fake) });
        }
        let apart = [("slow-0", "slow"), ("slow-1", "slow"), ("narrow-0", "narrow"), ("half-1", "half")];
        for (at, (name, channel)) in apart.into_iter().enumerate() {
            let fake = ollama(move |request| of_prompt(request, at)).await;
            machines.push(Machine { name, channel, url: fake.url(), fake: Some(fake) });
        }
        for (name, channel) in [("half-0", "half"), ("dead-0", "dead")] {
            machines.push(Machine { name, channel, url: format!("http://{}", nowhere()), fake: None });
        }
        let taken = Arc::new(|_: &_| Script::json(200, &json!({"partialSuccess": {}})));
        let collector = Fake::start(([127, 0, 0, 1], 0).into(), taken).await.unwrap();
        Fleet { machines, collector }
    }

    fn fakes(&self) -> impl Iterator<Item = (&Machine, &Fake)> {
        self.machines.iter().filter_map(|machine| Some((machine, machine.fake.as_ref()?)))
    }

    /// How often each that can be reached was asked for an answer, by name.
    pub fn asked(&self) -> Counts {
        let is_answer = |path: &str| matches!(path, "/api/chat" | "/api/generate" | "/api/embed");
        let count = |fake: &Fake| fake.log.all().iter().filter(|seen| is_answer(&seen.request.path)).count();
        self.fakes().map(|(machine, fake)| (machine.name.to_owned(), count(fake) as u64)).collect()
    }

    /// Whether one of a channel was asked with this prompt.
    pub fn has_seen(&self, channel: &str, prompt: &str) -> bool {
        // Not read as JSON: this is asked all the time.
        let prompt = format!("\"{prompt}\"");
        let asks = |body: &[u8]| body.windows(prompt.len()).any(|part| part == prompt.as_bytes());
        let mut fakes = self.fakes().filter(|(machine, _)| machine.channel == channel);
        fakes.any(|(_, fake)| fake.log.all().iter().any(|seen| asks(&seen.request.body)))
    }

    /// All spans that the collector has.
    pub fn spans(&self) -> Vec<Value> {
        let of = |request: &Request| {
            let mut body = request.json().expect("what is sent is JSON");
            std::mem::take(body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array_mut().unwrap())
        };
        self.collector.log.all().iter().flat_map(|seen| of(&seen.request)).collect()
    }
}
