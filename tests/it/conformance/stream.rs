//! What a stream was: its frames, the answer put together from them as a client library does, and every
//! breach of the rules that hold for all streams.

use super::json::Json;

/// Describes an event stream that was received on `path`.
pub fn describe(text: &str, path: &str) -> Json {
    let (blocks, mut problems) = blocks(text);
    let (mut frames, mut events) = (Vec::new(), Vec::new());
    let (mut comments, mut comments_before) = (0_usize, 0_usize);
    for block in blocks {
        let lines: Vec<&str> = block.split('\n').filter(|line| !line.is_empty()).collect();
        let data: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("data:")).collect();
        let count = lines.iter().filter(|line| line.starts_with(':')).count();
        comments += count;
        comments_before += if frames.is_empty() { count } else { 0 };
        let known = |line: &&str| {
            [":", "data:", "event:", "id:", "retry:"].iter().any(|start| line.starts_with(start))
        };
        if data.len() > 1 || !lines.iter().all(known) {
            problems.push(format!("a frame is not one data line: {:?}", start_of(block)));
        }
        let Some(data) = data.first().map(|data| data.strip_prefix(' ').unwrap_or(data)) else { continue };
        events.push(Json::from(lines.iter().find_map(|line| line.strip_prefix("event:")).map(str::trim)));
        match data {
            "[DONE]" => frames.push(Json::from(data)),
            _ => match Json::parse(data) {
                Some(frame) => frames.push(frame),
                None => problems.push(format!("data is not json: {:?}", start_of(data))),
            },
        }
    }
    let path = path.split('?').next().unwrap_or_default();
    let mut view = Json::object();
    if path.ends_with("/responses") || path.ends_with("/messages") {
        check_typed_events(&frames, &events, &mut problems);
    } else {
        view.set("assembled", assemble(&frames, &mut problems));
    }
    view.set("frames", frames);
    view.set("events", events);
    let mut counts = Json::object();
    counts.set("total", comments);
    counts.set("before_data", comments_before);
    view.set("comments", counts);
    view.set("problems", problems.into_iter().map(Json::from).collect::<Vec<_>>());
    view
}

/// The blocks that end with an empty line; a rest that does not is a problem.
fn blocks(text: &str) -> (Vec<&str>, Vec<String>) {
    let mut blocks: Vec<&str> = text.split("\n\n").collect();
    match blocks.pop() {
        None | Some("") => (blocks, Vec::new()),
        Some(rest) => {
            let problem = format!("the last frame does not end with an empty line: {:?}", start_of(rest));
            (blocks, vec![problem])
        }
    }
}

fn start_of(text: &str) -> String {
    text.chars().take(80).collect()
}

fn check_typed_events(frames: &[Json], events: &[Json], problems: &mut Vec<String>) {
    for (name, frame) in events.iter().zip(frames) {
        if frame.as_str() == Some("[DONE]") {
            problems.push("[DONE] has no place in this protocol".to_owned());
        } else if frame.get("type").unwrap_or(&Json::Null) != name {
            problems.push(format!("event name {name} differs from the type in its data"));
        }
    }
}

/// One choice while its pieces are joined.
#[derive(Default)]
struct Choice {
    roles: usize,
    /// `role`, `content`, `reasoning`, `reasoning_content`, `text`, `tool_calls`, `logprobs`, `finish_reason`.
    fields: Vec<(String, Json)>,
}

