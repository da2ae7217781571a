//! State on disk, through the public functions of the room: what goes in comes out, over restarts, kills, full disks and
//! folders that cannot be written to.

mod accounts;
mod backup;
mod faults;
mod folder;
mod rows;
mod sealing;
mod tokens;
mod usage;

use std::path::Path;

use ollama2openai::config::Secret;
use ollama2openai::store::{NewBackend, NewChannel, Store, Totals};

pub async fn open(dir: &Path) -> Store {
    Store::open(dir, None).await.expect("the store opens")
}

/// A backend without a single default.
pub fn backend(name: &str, credential: &str) -> NewBackend {
    NewBackend {
        id: Some(format!("id-of-{name}")),
        enabled: false,
        priority: -3,
        weight: 7,
        max_concurrent: 4,
        models: vec!["qwen3*".to_owned(), "a \"quoted\" ü".to_owned()],
        model_mapping: vec![pair("z", "last:1b"), pair("gpt-4o", "qwen3:8b"), pair("a", "first")],
        group: "eu".to_owned(),
        tags: vec!["fast".to_owned(), "paid".to_owned()],
        added_at: Some("2026-01-02T10:00:00.000Z".to_owned()),
        totals: totals(812, 9, 90_123, "2026-01-09T08:15:42.007Z"),
        ..NewBackend::new(name, "http://gpu-a:11434", Secret::new(credential))
    }
}

/// A channel without a single default, with two backends.
pub fn channel(name: &str) -> NewChannel {
    NewChannel {
        id: Some(format!("id-of-{name}")),
        enabled: false,
        priority: 10,
        weight: 50,
        models: vec!["llama*".to_owned()],
        model_mapping: vec![pair("gpt-4", "llama3.3:70b"), pair("b", "c")],
        max_concurrent: 4,
        rate_limit: Some(30),
        tags: vec!["room".to_owned()],
        created_at: Some("2026-01-02T10:10:00.000Z".to_owned()),
        totals: totals(64, 1, 20_110, "2026-01-03T00:00:00.000Z"),
        backends: vec![
            backend(&format!("{name}-one"), "sk-one"),
            NewBackend {
                model_mapping: Vec::new(),
                models: Vec::new(),
                ..backend(&format!("{name}-two"), "")
            },
        ],
        ..NewChannel::new(name, "http://gpu-b:11434")
    }
}

pub fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

pub fn totals(requests: i64, failed: i64, tokens: i64, last_used: &str) -> Totals {
    Totals {
        total_requests: requests,
        failed_requests: failed,
        total_tokens: tokens,
        last_used: Some(last_used.to_owned()),
    }
}
