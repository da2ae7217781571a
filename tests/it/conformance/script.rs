//! The script of a case, turned into what the fake plays: bytes, pauses, framing, end.

use std::time::Duration;

use bytes::Bytes;
use ollama2openai::fake::{End, Framing, Piece, Script};

use super::json::Json;

/// After each part of a body that a case cuts at given places, so that the parts arrive one by one.
const BETWEEN_PARTS: Duration = Duration::from_millis(30);

/// The reply that a case describes.
pub fn script(plan: &Json) -> Script {
    let streamed = plan.get("lines").is_some();
    let kind = match (plan.get("text").is_some(), streamed) {
        (true, _) => "text/plain",
        (_, true) => "application/x-ndjson",
        _ => "application/json; charset=utf-8",
    };
    let mut headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    if let Some(Json::Object(changes)) = plan.get("headers") {
        for (name, value) in changes {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            headers.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
        }
    }
    let status = match plan.get("status") {
        Some(Json::Null) => None,
        Some(status) => status.as_u64().and_then(|status| u16::try_from(status).ok()),
        None => Some(200),
    };
    let length = plan.u64_at("content_length").and_then(|length| usize::try_from(length).ok());
    Script {
        status,
        headers,
        framing: match plan.str_at("framing") {
            None if streamed => Framing::Chunked,
            None | Some("length") => Framing::Length(length),
            Some("chunked") => Framing::Chunked,
            Some("close") => Framing::Close,
            Some(other) => panic!("unknown framing {other}"),
        },
        delay: milliseconds(plan, "delay_ms"),
        body: cut(plan, pieces(plan)),
        end: match plan.str_at("end") {
            None | Some("normal") => End::Normal,
            Some("close") => End::Close,
            Some("reset") => End::Reset,
            Some("hang") => End::Hang,
            Some(other) => panic!("unknown end {other}"),
        },
        ..Script::silent(End::Normal)
    }
}

fn milliseconds(plan: &Json, key: &str) -> Duration {
    Duration::from_millis(plan.u64_at(key).unwrap_or(0))
}

/// The body: one piece for a whole reply, one for each line of a stream, with its pauses.
fn pieces(plan: &Json) -> Vec<Piece> {
    if plan.get("lines").is_none() {
        let text = plan.str_at("text").map(str::to_owned);
        let body = plan.get("json").map(Json::to_string).or(text).unwrap_or_default();
        return vec![Piece::Bytes(body.into())];
    }
    let newline = plan.str_at("newline").unwrap_or("\n");
    let lines = plan.array_at("lines");
    let unfinished = plan.get("final_newline").and_then(Json::as_bool) == Some(false);
    let pieces = lines.iter().enumerate().map(|(at, line)| {
        if line.get("$delay_ms").is_some() {
            return Piece::Pause(milliseconds(line, "$delay_ms"));
        }
        let text = line.as_str().map_or_else(|| line.to_string(), str::to_owned);
        let newline = if unfinished && at + 1 == lines.len() { "" } else { newline };
        Piece::Bytes(format!("{text}{newline}").into())
    });
    pieces.collect()
}

/// The pieces, cut anew as the case's `chunking` says. Only lines keep the pauses between them.
fn cut(plan: &Json, pieces: Vec<Piece>) -> Vec<Piece> {
    let chunking = plan.get("chunking");
    let way = chunking.and_then(Json::as_str).unwrap_or("line");
    if way == "line" && chunking.is_none_or(|chunking| chunking.as_str().is_some()) {
        return pieces;
    }
    let bytes = pieces.iter().filter_map(|piece| match piece {
        Piece::Bytes(bytes) => Some(bytes.as_ref()),
        Piece::Pause(_) => None,
    });
    let whole = Bytes::from(bytes.collect::<Vec<_>>().concat());
    let parts =
        |size: usize| whole.chunks(size).map(|part| Piece::Bytes(Bytes::copy_from_slice(part))).collect();
    let number =
        |json: &Json| json.as_u64().and_then(|n| usize::try_from(n).ok()).expect("an offset or size");
    match (way, chunking) {
        ("whole", _) => vec![Piece::Bytes(whole)],
        ("bytes", _) => parts(1),
        (_, Some(how)) if how.get("size").is_some() => {
            parts(how.get("size").map(number).expect("it is there"))
        }
        (_, Some(how)) if how.get("split").is_some() => {
            let mut offsets: Vec<usize> = how.array_at("split").iter().map(number).collect();
            offsets.push(whole.len());
            let mut from = 0;
            let parts = offsets.into_iter().flat_map(|to| {
                let part = whole.slice(from..to);
                from = to;
                [Piece::Bytes(part), Piece::Pause(BETWEEN_PARTS)]
            });
            parts.collect()
        }
        (other, _) => panic!("unknown chunking {other}"),
    }
}

#[test]
fn a_plan_becomes_a_script() {
    let plan = |text: &str| script(&Json::parse(text).unwrap());
    let texts = |script: &Script| -> Vec<String> {
        let shown = script.body.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Pause(time) => format!("{time:?}"),
        });
        shown.collect()
    };
    let lines = plan(r#"{"lines":[{"a":1.0},{"$delay_ms":5},"x"],"final_newline":false,"end":"reset"}"#);
    assert_eq!(texts(&lines), ["{\"a\":1.0}\n", "5ms", "x"]);
    assert_eq!((lines.status, lines.framing, lines.end), (Some(200), Framing::Chunked, End::Reset));
    let whole =
        plan(r#"{"json":[1],"status":503,"delay_ms":7,"headers":{"content-type":null,"Retry-After":"1"}}"#);
    assert_eq!((texts(&whole), whole.delay), (vec!["[1]".to_owned()], Duration::from_millis(7)));
    assert_eq!(whole.headers, [("Retry-After".to_owned(), "1".to_owned())]);
    assert_eq!(plan(r#"{"status":null,"text":""}"#).status, None);
    assert_eq!(plan(r#"{"text":"a","content_length":9}"#).framing, Framing::Length(Some(9)));
    assert_eq!(texts(&plan(r#"{"lines":["ab","c"],"chunking":{"size":2}}"#)), ["ab", "\nc", "\n"]);
    assert_eq!(texts(&plan(r#"{"text":"abc","chunking":{"split":[1]}}"#)), ["a", "30ms", "bc", "30ms"]);
    assert_eq!(texts(&plan(r#"{"text":"ab","chunking":"bytes"}"#)), ["a", "b"]);
    assert_eq!(texts(&plan(r#"{"lines":["a","b"],"chunking":"whole"}"#)), ["a\nb\n"]);
}
