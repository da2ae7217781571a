//! What is too seldom, or takes too long, to be among the thousands: limits of time, machines that cannot be reached, a
//! queue that is full, clients that leave early, and the end of the program.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::clients::{self, Ask, Seen};
use super::program::{ALICE, BOB, LONE, Program};
use super::upstreams::Fleet;
use super::{CHAT, COMPLETIONS, EMBEDDINGS};
use crate::support::wait::{Beside, DEADLINE, beside, pause, until};

fn chat(model: &str, prompt: &str, streams: bool) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": prompt}], "stream": streams})
}

fn id(kind: &str, model: &str, prompt: &str) -> String {
    format!("{kind}-{model}-{}", prompt.replace(' ', "-"))
}

fn whole(model: &str, prompt: &str) -> Ask {
    Ask::new(id("whole", model, prompt), ALICE, CHAT, &chat(model, prompt, false))
}

fn streamed(model: &str, prompt: &str) -> Ask {
    Ask::new(id("streamed", model, prompt), BOB, CHAT, &chat(model, prompt, true))
}

async fn all(running: Vec<Beside<Seen>>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for one in running {
        seen.push(one.value().await);
    }
    seen
}

/// Limits of time, and answers that break: each at once with all others.
async fn late_or_broken(program: &Program) -> Vec<Seen> {
    let mut asks = Vec::new();
    for nth in 0..3 {
        for word in ["mute", "stalls", "cut", "errs"] {
            let prompt = format!("{word} {nth}");
            asks.extend([whole("slow", &prompt), streamed("slow", &prompt)]);
        }
        let prompt = format!("mute {nth}");
        let embedding = json!({"model": "slow", "input": prompt});
        asks.push(Ask::new(format!("embedding-{nth}"), BOB, EMBEDDINGS, &embedding));
        let completion = json!({"model": "slow", "prompt": format!("stalls {nth}"), "stream": true});
        asks.push(Ask::new(format!("completion-{nth}"), ALICE, COMPLETIONS, &completion));
        asks.push(whole("nowhere", &nth.to_string()));
    }
    // Another one serves.
    asks.extend((0..6).map(|nth| streamed("slow", &format!("mute-there {nth}"))));
    all(asks.into_iter().map(|ask| beside(clients::send(program.addr, ask))).collect()).await
}

/// Machines that cannot be reached, alone and beside one that can.
async fn unreachable(program: &Program) -> Vec<Seen> {
    let mut seen = Vec::new();
    for nth in 0..8 {
        // What one of them has answered is in a cache.
        let (half, dead) = (format!("half {nth}"), format!("dead {nth}"));
        for ask in [whole("half", &half), whole("dead", &dead), streamed("dead", &dead)] {
            seen.push(clients::send(program.addr, ask).await);
        }
    }
    seen
}

/// Leaves while a backend is silent.
async fn impatient(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let leave = |nth: usize| {
        let (fleet, prompt) = (Arc::clone(fleet), format!("mute {nth}"));
        let ask = if nth.is_multiple_of(2) { whole("slow", &prompt) } else { streamed("slow", &prompt) };
        let when = async move { until("it is asked", || fleet.has_seen("slow", &prompt)).await };
        beside(clients::leave(program.addr, ask, when))
    };
    all((10..14).map(leave).collect()).await
}

/// A token that may ask one thing at a time.
async fn lone(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let ask = |nth: usize| {
        let prompt = format!("mute {nth}");
        Ask::new(format!("lone-{nth}"), LONE, CHAT, &chat("slow", &prompt, false))
    };
    let first = beside(clients::send(program.addr, ask(20)));
    until("the first one is asked", || fleet.has_seen("slow", "mute 20")).await;
    let others = (21..25).map(|nth| beside(clients::send(program.addr, ask(nth)))).collect();
    let mut seen = all(others).await;
    seen.push(first.value().await);
    seen
}

/// Ends when a gauge is there.
async fn reaches(program: &Program, gauge: &str, count: f64) {
    let end = Instant::now() + DEADLINE;
    while program.scrape().await.sum(&format!("ollama2openai_{gauge}"), &[]) < count {
        assert!(Instant::now() < end, "{gauge} is not {count}");
        pause(Duration::from_millis(50)).await;
    }
}

/// A backend that does one thing at a time: some wait in vain, some are sent away, one leaves, some are served.
async fn crowd(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let begin = |nth: usize, word: &str| {
        beside(clients::send(program.addr, whole("narrow", &format!("{word} {nth}"))))
    };
    let first = begin(30, "long");
    until("it is busy", || fleet.has_seen("narrow", "long 30")).await;
    let waiting = vec![first, begin(31, "short"), begin(32, "short")];
    reaches(program, "queue_depth", 2.0).await;
    let mut seen = Vec::new();
    let leaves = async {
        reaches(program, "queue_depth", 3.0).await;
        seen.extend(all((40..44).map(|nth| begin(nth, "short")).collect()).await);
    };
    let left = clients::leave(program.addr, streamed("narrow", "short 33"), leaves).await;
    seen.push(left);
    seen.extend(all(waiting).await);
    // Now nobody waits in vain.
    seen.extend(all((50..53).map(|nth| begin(nth, "short")).collect()).await);
    seen
}

/// All of it at once.
pub async fn seen(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let all = tokio::join!(
        late_or_broken(program),
        unreachable(program),
        impatient(program, fleet),
        lone(program, fleet),
        crowd(program, fleet),
    );
    [all.0, all.1, all.2, all.3, all.4].into_iter().flatten().collect()
}

/// The program ends while these run, and cuts them.
pub async fn cut(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let begun: Vec<_> = (0..4).map(|nth| streamed("endless", &format!("cut {nth}"))).collect();
    let silent = [whole("slow", "mute 90"), streamed("slow", "mute 91")];
    let running: Vec<_> =
        begun.into_iter().chain(silent).map(|ask| beside(clients::send(program.addr, ask))).collect();
    reaches(program, "active_streams", 4.0).await;
    for nth in 90..92 {
        until("it is asked", || fleet.has_seen("slow", &format!("mute {nth}"))).await;
    }
    program.stop();
    all(running).await
}
