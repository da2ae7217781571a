//! A run as Ollama sends it: a line a token, or one object.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::answer::Call;
use super::ask::{Ask, Kind};
use super::json::{self, Failure, dated, go, nanos, object, put_number, timestamp};
use super::models::{Model, Path};
use super::run::{Ending, Run, Step};
use super::text::{hash, id, pieces};
use crate::fake::script::{Piece, Script};

/// What the reply takes its times from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) load: Duration,
    pub(super) token: Duration,
    /// Lines before the runner dies.
    pub(super) crash_after: Option<usize>,
}

/// What one line adds to the answer.
#[derive(Debug, Default)]
struct Part {
    text: String,
    thinking: String,
    calls: Vec<Value>,
    logprobs: Vec<Value>,
}

/// How a reply ends, in its own fields.
struct Last<'a> {
    reason: Option<&'a str>,
    numbers: Map<String, Value>,
    context: Option<Vec<u64>>,
}

/// Sends a run back.
pub(super) fn reply(ask: &Ask, model: &Model, run: &Run, pace: Pace) -> Script {
    if ask.stream { streamed(ask, model, run, pace) } else { whole(ask, run, pace) }
}

fn whole(ask: &Ask, run: &Run, pace: Pace) -> Script {
    let time = pace.load + prompt_time(pace) + gap(pace, run.steps.len() / 2) * as_u32(run.steps.len());
    if pace.crash_after.is_some() {
        return crashed().script(false).after(time);
    }
    if let Ending::Failed(failure) = &run.ending {
        return failure.script(false).after(time);
    }
    let mut part = Part::default();
    for step in &run.steps {
        add(&mut part, step, ask);
    }
    let last = last(ask, run, pace, time);
    json::whole(&line(ask, &part, time, last.as_ref())).after(time)
}

fn streamed(ask: &Ask, model: &Model, run: &Run, pace: Pace) -> Script {
    let mut stream =
        Stream { ask, pace, time: pace.load + prompt_time(pace), waited: Duration::ZERO, body: Vec::new() };
    let mut held = Part::default();
    let mut lines = 0;
    for (at, step) in run.steps.iter().enumerate() {
        if pace.crash_after.is_some_and(|limit| lines >= limit) {
            return stream.fail(&crashed());
        }
        stream.pass(gap(pace, at));
        let native_call = model.path == Path::Native && matches!(step, Step::Call(..));
        if native_call {
            add(&mut held, step, ask);
            continue;
        }
        if matches!(step, Step::Hidden(_)) && !ask.logprobs {
            continue;
        }
        let mut part = Part::default();
        add(&mut part, step, ask);
        stream.send(&part, None);
        lines += 1;
    }
    if pace.crash_after.is_some() {
        return stream.fail(&crashed());
    }
    match &run.ending {
        Ending::Failed(failure) => return stream.fail(failure),
        Ending::Silent => {}
        Ending::Stop | Ending::Length => {
            let last = last(ask, run, pace, stream.time);
            stream.send(&held, last.as_ref());
        }
    }
    stream.script()
}

struct Stream<'a> {
    ask: &'a Ask,
    pace: Pace,
    /// Since the request.
    time: Duration,
    /// Not sent yet as a pause.
    waited: Duration,
    body: Vec<Piece>,
}

impl Stream<'_> {
    fn pass(&mut self, time: Duration) {
        self.time += time;
        self.waited += time;
    }

    fn push(&mut self, text: String) {
        if !self.waited.is_zero() {
            self.body.push(Piece::Pause(self.waited));
            self.waited = Duration::ZERO;
        }
        self.body.push(Piece::Bytes(Bytes::from(text)));
    }

    fn send(&mut self, part: &Part, last: Option<&Last<'_>>) {
        let line = line(self.ask, part, self.time, last);
        self.push(go(&line) + "\n");
    }

    /// An error: with a status of its own while nothing has been sent, a line afterwards.
    fn fail(mut self, failure: &Failure) -> Script {
        if self.body.is_empty() {
            return failure.script(true).after(self.time);
        }
        self.push(go(&object([("error", failure.text.as_str().into())])) + "\n");
        self.script()
    }

    fn script(mut self) -> Script {
        let mut before = self.pace.load + prompt_time(self.pace);
        // The head goes with the first line, not before.
        if let Some(Piece::Pause(time)) = self.body.first() {
            before += *time;
            self.body.remove(0);
        }
        dated(Script::streamed("application/x-ndjson", self.body)).after(before)
    }
}

pub(super) fn crashed() -> Failure {
    Failure::of_runner(500, "an error was encountered while running the model: unexpected EOF")
}

fn prompt_time(pace: Pace) -> Duration {
    pace.token * 3
}

