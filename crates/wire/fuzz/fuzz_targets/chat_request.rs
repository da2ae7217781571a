//! A chat request becomes JSON for Ollama or a 400.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wire::openai;
use wire::translate::{Rules, chat};

fuzz_target!(|data: &[u8]| {
    let translated =
        openai::parse(data).and_then(|request| chat::translate(&request, Rules { load_options: false }));
    match translated {
        Ok(chat) => {
            let body = chat.native.body(&chat.model);
            // Read as a raw value, which has no limit of depth.
            let read = serde_json::from_slice::<&serde_json::value::RawValue>(&body);
            assert!(read.is_ok(), "{}", String::from_utf8_lossy(&body));
            assert!((1..=8).contains(&chat.choices));
            assert!(body.len() <= 6 * data.len() + 600 * 1024, "{} bytes from {}", body.len(), data.len());
        }
        Err(error) => {
            assert_eq!(error.status, 400);
            let json: Value = serde_json::from_slice(&error.to_json()).expect("an error is JSON");
            assert!(json["error"]["message"].is_string());
        }
    }
});
