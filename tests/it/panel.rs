//! The panel through the front door: its page, its files, and who gets them. Held by the notice of a build without Node,
//! too, which has no files.

use std::io::Read as _;

use serde_json::Value;

use crate::support::Gateway;
use crate::support::client::{Request, Response};

/// Paths that a browser may be sent to, and spellings of `/admin` that lead there.
const PAGES: [&str; 8] = [
    "/admin",
    "/admin/",
    "/ADMIN",
    "/admin/login",
    "/admin/logout",
    "/admin/keys/",
    "/admin/models/llama3.2%3A1b?tab=a/b",
    "/admin/apis",
];
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn started() -> Gateway {
    Gateway::start(&[("ADMIN_PASSWORD", "the-password-of-the-tests")]).await
}

fn page(path: &str) -> Request {
    Request::get(path).header("accept", BROWSER)
}

/// The files that a page names, as paths.
fn files(page: &str) -> Vec<String> {
    let named = page.split(['"', '\'']).filter(|text| text.starts_with("/admin/assets/"));
    named.map(str::to_owned).collect()
}

/// All files of the panel that can be found from its page: those of the page, and those that its files name.
async fn all_files(gateway: &Gateway) -> Vec<(String, Response)> {
    let mut open = files(&gateway.send(&page("/admin")).await.text());
    let mut found: Vec<(String, Response)> = Vec::new();
    while let Some(path) = open.pop() {
        if found.iter().any(|(known, _)| *known == path) {
            continue;
        }
        let reply = gateway.get(&path).await;
        assert_eq!(reply.status, 200, "{path}");
        let text = reply.text();
        // Scripts name what they load when it is needed without the `/admin/` before it, or from beside.
        let beside = text.split(['"', '`', '\'']).filter_map(|named| {
            let name = named.strip_prefix("./").or_else(|| named.strip_prefix("assets/"))?;
            let is_file =
                [".js", ".css"].iter().any(|end| name.ends_with(end)) && !name.contains([' ', '/', '*']);
            is_file.then(|| format!("/admin/assets/{name}"))
        });
        open.extend(beside);
        found.push((path, reply));
    }
    found
}

fn nonce(reply: &Response) -> String {
    let policy = reply.header("content-security-policy").expect("a page has a policy");
    let (_, rest) = policy.split_once("'nonce-").expect("the policy names a nonce");
    rest.split_once('\'').expect("the nonce ends").0.to_owned()
}

#[tokio::test]
async fn every_path_that_a_browser_opens_is_the_page() {
    let gateway = started().await;
    for path in PAGES {
        let reply = gateway.send(&page(path)).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(reply.text().starts_with("<!doctype html>"), "{path}");
        assert_eq!(gateway.get(path).await.status, 200, "{path}, from a program that says nothing");
    }
    let json = gateway.send(&Request::get("/admin/keys").header("accept", "application/json")).await;
    assert_eq!((json.status, json.json()["code"].as_str()), (404, Some("not_found")));
}

#[tokio::test]
async fn what_is_of_the_api_is_never_the_page() {
    let gateway = started().await;
    for path in
        ["/admin/api", "/admin/api/", "/admin/api/nothing", "/Admin/API/keys", "/admin/api/openapi.json"]
    {
        let reply = gateway.send(&page(path)).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("unauthorized")), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        let known = page(path).header("authorization", "the-password-of-the-tests");
        assert_ne!(
            gateway.send(&known).await.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
    }
    let wrong = gateway.post("/admin/login", &serde_json::json!({"password": "wrong"})).await;
    assert_eq!(wrong.status, 401);
    for path in ["/admin", "/admin/keys", "/admin/assets/x.js"] {
        let reply = gateway.post(path, &Value::Null).await;
        assert_eq!(reply.status, 401, "{path}: a write is for the API, which knows nobody here");
    }
}

