//! Native lines made by hand, for what no recording shows → events. A file of `tests/cases/lines` is a list of
//! cases: `name`, `endpoint` (chat if absent), `choices` (1), `prompts` to echo (completions), `logprobs`, `usage`, and
//! `lines`: pairs of a choice and a line, JSON or text. What stands between the events is what a line led to.

use std::fmt::Write as _;

use bytes::BytesMut;
use serde_json::Value;
use wire::translate::{ChatStream, CompletionStream, Step, UsageRule};

use crate::replay::identity;
use crate::support::{cases, no_leftovers, snapshot, stems};

#[test]
fn lines_become_events() {
    let folder = cases("lines");
    let names = stems(&folder, "json");
    assert!(!names.is_empty(), "no cases");
    for name in &names {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("a case can be read");
        let list: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let outcomes: String = list.iter().map(outcome).collect();
        snapshot(&folder, name, &format!("{name}: {} cases", list.len()), &outcomes);
    }
    no_leftovers(&folder, &names);
}

fn outcome(case: &Value) -> String {
    let choices = usize::try_from(case["choices"].as_u64().unwrap_or(1)).expect("few choices");
    let logprobs = case["logprobs"] == Value::Bool(true);
    let rule = match case["usage"].as_str() {
        Some("chunk") => UsageRule::Chunk,
        Some("inline") => UsageRule::Inline,
        _ => UsageRule::None,
    };
    let mut out = format!("## {}\n", case["name"].as_str().expect("a case has a name"));
    if case["endpoint"] == "completions" {
        let prompts = case["prompts"].as_array().into_iter().flatten();
        let echoes: Vec<String> = prompts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect();
        let mut stream = CompletionStream::new(&identity("cmpl", "m"), &echoes, choices, logprobs, rule);
        if feed(case, &mut out, |choice, line, events| stream.line(choice, line, events)) {
            end(&mut out, |events| stream.finish(events));
        }
    } else {
        let mut stream = ChatStream::new(&identity("chatcmpl", "m"), choices, logprobs, rule);
        if feed(case, &mut out, |choice, line, events| stream.line(choice, line, events)) {
            end(&mut out, |events| stream.finish(events));
        }
    }
    out.push('\n');
    out
}

/// Feeds the lines; false when one failed, for then the stream is over.
fn feed(case: &Value, out: &mut String, mut take: impl FnMut(usize, &[u8], &mut BytesMut) -> Step) -> bool {
    for line in case["lines"].as_array().expect("a case has lines") {
        let choice = usize::try_from(line[0].as_u64().expect("the choice is a number")).expect("it is small");
        let text = line[1].as_str().map_or_else(|| line[1].to_string(), str::to_owned);
        let mut events = BytesMut::new();
        let step = take(choice, text.as_bytes(), &mut events);
        out.push_str(std::str::from_utf8(&events).expect("events are UTF-8"));
        let led_to = match step {
            Step::More => continue,
            Step::Done(usage) => format!("choice {choice} is done, {usage:?}"),
            Step::Failed(error) => {
                let json = String::from_utf8(error.to_json()).expect("an error is UTF-8");
                writeln!(out, "failed, {} {json}", error.status).expect("text takes text");
                return false;
            }
        };
        writeln!(out, "{led_to}").expect("text takes text");
    }
    true
}

fn end(out: &mut String, finish: impl FnOnce(&mut BytesMut)) {
    let mut events = BytesMut::new();
    finish(&mut events);
    out.push_str("finished\n");
    out.push_str(std::str::from_utf8(&events).expect("events are UTF-8"));
}
