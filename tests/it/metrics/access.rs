//! Who sees how much, and in which form.

use ollama2openai::telemetry::metrics::names;

use super::{CHAT, Page, scrape};
use crate::support::Gateway;
use crate::support::client::{Request, Response};
use crate::support::ollama::{chat, ollama, whole};

fn types(reply: &Response) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    Page::read(&reply.text()).types.into_keys().collect()
}

fn seeds() -> Vec<String> {
    let mut seeds: Vec<_> = names::SEEDS.iter().map(|family| family.name.to_owned()).collect();
    seeds.sort_unstable();
    seeds
}

/// From elsewhere, as a proxy on this machine tells it.
fn from_elsewhere() -> Request {
    Request::get("/metrics").header("via", "1.1 proxy")
}

fn with(request: Request, token: &str) -> Request {
    request.header("authorization", &format!("Bearer {token}"))
}

#[tokio::test]
async fn without_a_token_other_machines_see_the_families_of_the_node_program_only() {
    let gateway = Gateway::start(&[]).await;
    let here = types(&gateway.get("/metrics").await);
    assert!(here.len() > seeds().len() && here.contains(&"process_open_fds".to_owned()), "{here:?}");
    assert_eq!(types(&gateway.send(&from_elsewhere()).await), seeds());
    // What some send with everything means nothing here.
    assert_eq!(types(&gateway.send(&with(from_elsewhere(), "any")).await), seeds());
}

#[tokio::test]
async fn the_token_shows_everything_and_another_one_is_refused() {
    let gateway = Gateway::start(&[("METRICS_TOKEN", "scraper-secret"), ("API_TOKEN", "sk-clients")]).await;
    let whole = types(&gateway.get("/metrics").await);
    assert_eq!(types(&gateway.send(&from_elsewhere()).await), seeds());
    assert_eq!(types(&gateway.send(&with(from_elsewhere(), "scraper-secret")).await), whole);
    for wrong in ["scraper-secre", "scraper-secret2", "sk-clients"] {
        for request in [Request::get("/metrics"), from_elsewhere()] {
            let reply = gateway.send(&with(request, wrong)).await;
            assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{wrong}");
            assert_eq!(reply.json()["error"]["code"], "invalid_metrics_token");
        }
    }
    let reply = gateway.post(CHAT, &chat(false)).await;
    assert_eq!(reply.status, 401, "the scraper's token opens nothing else");
    let request = Request::post(CHAT, &chat(false)).header("authorization", "Bearer scraper-secret");
    assert_eq!(gateway.send(&request).await.status, 401);
    assert!(!gateway.get("/metrics").await.text().contains("scraper-secret"));
}

#[tokio::test]
async fn rules_of_addresses_cover_it() {
    let gateway = Gateway::start(&[("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "127.0.0.1")]).await;
    let reply = gateway.get("/metrics").await;
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (403, Some("ip_not_allowed")));
}

#[tokio::test]
async fn methods_and_spellings_are_those_of_the_other_pages() {
    let gateway = Gateway::start(&[]).await;
    for path in ["/metrics/", "/Metrics", "/metrics?x=1"] {
        assert_eq!(gateway.get(path).await.status, 200, "{path}");
    }
    let head = gateway.send(&Request::new("HEAD", "/metrics")).await;
    assert_eq!((head.status, head.text().as_str()), (200, ""));
    let post = gateway.send(&Request::new("POST", "/metrics")).await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(gateway.send(&Request::new("OPTIONS", "/metrics")).await.status, 204);
    assert_eq!(scrape(&gateway).await.sum("ollama2openai_outcomes_total", &[]), 0.0, "pages count nowhere");
}

#[tokio::test]
async fn open_metrics_comes_to_who_asks_for_it() {
    let fake = ollama(|_| whole("hi")).await;
    let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
    assert_eq!(gateway.post(CHAT, &chat(false)).await.status, 200);
    let ask = |accept| Request::get("/metrics").header("accept", accept);
    let prometheus =
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
    let reply = gateway.send(&ask(prometheus)).await;
    let told = reply.header("content-type");
    assert_eq!(told, Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let open = reply.text();
    assert!(open.ends_with("\n# EOF\n") && !open.contains("\n\n"), "{open}");
    for line in [
        "# TYPE ollama2openai_requests counter",
        "ollama2openai_requests_total{method=\"POST\",endpoint=\"/v1/chat/completions\",status=\"200\"} 1",
        "# TYPE ollama2openai_keys_total gauge",
    ] {
        assert!(open.lines().any(|known| known == line), "{line}: {open}");
    }
    let plain = gateway.send(&ask("text/plain")).await.text();
    assert!(!plain.contains("# EOF") && !plain.contains("# UNIT") && !plain.contains("_created"));
    // Both tell the same.
    let samples = |text: &str| {
        let series = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        series.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(samples(&open), samples(&plain));
}
