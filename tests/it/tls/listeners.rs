//! More than one way in: a port for the panel alone, a Unix socket, a port that several share.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::{Value, json};
use tokio::net::UnixStream;

use super::{CHAT, fake};
use crate::support::Gateway;
use crate::support::admin::{self, PASSWORD};
use crate::support::client::{self, Request, exchange};
use crate::support::http::Connection;
use crate::support::ollama::chat;
use crate::support::running::serve;
use crate::support::wait::within;

/// A connection to a gateway by its socket.
pub(super) async fn connect_unix(path: &Path) -> Connection {
    Connection::over(within("to connect", UnixStream::connect(path)).await.expect("it listens"))
}

#[tokio::test]
async fn the_panel_is_served_on_its_own_port_alone_and_clients_on_theirs() {
    let fake = fake().await;
    let gateway = Gateway::start(&[
        ("OLLAMA_BASE_URL", &fake.url()),
        ("ADMIN_PASSWORD", PASSWORD),
        ("ADMIN_LISTEN", "127.0.0.1:0"),
    ])
    .await;
    let (main, panel) = (gateway.addr, gateway.admin_addr().unwrap());
    for (path, at_main, at_panel) in [
        ("/", 200, 404),
        ("/v1/models", 200, 404),
        ("/models", 200, 404),
        ("/unknown", 404, 404),
        ("/admin", 404, 200),
        ("/Admin/", 404, 200),
        ("/admin/api/me", 404, 401),
        ("/health", 200, 200),
        ("/livez", 200, 200),
        ("/readyz/", 200, 200),
        ("/metrics", 200, 200),
    ] {
        for (addr, status) in [(main, at_main), (panel, at_panel)] {
            let reply = client::get(addr, path).await;
            assert_eq!(reply.status, status, "{path}: {}", reply.text());
            assert!(reply.header("x-request-id").is_some(), "{path}");
        }
    }
    // Not even with the password, and whatever the method.
    let refused = client::send(main, &admin::request("POST", "/tokens", &json!({"name": "x"}))).await;
    assert_eq!((refused.status, &refused.json()["code"]), (404, &"not_found".into()));
    assert!(refused.json()["error"].as_str().unwrap().contains("ADMIN_LISTEN"), "{}", refused.text());
    let refused = client::post_json(panel, CHAT, &chat(false)).await;
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (404, &"unknown_url".into()));
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("ADMIN_LISTEN"));
    assert_eq!(client::post_json(main, CHAT, &chat(false)).await.status, 200);
    // The panel knows where clients call, and may call there itself.
    let me = client::send(panel, &admin::request("GET", "/me", &Value::Null)).await.json();
    assert_eq!(me["api"], format!("http://{main}"));
    let page = client::get(panel, "/admin").await;
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains(&format!("connect-src 'self' http://{main};")), "{policy}");
    gateway.shutdown().await;
    assert!(tokio::net::TcpStream::connect(panel).await.is_err(), "both ports are free again");
}

#[tokio::test]
async fn without_a_port_of_its_own_the_panel_calls_where_it_is() {
    let gateway = Gateway::start(&[("ADMIN_PASSWORD", PASSWORD)]).await;
    assert_eq!(admin::get(&gateway, "/me").await["api"], Value::Null);
    let policy = gateway.get("/admin").await;
    assert!(policy.header("content-security-policy").unwrap().contains("connect-src 'self';"));
}

#[tokio::test]
async fn a_socket_is_there_while_the_gateway_is_for_owner_and_group_alone() {
    let (fake, home) = (fake().await, tempfile::tempdir().unwrap());
    let path = home.path().join("gateway.sock");
    let env = [("OLLAMA_BASE_URL", fake.url()), ("UNIX_SOCKET", path.to_str().unwrap().to_owned())];
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // What a process left that was killed is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let gateway = Gateway::start(&env).await;
    let file = std::fs::symlink_metadata(&path).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    // Whoever calls counts as a program of this machine, unless its head tells of a proxy.
    let request = Request::post(CHAT, &chat(false));
    let mut connection = connect_unix(&path).await;
    assert_eq!(exchange(&mut connection, &request).await.status, 200);
    let mut stream = client::open_on(connect_unix(&path).await, &Request::post(CHAT, &chat(true))).await;
    assert!(stream.rest().await.last().unwrap().is_done());
    let forwarded = request.clone().header("x-forwarded-for", "203.0.113.9");
    assert_eq!(exchange(&mut connection, &forwarded).await.status, 401);
    assert_eq!(exchange(&mut connect_unix(&path).await, &request.version("1.0")).await.status, 401);
    assert_eq!(gateway.get("/livez").await.status, 200, "the port is there as well");
    gateway.shutdown().await;
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_speaks_http_2_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("gateway.sock");
    let _gateway = Gateway::start(&[("UNIX_SOCKET", path.to_str().unwrap())]).await;
    let io = hyper_util::rt::TokioIo::new(UnixStream::connect(&path).await.unwrap());
    let shaking = hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io);
    let (mut sender, connection) = within("HTTP/2 begins", shaking).await.unwrap();
    let _connection = crate::support::wait::beside(connection);
    let request = http::Request::get("http://localhost/livez").body(String::new()).unwrap();
    assert_eq!(within("a reply", sender.send_request(request)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_is_in_use_or_no_socket_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let (live, file) = (home.path().join("live.sock"), home.path().join("file"));
    let _listener = std::os::unix::net::UnixListener::bind(&live).unwrap();
    std::fs::write(&file, "text").unwrap();
    for (path, why) in [(&live, "another process listens there"), (&file, "what is there is no socket")] {
        let env = [
            ("PORT", "0"),
            ("DATA_DIR", home.path().to_str().unwrap()),
            ("UNIX_SOCKET", path.to_str().unwrap()),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut refused = serve(home.path(), &env);
        let line = refused.line("cannot listen").await;
        assert!(line.contains(path.to_str().unwrap()) && line.contains(why), "{line}");
    }
    assert!(live.exists() && std::fs::read_to_string(&file).unwrap() == "text");
}

#[tokio::test]
async fn a_port_is_shared_by_those_that_say_so() {
    let first = Gateway::start(&[("REUSE_PORT", "true")]).await;
    let port = first.addr.port().to_string();
    let second = Gateway::start(&[("REUSE_PORT", "true"), ("PORT", &port)]).await;
    assert_eq!(first.addr, second.addr);
    first.shutdown().await;
    assert_eq!(second.get("/livez").await.status, 200, "the other one goes on");
    let home = tempfile::tempdir().unwrap();
    let env = [("PORT", port.as_str()), ("DATA_DIR", home.path().to_str().unwrap())];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
    serve(home.path(), &env).line("cannot listen on").await;
}