/// The time before a token: two to four thirds of the usual, in no order that one sees.
fn gap(pace: Pace, at: usize) -> Duration {
    let third = as_u32(at.wrapping_mul(7) % 5);
    pace.token * (4 + third) / 6
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn add(part: &mut Part, step: &Step, ask: &Ask) {
    match step {
        Step::Think(token) => part.thinking.push_str(token),
        Step::Text(token) => part.text.push_str(token),
        Step::Hidden(_) | Step::Gap => {}
        Step::Call(_, call) => part.calls.push(tool_call(call)),
    }
    if let (true, Some(token)) = (ask.logprobs, step.token()) {
        part.logprobs.push(logprob(token, ask.top_logprobs));
    }
}

fn tool_call(call: &Call) -> Value {
    let function = object([
        ("index", call.index.into()),
        ("name", call.name.as_str().into()),
        ("arguments", call.arguments.clone()),
    ]);
    object([("id", call.id.as_str().into()), ("function", function)])
}

fn logprob(token: &str, top: usize) -> Value {
    let entry = |token: &str, logprob: f64| {
        let bytes: Vec<Value> = token.bytes().map(Value::from).collect();
        [("token", token.into()), ("logprob", logprob.into()), ("bytes", Value::Array(bytes))]
    };
    let own = -((hash(token) % 1000) as f64) / 2500.0 - 0.0001;
    let mut fields: Map<String, Value> =
        entry(token, own).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if top > 0 {
        let others = [" the", " a", " it", ",", ".", " and", " to", " of", " in", " is"];
        let others = others.iter().copied().filter(|other| *other != token);
        let all = std::iter::once(token).chain(others.cycle()).take(top).enumerate();
        let made = all.map(|(rank, token)| object(entry(token, own - rank as f64 * 1.25)));
        fields.insert("top_logprobs".to_owned(), made.collect());
    }
    Value::Object(fields)
}

fn last(ask: &Ask, run: &Run, pace: Pace, time: Duration) -> Option<Last<'static>> {
    let reason = match run.ending {
        Ending::Stop => "stop",
        Ending::Length => "length",
        Ending::Silent | Ending::Failed(_) => return None,
    };
    let some = Duration::from_micros(1300 + run.prompt_tokens);
    let prompt_time = prompt_time(pace) + some;
    let mut numbers = Map::new();
    put_number(&mut numbers, "total_duration", nanos(time + some * 3));
    put_number(&mut numbers, "load_duration", nanos(pace.load + some));
    put_number(&mut numbers, "prompt_eval_count", run.prompt_tokens);
    put_number(&mut numbers, "prompt_eval_duration", nanos(prompt_time));
    put_number(&mut numbers, "eval_count", run.answer_tokens);
    put_number(&mut numbers, "eval_duration", nanos(time.saturating_sub(prompt_time + pace.load) + some));
    let context = (ask.kind == Kind::Generate && !ask.raw).then(|| {
        let prompt = ask.prompt();
        let answer = run.steps.iter().filter_map(Step::token);
        let ids = pieces(&prompt).into_iter().chain(answer).map(id);
        ask.context.iter().copied().chain(ids).collect()
    });
    Some(Last { reason: Some(reason), numbers, context })
}

fn line(ask: &Ask, part: &Part, time: Duration, last: Option<&Last<'_>>) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("model", ask.model.as_str().into());
    put("created_at", timestamp(time));
    match ask.kind {
        Kind::Chat => {
            put("message", message(part));
        }
        Kind::Generate => {
            put("response", part.text.as_str().into());
            if !part.thinking.is_empty() {
                put("thinking", part.thinking.as_str().into());
            }
        }
    }
    put("done", last.is_some().into());
    if let Some(reason) = last.and_then(|last| last.reason) {
        put("done_reason", reason.into());
    }
    let logprobs = Value::Array(part.logprobs.clone());
    if ask.kind == Kind::Chat && !part.logprobs.is_empty() {
        put("logprobs", logprobs.clone());
    }
    if let Some(last) = last {
        if let Some(context) = &last.context {
            put("context", context.clone().into());
        }
        fields.extend(last.numbers.clone());
    }
    if ask.kind == Kind::Generate && !part.logprobs.is_empty() {
        fields.insert("logprobs".to_owned(), logprobs);
    }
    Value::Object(fields)
}

fn message(part: &Part) -> Value {
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), part.text.as_str().into());
    if !part.thinking.is_empty() {
        message.insert("thinking".to_owned(), part.thinking.as_str().into());
    }
    if !part.calls.is_empty() {
        message.insert("tool_calls".to_owned(), Value::Array(part.calls.clone()));
    }
    Value::Object(message)
}

/// The one object that tells of a model that was only loaded or unloaded.
pub(super) fn loaded(ask: &Ask, reason: &'static str, time: Duration) -> Script {
    let last = Last { reason: Some(reason), numbers: Map::new(), context: None };
    json::whole(&line(ask, &Part::default(), time, Some(&last))).after(time)
}

/// The prompt, for those who asked to see it.
pub(super) fn rendered(ask: &Ask) -> Script {
    let mut fields = Map::new();
    fields.insert("model".to_owned(), ask.model.as_str().into());
    fields.insert("created_at".to_owned(), timestamp(Duration::ZERO));
    match ask.kind {
        Kind::Chat => {
            fields.insert("message".to_owned(), object([("role", "".into()), ("content", "".into())]));
        }
        Kind::Generate => {
            fields.insert("response".to_owned(), "".into());
        }
    }
    fields.insert("done".to_owned(), false.into());
    let images: usize = ask.messages.iter().map(|message| message.images.len()).sum();
    let mut info = Map::new();
    info.insert("rendered_template".to_owned(), ask.prompt().into());
    put_number(&mut info, "image_count", images as u64);
    fields.insert("_debug_info".to_owned(), Value::Object(info));
    json::whole(&Value::Object(fields))
}
