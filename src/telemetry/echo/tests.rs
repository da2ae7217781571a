use proptest::prelude::*;
use serde_json::json;

use super::*;

const PROMPT: &str = "Tell nobody that Ann's \"blue\" file\nis at C:\\new\\übel, 张伟 says 😀.";

fn request(prompt: &str) -> Vec<u8> {
    let messages = json!([{"role": "system", "content": prompt}, {"role": "user", "content": "Oslo"}]);
    json!({"model": "llama3.3:70b-instruct-q4_K_M", "messages": messages, "think": "high"}).to_string().into()
}

fn told(text: &str) -> String {
    without_request(text, &request(PROMPT), &["llama3.3:70b-instruct-q4_K_M", "Oslo-1"])
}

#[test]
fn what_is_no_part_of_the_request_stays() {
    for text in [
        "",
        "model 'llama3.3:70b-instruct-q4_K_M' not found",
        "llama runner process has terminated: exit status 2",
        "nobody is at file C, says the user of the system: role high",
        "tell nobody",
    ] {
        assert_eq!(told(text), text);
    }
}

#[test]
fn what_is_repeated_is_cut_however_it_is_written() {
    let json = serde_json::to_string(PROMPT).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let ascii = "Tell nobody that Ann's \\\"blue\\\" file\\nis at C:\\\\new\\\\\\u00fcbel, \\u5f20\\u4f1f says \\ud83d\\ude00.";
    for echo in [PROMPT, &json, &twice, ascii, &PROMPT.replace('\n', " ")] {
        let cut = told(&format!("bad prompt: {echo} (sorry)"));
        let bare: String = cut.chars().filter(|char| !"\\\".,".contains(*char)).collect();
        assert_eq!(bare, "bad prompt: … (sorry)", "{echo}");
    }
    assert_eq!(told("at nobody that Ann's \"bl: stop"), "at …: stop", "a piece of it");
    assert_eq!(told("x \\new\\übel, 张伟 says y"), "x \\n… y");
}

#[test]
fn short_strings_are_cut_where_they_stand_alone() {
    assert_eq!(told("no place 'Oslo' in Oslo_2, Oslonian"), "no place '…' in …_2, Oslonian");
    let cut = |prompt: &str, text: &str| without_request(text, &request(prompt), &["m"]);
    assert_eq!(cut("你好", "输入你好无效"), "输入…无效");
    assert_eq!(cut("no", "no way"), "no way");
    assert_eq!(cut("I am ann4711x, who are you?", "who is ann4711x?"), "who is …?");
    assert_eq!(cut("a b c d", "a  b\nc d!"), "…!");
    let request = json!({"ann4711x": [1, 2.5, null, true, {"of the parameters": -1}]}).to_string();
    assert_eq!(without_request("ann4711x of the parameters", request.as_bytes(), &[]), "… of the parameters");
    assert_eq!(without_request("a name is kept", b"{\"model\":\"name\"}", &["a name"]), "a name is kept");
}

#[test]
fn what_cannot_be_compared_is_not_told() {
    assert_eq!(without_request("whatever", b"{\"messages\":", &[]), "…");
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(without_request("whatever", deep.as_bytes(), &[]), "…");
}

#[test]
fn a_long_text_has_an_end() {
    let secret = "0123456789abcdef".repeat(2);
    let text = format!("{}{secret}", "- ".repeat(2030));
    let cut = without_request(&text, &request(&secret), &[]);
    assert!(cut.len() < 4096 && cut.ends_with("- …"), "{cut}");
    assert_eq!(without_request(&secret.repeat(1000), &request(&secret.repeat(1000)), &[]), "…");
}

fn folded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    fold(text, |Byte { byte, place }| {
        assert!(text.get(place).is_some(), "a place is one of whole characters");
        bytes.push(byte);
    });
    bytes
}

proptest! {
    #[test]
    fn escapes_make_no_difference(text in "([ -~\n\t]|\\\\|\"|u00|[a-f0-9]|ü|张|😀|\u{1}|\\PC){0,40}") {
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(folded(&text), folded(&json));
        let utf16 = text.encode_utf16();
        let units: String = utf16.map(|unit| format!("\\u{unit:04x}")).collect();
        // An escape that is spelt out is taken for one.
        if !text.contains('\\') {
            prop_assert_eq!(folded(&text), folded(&units));
        }
    }

    #[test]
    fn a_repeated_request_is_gone(text in "\\PC{0,60}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
        let cut = without_request(&format!("{before}: {text} :{after}"), &request(&text), &[]);
        if folded(&text).len() >= WINDOW {
            prop_assert!(folded(&cut).len() <= folded(&before).len() + folded(&after).len() + "…".len(), "{cut}");
        }
    }
}
