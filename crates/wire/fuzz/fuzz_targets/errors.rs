//! The body of a refusal becomes an error of OpenAI's form, without addresses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wire::translate::errors::{self, Refusal};

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first() else { return };
    let status = 400 + u16::from(*status) % 120;
    let refusal =
        Refusal { status, body, retry_after: None, prompt: "messages", asked: "asked", served: "served" };
    let mut found = vec![errors::from_refusal(refusal)];
    if let Ok(text) = std::str::from_utf8(body) {
        if let Ok(raw) = serde_json::from_str::<&serde_json::value::RawValue>(text) {
            found.push(errors::from_line(raw.get()));
        }
    }
    for error in found {
        assert!((400..600).contains(&error.status));
        assert!(!error.message.contains("://"), "{}", error.message);
        assert!(!error.message.is_empty());
        let json: Value = serde_json::from_slice(&error.to_json()).expect("an error is JSON");
        let keys: Vec<&String> = json["error"].as_object().expect("it is an object").keys().collect();
        assert_eq!(keys.len(), 4, "{keys:?}");
    }
});
