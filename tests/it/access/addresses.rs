//! Rules of addresses, and whose address it is behind proxies.

use super::{CHAT, ask, gateway, token, told};
use crate::support::client::Request;
use crate::support::ollama::chat;

const OPEN: [&str; 4] = ["/health", "/HEALTH/", "/livez", "/readyz"];
const RULED: [&str; 7] = ["/", "/v1", "/v1/models", "/nothing", "/admin", "/admin/api/keys", "/models/m"];

#[tokio::test]
async fn who_is_not_in_the_whitelist_sees_only_that_it_lives() {
    for env in [
        [("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "192.0.2.0/24")],
        [("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "")],
        [("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "127.0.0.0/8, 10.0.0.0/8")],
    ] {
        let (fake, gateway) = gateway(&env, &[token("alice")]).await;
        // A page is no program of this machine, whatever its address.
        let page = |path: &str| Request::get(path).header("origin", "https://page.example");
        for path in OPEN {
            assert_eq!(gateway.send(&page(path)).await.status, 200, "{path}");
        }
        for path in RULED {
            let reply = gateway.send(&page(path)).await;
            assert_eq!(reply.status, 403, "{path}: {}", reply.text());
            assert!(reply.text().contains("ip_not_allowed"), "{path}: {}", reply.text());
        }
        assert_eq!(told(&gateway.send(&ask("alice")).await), (403, "ip_not_allowed".to_owned()));
        assert_eq!(gateway.send(&Request::new("OPTIONS", CHAT)).await.status, 403);
        let admin = gateway.get("/admin").await.status;
        let is_whitelist = env[0].1 == "whitelist";
        assert_eq!(admin, if is_whitelist { 200 } else { 403 }, "a whitelist leaves a way back");
        assert!(fake.log.of("/api/chat").is_empty());
    }
}

#[tokio::test]
async fn who_is_in_the_whitelist_or_not_in_the_blacklist_may_call() {
    for env in [
        [("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "127.0.0.1")],
        [("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "192.0.2.0/24")],
        [("IP_ACCESS_MODE", "disabled"), ("IP_BLACKLIST", "127.0.0.1")],
    ] {
        let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
        assert_eq!(gateway.send(&ask("alice")).await.status, 200, "{env:?}");
    }
}

#[tokio::test]
async fn a_forged_address_is_not_believed() {
    let rules = [("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "192.0.2.7")];
    let asks = async |trust: &str, forwarded: &str| {
        let env = [rules[0], rules[1], ("TRUST_PROXY", trust)];
        let (_fake, gateway) = gateway(&env, &[token("alice")]).await;
        gateway.send(&ask("alice").header("x-forwarded-for", forwarded)).await.status
    };
    for (trust, forwarded, status) in [
        ("false", "192.0.2.7", 403),
        ("true", "192.0.2.7", 200),
        ("true", "192.0.2.7, 198.51.100.1", 403),
        ("true", "198.51.100.1, 192.0.2.7", 200),
        ("2", "192.0.2.7, 198.51.100.1", 200),
        ("loopback", "6.6.6.6, 192.0.2.7", 200),
        ("loopback", "192.0.2.7, 6.6.6.6", 403),
        ("10.0.0.0/8", "192.0.2.7", 403),
    ] {
        assert_eq!(asks(trust, forwarded).await, status, "TRUST_PROXY={trust}, {forwarded}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_only_the_resolved_address_is_loopback() {
    let (_fake, gateway) = gateway(&[("TRUST_PROXY", "true")], &[]).await;
    let bare = || Request::post(CHAT, &chat(false));
    for (address, status) in [("203.0.113.1", 401), ("127.0.0.1", 200), ("127.0.0.1, 203.0.113.1", 401)] {
        let reply = gateway.send(&bare().header("x-forwarded-for", address)).await;
        assert_eq!(reply.status, status, "{address}");
    }
    assert_eq!(gateway.send(&bare()).await.status, 200);
}
