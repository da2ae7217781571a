//! The certificate that the gateway makes itself.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::fake;
use crate::support::Gateway;
use crate::support::client::{self, Request, exchange};
use crate::support::running::serve;
use crate::support::tls::{connect, trusting};

fn stored(home: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(home.join("tls/self-signed.pem")).unwrap()
}

#[tokio::test]
async fn it_is_kept_for_the_owner_alone_and_served_again_after_a_restart() {
    let fake = fake().await;
    let url = fake.url();
    let env = [("OLLAMA_BASE_URL", url.as_str()), ("TLS_SELF_SIGNED", "true")];
    let gateway = Gateway::start(&env).await;
    let first = stored(gateway.home());
    let connector = trusting(std::slice::from_ref(&first), &[]);
    let reply = exchange(&mut connect(&connector, gateway.addr).await, &Request::get("/v1/models")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mode =
        |path: &str| std::fs::metadata(gateway.home().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [mode("tls"), mode("tls/self-signed.key"), mode("tls/self-signed.pem")],
        [0o700, 0o600, 0o600]
    );
    let home = gateway.stopped().await;
    let gateway = Gateway::start_in(home, &env).await;
    assert_eq!(stored(gateway.home()), first);
    let reply = exchange(&mut connect(&connector, gateway.addr).await, &Request::get("/livez")).await;
    assert_eq!(reply.status, 200);
    // For another address it is another one.
    let home = gateway.stopped().await;
    let gateway = Gateway::start_in(home, &[&env[..], &[("HOST", "127.0.0.3")]].concat()).await;
    assert_ne!(stored(gateway.home()), first);
}

#[tokio::test]
async fn the_start_says_its_fingerprint_and_how_to_ask() {
    let (fake, home) = (fake().await, tempfile::tempdir().unwrap());
    let env =
        [("OLLAMA_BASE_URL", fake.url()), ("PORT", "0".to_owned()), ("TLS_SELF_SIGNED", "1".to_owned())];
    let env = env.map(|(name, value)| (name.to_owned(), value));
    let mut running = serve(home.path(), &env);
    let mut printed = String::new();
    while !printed.contains("curl") {
        printed.push_str(&running.printed().await);
    }
    let port = printed.split("https://127.0.0.1:").nth(1).expect("it says https").split('/').next().unwrap();
    let file = home.path().join("data/tls/self-signed.pem");
    let digest = Sha256::digest(CertificateDer::from_pem_file(file).unwrap());
    let fingerprint = digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    assert!(printed.contains(&fingerprint), "{fingerprint} is not in {printed}");
    assert!(printed.contains("--cacert ./data/tls/self-signed.pem https://"), "{printed}");
    assert!(printed.contains(&format!("panel      https://127.0.0.1:{port}/admin")), "{printed}");
    // The same program as a client of its own, as containers ask.
    for (port, code) in [(port, 0), ("1", 1)] {
        let asked = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
            .args(["healthcheck", "--port", port])
            .current_dir(home.path())
            .env_clear()
            .env("TLS_SELF_SIGNED", "true")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(asked.status.code(), Some(code), "{asked:?}");
    }
    let addr = format!("127.0.0.1:{port}").parse().unwrap();
    assert_eq!(client::get(addr, "/livez").await.status, 400, "and nothing but TLS");
    running.ended().await;
}
