//! TLS in process: what is served with it, that a certificate can be exchanged while requests run, and what is said
//! where something is wrong. The other ways to listen are in [`listeners`].

mod listeners;
mod mistakes;
mod own;
mod swap;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::{SignedDuration, Timestamp};
use ollama2openai::fake::{Fake, Script};
use serde_json::{Value, json};

use crate::support::Gateway;
use crate::support::admin::{self, PASSWORD};
use crate::support::client::{self, Request, Response, exchange};
use crate::support::ollama::{chat, done, ollama, says, whole};
use crate::support::tls::{Identity, Pair, connect, shake_hands, trusting};
use crate::support::wait::{beside, within};

const CHAT: &str = "/v1/chat/completions";
const HTTP1: &str = "http/1.1";
const HTTP2: &str = "h2";

/// An Ollama that says hello.
async fn fake() -> Fake {
    ollama(|request| match request.json().is_some_and(|json| json["stream"] == true) {
        true => Script::ndjson([&says("Hello"), &done()]),
        false => whole("Hello"),
    })
    .await
}

/// A gateway with this pair and these settings.
async fn started(pair: &Pair, fake: &Fake, more: &[(&str, &str)]) -> Gateway {
    let env = pair.env(fake, &[&[("ADMIN_PASSWORD", PASSWORD)], more].concat());
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Gateway::start(&env).await
}

/// One request over HTTP/1.1 and TLS.
async fn send(gateway: &Gateway, identity: &Identity, request: &Request) -> Response {
    let connector = trusting(&[identity.der()], &[HTTP1]);
    exchange(&mut connect(&connector, gateway.addr).await, request).await
}

/// One request of HTTP/2: status, headers, body.
async fn send_http2(
    gateway: &Gateway,
    identity: &Identity,
    request: http::Request<Full<Bytes>>,
) -> (http::response::Parts, Bytes) {
    let connector = trusting(&[identity.der()], &[HTTP2, HTTP1]);
    let stream = shake_hands(&connector, gateway.addr).await.expect("TLS begins");
    assert_eq!(
        stream.get_ref().1.alpn_protocol(),
        Some(HTTP2.as_bytes()),
        "HTTP/2 is preferred where offered"
    );
    let shaking = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = within("HTTP/2 begins", shaking).await.unwrap();
    let _connection = beside(connection);
    let reply = within("a reply", sender.send_request(request)).await.expect("HTTP/2 is spoken");
    let (head, body) = reply.into_parts();
    (head, within("a body", body.collect()).await.unwrap().to_bytes())
}

#[tokio::test]
async fn requests_and_streams_go_over_tls_by_both_versions_of_http() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[]).await;
    let reply = send(&gateway, &identity, &Request::post(CHAT, &chat(false))).await;
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "Hello");
    let connection = connect(&trusting(&[identity.der()], &[]), gateway.addr).await;
    let mut stream = client::open_on(connection, &Request::post(CHAT, &chat(true))).await;
    assert!(stream.rest().await.last().unwrap().is_done());
    for streams in [false, true] {
        let request = http::Request::post(format!("https://localhost{CHAT}"));
        let request = request.header("content-type", "application/json");
        let body = Full::from(chat(streams).to_string());
        let (head, body) = send_http2(&gateway, &identity, request.body(body).unwrap()).await;
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(head.status == 200 && text.contains("Hello"), "{head:?} {text}");
        assert_eq!(text.contains("[DONE]"), streams);
    }
    assert!(gateway.shutdown().await);
}

#[tokio::test]
async fn whoever_speaks_http_to_a_tls_port_is_told_to_speak_https() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[]).await;
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!(reply.status, 400);
    assert!(
        reply.complete && reply.text().ends_with("begin the address with https://.\n"),
        "{}",
        reply.text()
    );
    assert!(reply.header("content-type").unwrap().starts_with("text/plain"));
    let mut garbage = client::connect(gateway.addr).await;
    garbage.send(b"\x00\x01garbage").await.unwrap();
    assert!(!matches!(within("its end", garbage.closed()).await, Ok(false)), "nobody else gets an answer");
}

#[tokio::test]
async fn a_handshake_has_the_time_of_a_head_and_counts_as_a_connection() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[("HEADER_TIMEOUT", "300ms"), ("MAX_CONNECTIONS", "1")]).await;
    // Nothing at all, and the beginning of a handshake.
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut slow = client::connect(gateway.addr).await;
        slow.send(begin).await.unwrap();
        // It is let in when the slow one has been closed.
        let reply = send(&gateway, &identity, &Request::get("/livez").header("connection", "close")).await;
        assert_eq!(reply.status, 200);
        assert!(!matches!(within("its end", slow.closed()).await, Ok(false)), "nothing is sent to it");
    }
}

