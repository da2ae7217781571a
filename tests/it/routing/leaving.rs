//! A client that leaves gives back what it held: its place in the line, its slot, the upstream's connection.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ollama2openai::fake::{End, Fake, Script};
use ollama2openai::store::NewKey;

use super::{CHAT, arrived, begin, calls, key, occupy, who};
use crate::support::Gateway;
use crate::support::ollama::{chat, line, ollama, says, whole};
use crate::support::wait::until;

/// Leaving takes effect within this; the aim is a tenth of it.
const SOON: Duration = Duration::from_secs(1);

/// The first chat is answered by `first`, the others are served.
async fn one_place(first: fn() -> Script) -> (Fake, Gateway) {
    let is_first = AtomicBool::new(true);
    let fake = ollama(move |_| if is_first.swap(false, Relaxed) { first() } else { whole("Hi") }).await;
    let only = NewKey { max_concurrent: 1, ..key("only", &fake.url()) };
    let gateway = Gateway::with_rows(&[], &[], &[only]).await;
    (fake, gateway)
}

/// The upstream saw the first client leave, and the next one gets its place.
async fn assert_freed(fake: &Fake, gateway: &Gateway, left: Instant, what: &str) {
    assert_eq!(who(gateway, "m").await, "Hi");
    until("the upstream learns of it", || fake.log.of("/api/chat")[0].closed_at.is_some()).await;
    let closed = fake.log.of("/api/chat")[0].closed_at.unwrap().saturating_duration_since(left);
    println!("{what}: the upstream saw it {closed:?} after the client left");
    assert!(closed < SOON, "{what}: {closed:?}");
    assert_eq!(calls(fake), 2);
}

#[tokio::test]
async fn who_leaves_the_line_is_never_sent() {
    let (fake, gateway) = one_place(|| Script::silent(End::Hang)).await;
    let busy = occupy(&gateway, &fake).await;
    for stream in [false, true] {
        let waiter = begin(&gateway, stream).await;
        until("it stands in the line", || gateway.waiting() == 1).await;
        let left = Instant::now();
        drop(waiter);
        until("the line is empty", || gateway.waiting() == 0).await;
        println!("in the line, stream {stream}: gone after {:?}", left.elapsed());
        assert!(left.elapsed() < SOON, "{:?}", left.elapsed());
    }
    let left = Instant::now();
    drop(busy);
    assert_freed(&fake, &gateway, left, "who held the place").await;
}

#[tokio::test]
async fn who_leaves_while_the_model_loads_frees_all() {
    for stream in [false, true] {
        let (fake, gateway) = one_place(|| Script::silent(End::Hang)).await;
        let connection = begin(&gateway, stream).await;
        arrived(&fake, 1).await;
        let left = Instant::now();
        drop(connection);
        assert_freed(&fake, &gateway, left, if stream { "a stream that loads" } else { "a whole reply" })
            .await;
    }
}

#[tokio::test]
async fn who_leaves_a_stream_frees_all() {
    let begun = || Script::streamed("application/x-ndjson", vec![line(&says("H"))]).ending(End::Hang);
    let (fake, gateway) = one_place(begun).await;
    let mut stream = gateway.stream(CHAT, &chat(true)).await;
    stream.next_data().await.unwrap();
    let left = Instant::now();
    drop(stream);
    assert_freed(&fake, &gateway, left, "in a stream").await;
}
