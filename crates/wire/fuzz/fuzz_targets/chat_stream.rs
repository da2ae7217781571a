//! Lines of an upstream become events of one line of JSON each. Odd lines are those of a second choice.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wire::ndjson::Lines;
use wire::translate::{
    ChatStream, CompletionStream, Identity, Step, UsageRule, chat_reply, completion_reply,
};

fn lines(data: &[u8], mut each: impl FnMut(usize, &[u8]) -> Step) {
    let (mut lines, mut at) = (Lines::new(1 << 20), 0);
    let mut take = |line: &[u8]| {
        at += 1;
        !matches!(each(at % 2, line), Step::Failed(_))
    };
    let pushed = lines.push(data, &mut take);
    if pushed.is_ok() {
        lines.finish(take);
    }
}

fn check(out: &[u8]) {
    let text = std::str::from_utf8(out).expect("events are UTF-8");
    assert!(!text.contains('\r'));
    let text = text.strip_suffix("\n\n").expect("the last event is whole");
    for event in text.split("\n\n") {
        let data = event.strip_prefix("data: ").expect("an event holds data");
        if data != "[DONE]" {
            serde_json::from_str::<Value>(data).expect("an event is JSON");
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let identity = Identity { id: "id".into(), created: 1, model: "m".into(), seed: 7 };
    let mut out = BytesMut::new();
    let mut chat = ChatStream::new(&identity, 2, true, UsageRule::Chunk);
    lines(data, |choice, line| chat.line(choice, line, &mut out));
    chat.finish(&mut out);
    check(&out);

    out.clear();
    let echoes = ["echo".to_owned()];
    let mut completion = CompletionStream::new(&identity, &echoes, 2, true, UsageRule::Inline);
    lines(data, |choice, line| completion.line(choice, line, &mut out));
    completion.finish(&mut out);
    check(&out);

    for whole in
        [chat_reply(&[data], &identity, true), completion_reply(&[data], &echoes, 1, &identity, true)]
    {
        if let Ok((body, _)) = whole {
            serde_json::from_slice::<Value>(&body).expect("a reply is JSON");
        }
    }
});