#[tokio::test]
async fn under_tls_the_cookie_is_of_this_very_host_and_writes_come_from_its_pages() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[]).await;
    let host = format!("localhost:{}", gateway.addr.port());
    let sign_in = Request::post("/admin/login", &json!({"password": PASSWORD})).header("host", &host);
    let cookie = async |request: Request| {
        let reply = send(&gateway, &identity, &request).await;
        reply.header("set-cookie").unwrap_or_default().to_owned()
    };
    let set = cookie(sign_in).await;
    assert!(set.starts_with("__Host-o2o=") && set.contains("; Secure"), "{set}");
    let session = set.split(';').next().unwrap();
    let token = json!({"name": "by cookie"});
    let write = async |origin: String| {
        let request = Request::post("/admin/api/tokens", &token).header("cookie", session);
        send(&gateway, &identity, &request.header("host", &host).header("origin", &origin)).await.status
    };
    assert_eq!(write(format!("https://{host}")).await, 200);
    assert_eq!(write(format!("http://{host}")).await, 403, "that page may be anybody's");
    // HTTP/2 names the host in its own way.
    for (origin, status) in [(format!("https://{host}"), 200), ("https://evil.test".to_owned(), 403)] {
        let request = http::Request::post(format!("https://{host}/admin/api/tokens"));
        let request = request.header("cookie", session).header("origin", &origin);
        let request = request.header("content-type", "application/json");
        let (head, _) =
            send_http2(&gateway, &identity, request.body(Full::from(token.to_string())).unwrap()).await;
        assert_eq!(head.status, status, "{origin}");
    }
}

#[tokio::test]
async fn a_port_that_goes_without_saying_is_that_of_https() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[]).await;
    let ask = async |url: &str, host: &str| {
        let request = http::Request::get(url).header("host", host).body(Full::default()).unwrap();
        send_http2(&gateway, &identity, request).await.0.status
    };
    assert_eq!(ask("https://localhost/v1/models", "localhost:443").await, 200);
    assert_eq!(ask("https://localhost/v1/models", "localhost:80").await, 400);
}

#[tokio::test]
async fn a_trusted_proxy_that_says_how_its_client_speaks_is_believed() {
    let (fake, identity) = (fake().await, Identity::new());
    let pair = Pair::new(&identity);
    let gateway = started(&pair, &fake, &[("TRUST_PROXY", "loopback")]).await;
    for (said, name) in
        [(None, "__Host-o2o="), (Some("https"), "__Host-o2o="), (Some("http"), "o2o_session=")]
    {
        let mut request = Request::post("/admin/login", &json!({"password": PASSWORD}));
        if let Some(scheme) = said {
            request = request.header("x-forwarded-proto", scheme);
        }
        let reply = send(&gateway, &identity, &request).await;
        assert!(reply.header("set-cookie").unwrap().starts_with(name), "{said:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_before_it_comes_and_when_it_has() {
    let fake = fake().await;
    let days = |days: i64| Timestamp::now() + SignedDuration::from_hours(24 * days);
    for (end, told) in [
        (days(-2), Some(("certificate_ended", "critical"))),
        (days(10), Some(("certificate_ending", "warning"))),
        (days(40), None),
    ] {
        let identity = Identity::ending(end);
        let pair = Pair::new(&identity);
        // The panel by a socket: a client would refuse one that has ended.
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("gateway.sock");
        let _gateway = started(&pair, &fake, &[("UNIX_SOCKET", socket.to_str().unwrap())]).await;
        let get =
            async |request: Request| exchange(&mut listeners::connect_unix(&socket).await, &request).await;
        let shown = get(admin::request("GET", "/dashboard", &Value::Null)).await.json();
        let list = shown["attention"]["list"].as_array().unwrap().iter();
        let kinds: Vec<_> = list
            .map(|item| (item["kind"].as_str().unwrap(), item["severity"].as_str().unwrap()))
            .filter(|(kind, _)| kind.starts_with("certificate"))
            .collect();
        assert_eq!(kinds, told.into_iter().collect::<Vec<_>>());
        let page = get(Request::get("/metrics")).await.text();
        let name = "ollama2openai_tls_certificate_expiry_timestamp_seconds ";
        let value = page.lines().find_map(|line| line.strip_prefix(name)).expect("the family is there");
        let midnight = end.as_second() - end.as_second().rem_euclid(86_400);
        assert_eq!(value.parse::<i64>().unwrap(), midnight);
    }
}

#[tokio::test]
async fn without_tls_no_end_is_told() {
    let gateway = Gateway::start(&[]).await;
    let page = gateway.get("/metrics").await.text();
    assert!(!page.contains("\nollama2openai_tls_certificate_expiry_timestamp_seconds"), "{page}");
}