#[tokio::test]
async fn the_page_has_its_policy_and_a_nonce_of_its_own() {
    let gateway = started().await;
    let (one, two) = (gateway.send(&page("/admin")).await, gateway.send(&page("/admin")).await);
    assert_ne!(nonce(&one), nonce(&two));
    for reply in [&one, &two] {
        let (nonce, text) = (nonce(reply), reply.text());
        assert!(nonce.len() >= 22 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{nonce}");
        assert!(text.contains(&format!("name=\"csp-nonce\" content=\"{nonce}\"")), "{text}");
        assert!(!text.contains("CSP_NONCE"), "{text}");
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
             style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
             manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
        assert_eq!(reply.header("content-security-policy"), Some(policy.as_str()));
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        assert!(reply.header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")));
    }
}

#[tokio::test]
async fn the_page_holds_no_script_no_style_and_no_address_of_elsewhere() {
    let gateway = started().await;
    let text = gateway.get("/admin").await.text();
    for script in text.split("<script").skip(1) {
        let (head, rest) = script.split_once('>').expect("a tag ends");
        assert!(head.contains("src=\"/admin/assets/") && rest.starts_with("</script>"), "{script}");
    }
    for inline in ["<style", " style=", " onload=", " onclick=", "javascript:", "http://", "https://", "\"//"]
    {
        assert!(!text.contains(inline), "{inline} in {text}");
    }
}

#[tokio::test]
async fn files_are_kept_for_a_year_by_the_hash_in_their_names() {
    let gateway = started().await;
    for (path, reply) in all_files(&gateway).await {
        let stem = path.rsplit_once('.').expect("a file has a type").0;
        let hash = stem.get(stem.len() - 9..).unwrap_or_default();
        assert!(hash.starts_with('-') && !hash.contains('/'), "{path} has no hash in its name");
        assert_eq!(reply.header("cache-control"), Some("public, max-age=31536000, immutable"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("vary"), Some("accept-encoding"), "{path}");
        assert!(reply.header("content-type").is_some_and(|kind| !kind.contains("html")), "{path}");
        assert_eq!(reply.header("content-encoding"), None, "{path}");
        let tag = reply.header("etag").expect("a file has a tag");
        let again = gateway.send(&Request::get(&path).header("if-none-match", tag)).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)), "{path}");
        let stale = gateway.send(&Request::get(&path).header("if-none-match", "\"old\"")).await;
        assert_eq!((stale.status, &stale.body), (200, &reply.body), "{path}");
        let head = gateway.send(&Request::new("HEAD", &path)).await;
        let length = reply.body.len().to_string();
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())), "{path}");
        for other in
            [path.to_uppercase().replacen("/ADMIN", "/admin", 1), format!("{path}/"), format!("{path}.br")]
        {
            assert_eq!(gateway.send(&page(&other)).await.status, 404, "{other}");
        }
    }
}

#[tokio::test]
async fn large_files_come_packed_as_asked_for() {
    let gateway = started().await;
    let files = all_files(&gateway).await;
    for (path, plain) in files.iter().filter(|(_, plain)| plain.body.len() > 4096) {
        let ask =
            async |accept: &str| gateway.send(&Request::get(path).header("accept-encoding", accept)).await;
        let (br, gzip) = (ask("gzip, deflate, br, zstd").await, ask("br;q=0.1, gzip").await);
        assert_eq!(
            (br.header("content-encoding"), gzip.header("content-encoding")),
            (Some("br"), Some("gzip"))
        );
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(gzip.body.as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain.body, "{path}");
        assert!(br.body.len() < gzip.body.len() && gzip.body.len() < plain.body.len(), "{path}");
        assert_eq!(br.header("content-type"), plain.header("content-type"));
        assert!(br.header("etag") != gzip.header("etag") && gzip.header("etag") != plain.header("etag"));
        let refused = ask("br;q=0, gzip;q=0").await;
        assert_eq!((refused.header("content-encoding"), &refused.body), (None, &plain.body), "{path}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_no_page() {
    let gateway = started().await;
    for path in [
        "/admin/assets/",
        "/admin/assets/none-12345678.js",
        "/admin/Assets/none.js",
        "/admin/assets/..%5cpanel.rs",
        "/admin/assets/..%2f..%2fCargo.toml",
        "/admin/assets/index.html",
    ] {
        let reply = gateway.send(&page(path)).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (404, Some("not_found")), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
    }
    for path in [
        "/admin//",
        "/admin//keys",
        "/admin/../Cargo.toml",
        "/admin/./keys",
        "/admin/assets/../../../Cargo.toml",
        "/admin/assets/%2e%2E/%2e./Cargo.toml",
    ] {
        let reply = gateway.send(&page(path)).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("unauthorized")), "{path}");
    }
}

#[tokio::test]
async fn head_of_the_page_is_its_head() {
    let gateway = started().await;
    let (get, head) =
        (gateway.get("/admin/keys").await, gateway.send(&Request::new("HEAD", "/admin/keys")).await);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-type", "content-length", "cache-control", "x-frame-options"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_ne!(nonce(&head), nonce(&get));
}

#[tokio::test]
async fn the_rules_of_addresses_hold_for_the_panel() {
    let gateway = started().await;
    let some = files(&gateway.get("/admin").await.text()).into_iter().take(1);
    let shut = Gateway::start(&[("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "127.0.0.0/8")]).await;
    for path in some.chain(["/admin", "/admin/keys", "/admin/assets/none.js"].map(str::to_owned)) {
        let reply = shut.send(&page(&path)).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("ip_not_allowed")), "{path}");
    }
}
