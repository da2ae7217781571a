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
        let prompt = nth.to_string();
        for ask in [whole("half", &prompt), whole("dead", &prompt), streamed("dead", &prompt)] {
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

async fn waiting(program: &Program, count: f64) {
    let end = Instant::now() + DEADLINE;
    while program.scrape().await.sum("ollama2openai_queue_depth", &[]) < count {
        assert!(Instant::now() < end, "{count} wait");
        pause(Duration::from_millis(10)).await;
    }
}

/// A backend that does one thing at a time: some wait in vain, some are sent away, some leave, some are served.
async fn crowd(program: &Program, fleet: &Arc<Fleet>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for round in 0..2 {
        let begin = |nth: usize, word: &str| {
            let ask = whole("narrow", &format!("{word} {}", 30 + 10 * round + nth));
            beside(clients::send(program.addr, ask))
        };
        let first = begin(0, "long");
        let prompt = format!("long {}", 30 + 10 * round);
        until("it is busy", || fleet.has_seen("narrow", &prompt)).await;
        let running = vec![first, begin(1, "short"), begin(2, "short")];
        waiting(program, 2.0).await;
        let ask = streamed("narrow", &format!("short {}", 33 + 10 * round));
        let leaves = async {
            waiting(program, 3.0).await;
            seen.extend(all((4..7).map(|nth| begin(nth, "short")).collect()).await);
        };
        let left = clients::leave(program.addr, ask, leaves).await;
        seen.push(left);
        seen.extend(all(running).await);
        // Now nobody waits in vain.
        let served = (7..10).map(|nth| begin(nth, "short")).collect();
        seen.extend(all(served).await);
    }
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
    for nth in 0..4 {
        until("it is asked", || {
            fleet.has_seen("left", &format!("cut {nth}")) || fleet.has_seen("right", &format!("cut {nth}"))
        })
        .await;
    }
    for nth in 90..92 {
        until("it is asked", || fleet.has_seen("slow", &format!("mute {nth}"))).await;
    }
    program.stop();
    all(running).await
}
