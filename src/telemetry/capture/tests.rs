use std::sync::Arc;

use super::queue::Captures;
use super::redact::Redact;
use super::said::Said;
use super::squeeze::squeezed;
use super::{Capture, Captured, Facts};
use crate::telemetry::Consumer;

fn squeeze(text: &str, most: usize) -> (String, bool) {
    let (out, is_cut) = squeezed(text.as_bytes(), most);
    (String::from_utf8(out).unwrap(), is_cut)
}

fn redact(patterns: &[&str], text: &str, most: usize) -> (String, bool) {
    let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    Redact::new(&patterns).apply(text.as_bytes(), most)
}

#[test]
fn data_is_told_by_its_size() {
    let url = r#"{"url":"data:image/png;base64,iVBORw0KGgo=","t":"hello"}"#;
    assert_eq!(squeeze(url, 99).0, r#"{"url":"data:image/png;base64,[image 8 bytes]","t":"hello"}"#);
    let escaped = r#"{"url":"data:image\/png;base64,AA\/\/AAAA"}"#;
    assert_eq!(squeeze(escaped, 99).0, r#"{"url":"data:image\/png;base64,[image 6 bytes]"}"#);
    let bare = format!("{{\"data\":\"{}\"}}", "A".repeat(4000));
    assert_eq!(squeeze(&bare, 99).0, r#"{"data":"[data 3000 bytes]"}"#);
    let words = "a ".repeat(400) + &"b".repeat(511);
    assert_eq!(squeeze(&words, 9999), (words.clone(), false), "what is text stays");
    assert_eq!(squeeze(&words, 5), ("a a a".to_owned(), true));
    assert_eq!(squeeze(&"b".repeat(20), 5), ("bbbbb".to_owned(), true));
}

#[test]
fn what_must_not_be_kept_is_replaced() {
    for (text, left) in [
        ("my key is sk-o2o-0123456789abcdef0123.", "my key is ***."),
        ("Authorization: Bearer abc", "***"),
        (r#"{\"authorization\":\"Bearer abc\"}"#, r#"{\"***\"}"#),
        ("curl -H 'x-api-key: abc' h", "curl -H '***' h"),
        ("bearer 0123456789abcdefgh==, and", "***, and"),
        ("the bearer of this", "the bearer of this"),
        ("Cookie: o2o_session=abc; a=b", "Cookie: ***; a=b"),
        ("__Host-o2o=abc", "__Host-o2o=abc"),
    ] {
        let left = if text == "__Host-o2o=abc" { "***" } else { left };
        assert_eq!(redact(&[], text, 999), (left.to_owned(), false));
    }
    let two = ["[0-9]{4}", "12345?6"];
    assert_eq!(redact(&two, "a 1234 b 123456 c", 999).0, "a *** b *** c", "what overlaps is one");
}

#[test]
fn escapes_hide_nothing() {
    let cases = [
        (r"a \u5f20\u4e09 b", "a *** b"),
        (r"\u0073\u006b-0123456789abcdef0", "***"),
        (r"\ud83d\ude00 \ud83d \u00zz \n \u0022 \\u5f20 \/", r"😀 \ud83d \u00zz \n \u0022 \\u5f20 /"),
        ("\\", "\\"),
        ("\\é", "\\é"),
    ];
    for (text, left) in cases {
        assert_eq!(redact(&["张三"], text, 999).0, left, "{text}");
    }
}

#[test]
fn a_secret_at_the_end_is_seen_whole() {
    for most in 0..40 {
        let (kept, is_cut) = redact(&["secret[0-9]+"], r"\u5f20 secret12345 end of it", most);
        assert!(!kept.contains("secret1") && kept.starts_with("张 ***") == (most > 7), "{most}: {kept}");
        assert_eq!(is_cut, most < 28, "{most}: {kept}");
    }
    assert_eq!(redact(&[], "äöü", 3), ("ä".to_owned(), true));
}

#[test]
fn a_stream_is_put_together() {
    let mut said = Said::new(8);
    said.take(b": comment\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
    said.take(b"data: {\"choices\":[{\"index\":1,\"delta\":{\"reasoning\":\"Hm\"}},{\"index\":0,\"delta\":{\"content\":\"He\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\\n\"},\"finish_reason\":\"stop\"}]}\n\n");
    said.take(b"data: {\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\ndata: [DONE]\n\n");
    let json = String::from_utf8(said.to_json()).unwrap();
    let whole = r#"{"choices":[{"index":0,"content":"Hello\n","finish_reason":"stop"},{"index":1,"reasoning":"Hm","tool_calls":[{"name":"f","arguments":"{}"}]}]}"#;
    assert_eq!((json.as_str(), said.is_cut()), (whole, false));
    said.take(b"data: {\"error\":{\"message\":\"m\"}}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"world\"},\"text\":\"t\"}]}\n\n");
    let json = String::from_utf8(said.to_json()).unwrap();
    assert!(
        json.contains(r#""content":"Hello\nwo","text":"t""#) && json.ends_with(r#""error":{"message":"m"}}"#),
        "{json}"
    );
    assert!(said.is_cut());
}

fn captured(bytes: usize) -> Captured {
    let mut capture = Capture::new(1 << 20);
    capture.request(&b" ".repeat(bytes));
    capture.finish(Facts {
        id: "id".to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
        endpoint: "/",
        consumer: Arc::new(Consumer { id: "t".into(), name: "t".into() }),
        model: "m".into(),
    })
}

#[test]
fn what_waits_is_bounded_by_number_and_size() {
    let captures = Captures::default();
    (0..1025).for_each(|_| captures.push(captured(1)));
    assert_eq!((captures.waiting(), captures.dropped()), (1024, 1));
    let taken = captures.take(24);
    captures.push(captured(1));
    captures.put_back(taken);
    assert_eq!(
        (captures.waiting(), captures.dropped()),
        (1024, 2),
        "the newest of those put back finds no room"
    );
    captures.clear();
    (0..33).for_each(|_| captures.push(captured(1 << 20)));
    assert_eq!((captures.waiting(), captures.dropped()), (32, 3));
    assert_eq!(captures.take(99).len(), 32);
    captures.push(captured(1));
    assert_eq!((captures.waiting(), captures.dropped()), (1, 3), "there is room again");
    assert!(!format!("{:?}", captured(9)).contains("  "), "texts are not printed");
}
