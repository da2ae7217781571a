use ollama2openai::store::{Store, UsageCounts, UsageKey};
use std::time::Instant;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), None).await.unwrap();
    let id = |k: &str, n: usize| format!("0190{n:04}-7c1e-7abc-8def-{k}{:08}", n * 7919);
    let tokens: Vec<_> = (0..200).map(|n| id("aaaa", n)).collect();
    let backends: Vec<_> = (0..50).map(|n| id("bbbb", n)).collect();
    let channels: Vec<_> = (0..10).map(|n| id("cccc", n)).collect();
    let models: Vec<_> = (0..20).map(|n| format!("llama3.{n}:70b")).collect();
    let mut chance = 12345u64;
    let mut next = |n: usize| { chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); (chance >> 33) as usize % n };
    let cpu = || { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let f: Vec<_> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (f[11].parse::<u64>().unwrap() + f[12].parse::<u64>().unwrap()) * 10 };
    for (name, same) in [("new kinds", false), ("same kinds", true)] {
        let mut batches = Vec::new();
        for round in 0..60 {
            let mut keys = std::collections::BTreeSet::new();
            let (base, mut n) = (1_779_280_000 / 3600 * 3600, 0);
            while keys.len() < 500 {
                let (t, m, b) = if same { n += 1; (n % 200, n % 20, (n * 7) % 50) } else { (next(200), next(20), next(50)) };
                let t2 = if same { n / 20 % 200 } else { t };
                keys.insert((base + if same { 0 } else { 3600 * (round / 30) }, t2, m, b));
            }
            batches.push(keys);
        }
        let (began, c0) = (Instant::now(), cpu());
        for keys in &batches {
            let rows: Vec<_> = keys.iter().map(|&(hour, t, m, b)| {
                let key = UsageKey { hour, token: &tokens[t], model: &models[m], channel: &channels[b % 10], backend: &backends[b], outcome: "ok" };
                (key, counts(t, m, b))
            }).collect();
            store.add_usage(&rows, &[]).await.unwrap();
        }
        println!("{name}: {:.2} ms wall, {:.2} ms CPU for 500 kinds", began.elapsed().as_secs_f64() * 1000.0 / 60.0, (cpu() - c0) as f64 / 60.0);
    }
}
fn counts(t: usize, m: usize, b: usize) -> UsageCounts {
    let _ = (t, m, b);
    UsageCounts { requests: 1, prompt_tokens: 120, completion_tokens: 310, cached_tokens: 0 }
}
