//! Other files in the place of those that are served.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ollama2openai::fake::Script;
use rustls::pki_types::CertificateDer;

use super::{CHAT, HTTP1, fake, send, started};
use crate::support::client::{self, Request, Response, exchange};
use crate::support::ollama::{chat, done, line, ollama, pause_ms, says, whole};
use crate::support::tls::{Identity, Pair, connect, shake_hands, shown, trusting};
use crate::support::wait::{Beside, beside};

/// So much time a new certificate has to be served.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_is_served_within_seconds_and_no_request_fails() {
    let fake = ollama(|request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => {
            let words = (0..40).flat_map(|_| [line(&says("word ")), pause_ms(100)]);
            Script::streamed("application/x-ndjson", words.chain([line(&done())]).collect())
        }
        false => whole("Hello"),
    })
    .await;
    let (old, new) = (Identity::new(), Identity::new());
    let pair = Pair::new(&old);
    let gateway = started(&pair, &fake, &[]).await;
    let addr = gateway.addr;
    let connector = Arc::new(trusting(&[old.der(), new.der()], &[HTTP1]));
    let mut streams = Vec::new();
    for _ in 0..10 {
        let connection = connect(&connector, addr).await;
        let mut stream = client::open_on(connection, &Request::post(CHAT, &chat(true))).await;
        stream.next_data().await.expect("it has begun");
        streams.push(beside(async move { stream.rest().await }));
    }
    // A hundred a second, each on a connection of its own; another one that is kept goes on beside them.
    let mut kept = connect(&connector, addr).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let (mut asked, mut swapped) = (Vec::new(), None);
    for tick in 0..500 {
        ticks.tick().await;
        if tick == 100 {
            pair.put(&new);
            swapped = Some(Instant::now());
        }
        let connector = Arc::clone(&connector);
        asked.push(beside(async move {
            let begun = Instant::now();
            let stream = shake_hands(&connector, addr).await.expect("TLS begins");
            let certificate = shown(&stream);
            let mut connection = crate::support::http::Connection::over(stream);
            let reply = exchange(&mut connection, &Request::post(CHAT, &chat(false))).await;
            (begun, certificate, reply)
        }));
        if tick % 10 == 0 {
            assert_eq!(exchange(&mut kept, &Request::get("/livez")).await.status, 200);
        }
    }
    judge(asked, &new, swapped.unwrap()).await;
    for stream in streams {
        let blocks = stream.value().await;
        assert!(blocks.last().unwrap().is_done(), "{blocks:?}");
    }
    assert_eq!(exchange(&mut kept, &Request::get("/livez")).await.status, 200, "what was open goes on");
}

/// When a request was begun, which certificate it met, and its reply.
type Asked = Beside<(Instant, CertificateDer<'static>, Response)>;

/// None failed, some met either certificate, and the old one was met for a short time only.
async fn judge(asked: Vec<Asked>, new: &Identity, swapped: Instant) {
    let (mut olds, mut news) = (0, 0);
    for one in asked {
        let (begun, certificate, reply) = one.value().await;
        assert!(reply.status == 200 && reply.complete, "{}", reply.text());
        match certificate == new.der() {
            true => news += 1,
            false => {
                olds += 1;
                assert!(begun < swapped + SOON, "the old one is served {:?} later", begun - swapped);
            }
        }
    }
    assert!(olds >= 90 && news >= 100, "{olds} requests met the old one, {news} the new one");
}

/// Whether a client that knows this one only is served.
async fn is_served(identity: &Identity, addr: std::net::SocketAddr) -> bool {
    shake_hands(&trusting(&[identity.der()], &[]), addr).await.is_ok()
}

#[tokio::test]
async fn what_is_no_pair_changes_nothing() {
    let (fake, old, new) = (fake().await, Identity::new(), Identity::new());
    let pair = Pair::new(&old);
    let gateway = started(&pair, &fake, &[]).await;
    let whole = new.certificate.as_str();
    // Written half, of the wrong key, gone.
    for (text, why) in [
        (&whole[..whole.len() / 2], "certificate.pem "),
        (whole, "key.pem is not the key of"),
        ("", "holds no"),
    ] {
        std::fs::write(pair.certificate(), text).unwrap();
        let error = format!("{:#}", gateway.reload_certificates().expect_err("it cannot be used"));
        assert!(error.contains(why), "{error}");
        assert!(is_served(&old, gateway.addr).await);
    }
    std::fs::remove_file(pair.certificate()).unwrap();
    assert!(gateway.reload_certificates().is_err());
    assert_eq!(send(&gateway, &old, &Request::get("/livez")).await.status, 200);
    // As soon as there is a good one, it is served without being told.
    pair.put(&new);
    let mut is_new = false;
    let end = Instant::now() + SOON;
    while !is_new && Instant::now() < end {
        is_new = is_served(&new, gateway.addr).await;
    }
    assert!(is_new);
    assert!(!gateway.reload_certificates().unwrap(), "it is known already");
}

#[tokio::test]
async fn a_reload_by_hand_is_at_once_and_links_may_be_turned() {
    let (fake, old, new) = (fake().await, Identity::new(), Identity::new());
    let (first, second) = (Pair::new(&old), Pair::new(&new));
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    std::os::unix::fs::symlink(first.certificate().parent().unwrap(), &live).unwrap();
    let (certificate, key) = (live.join("certificate.pem"), live.join("key.pem"));
    let gateway = crate::support::Gateway::start(&[
        ("OLLAMA_BASE_URL", &fake.url()),
        ("TLS_CERT", certificate.to_str().unwrap()),
        ("TLS_KEY", key.to_str().unwrap()),
    ])
    .await;
    assert!(is_served(&old, gateway.addr).await);
    std::fs::remove_file(&live).unwrap();
    std::os::unix::fs::symlink(second.certificate().parent().unwrap(), &live).unwrap();
    assert!(gateway.reload_certificates().unwrap());
    assert!(is_served(&new, gateway.addr).await && !is_served(&old, gateway.addr).await);
}