impl Choice {
    fn field(&mut self, key: &str) -> Option<&mut Json> {
        self.fields.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    fn set(&mut self, key: &str, value: Json) {
        match self.field(key) {
            Some(old) => *old = value,
            None => self.fields.push((key.to_owned(), value)),
        }
    }

    /// The list under this key, made when it is not there.
    fn list(&mut self, key: &str) -> &mut Vec<Json> {
        if self.field(key).is_none() {
            self.set(key, Json::Array(Vec::new()));
        }
        match self.field(key) {
            Some(Json::Array(items)) => items,
            _ => panic!("{key} is only ever a list"),
        }
    }
}

/// Joins the chunks of a chat or text completion to one answer.
fn assemble(frames: &[Json], problems: &mut Vec<String>) -> Json {
    let is_done = |frame: &Json| frame.as_str() == Some("[DONE]");
    let done = frames.last().is_some_and(is_done);
    if !done || frames.iter().filter(|frame| is_done(frame)).count() != 1 {
        problems.push("[DONE] must come once, at the end".to_owned());
    }
    let (mut chunks, mut usage_frames) = (0_usize, 0_usize);
    let mut answer = Json::object();
    let mut choices: Vec<(Json, Choice)> = Vec::new();
    for frame in frames.iter().filter(|frame| matches!(frame, Json::Object(_))) {
        if let Some(error) = frame.get("error") {
            answer.set("error", error.clone());
            continue;
        }
        chunks += 1;
        check_constants(&mut answer, frame, problems);
        if let Some(usage) = frame.get("usage").filter(|usage| usage.is_nonempty()) {
            answer.set("usage", usage.clone());
            usage_frames += usize::from(frame.get("choices") == Some(&Json::Array(Vec::new())));
        }
        for part in frame.array_at("choices") {
            let index = part.get("index").cloned().unwrap_or(Json::Null);
            let at = choices.iter().position(|(known, _)| *known == index).unwrap_or_else(|| {
                choices.push((index, Choice::default()));
                choices.len() - 1
            });
            add_part(&mut choices[at].1, part, problems);
        }
    }
    choices.sort_by_key(|(index, _)| index.to_string());
    let choices = choices.into_iter().map(|(index, choice)| finished(index, choice, &answer, problems));
    let choices: Vec<Json> = choices.collect();
    answer.set("choices", choices);
    answer.set("usage_frames", usage_frames);
    answer.set("done", done);
    answer.set("chunks", chunks);
    answer
}

fn check_constants(answer: &mut Json, frame: &Json, problems: &mut Vec<String>) {
    for key in ["id", "object", "created", "model"] {
        let value = frame.get(key).unwrap_or(&Json::Null);
        match answer.get(key) {
            None => answer.set(key, value.clone()),
            Some(first) if first == value => {}
            Some(_) => problems.push(format!("{key} changes within the stream")),
        }
    }
}

fn finished(index: Json, choice: Choice, answer: &Json, problems: &mut Vec<String>) -> Json {
    if choice.roles != 1 && answer.str_at("object") == Some("chat.completion.chunk") {
        problems.push(format!("choice {index}: the role must come exactly once"));
    }
    let ends = choice.fields.iter().any(|(key, _)| key == "finish_reason");
    if !ends && answer.get("error").is_none() {
        problems.push(format!("choice {index}: no finish_reason"));
    }
    let mut whole = Json::object();
    whole.set("index", index);
    for (key, value) in choice.fields {
        whole.set(&key, value);
    }
    whole
}

fn add_part(choice: &mut Choice, part: &Json, problems: &mut Vec<String>) {
    let nothing = Json::object();
    let delta = part.get("delta").unwrap_or(&nothing);
    let has = |key: &str| delta.get(key).is_some_and(Json::is_nonempty);
    if choice.field("finish_reason").is_some() {
        problems.push("a chunk follows the finish_reason of its choice".to_owned());
    }
    if has("role") {
        choice.set("role", delta.get("role").cloned().unwrap_or(Json::Null));
        choice.roles += 1;
    }
    if has("content") && (has("reasoning") || has("reasoning_content")) {
        problems.push("reasoning and content share one delta".to_owned());
    }
    for (source, key) in
        [(delta, "content"), (delta, "reasoning"), (delta, "reasoning_content"), (part, "text")]
    {
        match (source.str_at(key).unwrap_or_default(), choice.field(key)) {
            ("", _) => {}
            (more, Some(Json::String(text))) => text.push_str(more),
            (more, _) => choice.set(key, more.into()),
        }
    }
    for call in delta.array_at("tool_calls") {
        add_tool_call(choice.list("tool_calls"), call, problems);
    }
    if let Some(logprobs) = part.get("logprobs").filter(|logprobs| matches!(logprobs, Json::Object(_))) {
        choice.list("logprobs").extend_from_slice(logprobs.array_at("content"));
    }
    if let Some(reason) = part.get("finish_reason").filter(|reason| reason.is_nonempty()) {
        choice.set("finish_reason", reason.clone());
    }
}

fn add_tool_call(calls: &mut Vec<Json>, call: &Json, problems: &mut Vec<String>) {
    let of = |key: &str| call.get(key).cloned().unwrap_or(Json::Null);
    let index = of("index");
    let Some(known) = calls.iter_mut().find(|known| known.get("index") == Some(&index)) else {
        let mut first = Json::object();
        for key in ["index", "id", "type"] {
            first.set(key, of(key));
        }
        first.set("function", call.get("function").cloned().unwrap_or_else(Json::object));
        calls.push(first);
        return;
    };
    let id = of("id");
    if id.is_nonempty() && known.get("id") != Some(&id) {
        problems.push(format!("two tool calls share index {index}"));
    }
    let mut function = known.get("function").cloned().unwrap_or_else(Json::object);
    let more = call.get("function").and_then(|function| function.str_at("arguments")).unwrap_or_default();
    let arguments = format!("{}{more}", function.str_at("arguments").unwrap_or_default());
    function.set("arguments", arguments);
    known.set("function", function);
}
