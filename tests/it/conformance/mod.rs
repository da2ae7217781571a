//! The conformance cases of `tests/cases/conformance`, run against the gateway: a client speaks OpenAI's
//! protocol to it, a scripted Ollama answers behind it, and both sides are checked against patterns.
//!
//! Not here: what a case expects. That is in its file.

mod case;
mod client;
mod examples;
mod json;
mod pattern;
mod pattern_tests;
mod run;
mod script;
mod stream;
mod stream_tests;
mod upstream;

use std::cmp::Reverse;
use std::path::Path;
use std::sync::Arc;

use case::Case;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Cases at once. Some wait in silence for many seconds, so this is more than there are processors.
const CONCURRENCY: usize = 8;
/// Areas whose endpoints are not built.
const LATER_AREAS: [&str; 3] = ["responses", "messages", "fleet"];

fn all_cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/conformance");
    let cases = case::load(&folder);
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "two cases share an id");
    cases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_passes() {
    let mut cases = all_cases();
    cases.retain(|case| !LATER_AREAS.contains(&case.area.as_str()));
    let count = cases.len();
    cases.sort_by_key(|case| Reverse(case.timeout));
    let slots = Arc::new(Semaphore::new(CONCURRENCY));
    let mut running = JoinSet::new();
    for case in cases {
        let slots = slots.clone();
        running.spawn(async move {
            let _slot = slots.acquire().await.expect("nobody closes the slots");
            let found = run::run(&case).await;
            found
                .iter()
                .map(|problem| format!("{} [{}] {}: {problem}", case.id, case.area, case.title))
                .collect()
        });
    }
    let mut failures: Vec<String> = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(found) => failures.extend::<Vec<String>>(found),
            Err(panic) => failures.push(format!("a case ended by a panic, see above: {panic}")),
        }
    }
    failures.sort();
    report(count, &failures);
}

/// Fails when there is a failure, with one a line.
#[track_caller]
fn report(count: usize, failures: &[String]) {
    assert_ne!(count, 0, "no case was found");
    assert!(failures.is_empty(), "{} differences in {count} cases:\n{}", failures.len(), failures.join("\n"));
}
