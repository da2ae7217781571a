//! Signing in, the cookie, what other sites may send, and every way in which a session ends.

use serde_json::{Value, json};

use super::{
    OTHERS, PASSWORD, call, cookie, done, get, login, refused, request, session, sql, started, text, user,
};
use crate::support::Gateway;
use crate::support::client::Request;

const ME: &str = "/api/me";

async fn is_alive(gateway: &Gateway, session: &str) -> bool {
    call(gateway, session, "GET", ME, &Value::Null).await.status == 200
}

#[tokio::test]
async fn one_signs_in_by_json_and_by_a_form_with_and_without_a_name() {
    let gateway = started().await;
    let form = |body: &str| {
        Request::new("POST", "/admin/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let json = json!({"password": PASSWORD}).to_string();
    for request in [
        request("POST", "/login", &json!({"password": PASSWORD})),
        request("POST", "/login", &json!({"username": " Admin ", "password": PASSWORD})),
        form(&json), // as curl sends it
        form(&format!("password={PASSWORD}")),
        form(&format!("username=admin&password={}", PASSWORD.replace('-', "%2D"))),
        Request::new("POST", "/ADMIN/Login/").body(json.as_str()),
    ] {
        let reply = gateway.send(&request).await;
        assert_eq!(reply.status, 200, "{request:?}: {}", reply.text());
        let told = reply.json();
        assert_eq!((&told["success"], &told["user"]["name"]), (&json!(true), &json!("admin")));
        let me = done(&gateway, told["token"].as_str().unwrap(), "GET", ME, &Value::Null).await;
        assert_eq!((&me["role"], &me["via"]), (&json!("admin"), &json!("session")));
        let (pair, attributes) = cookie(&reply);
        assert_eq!(pair, format!("o2o_session={}", text(&told["token"])));
        assert_eq!(attributes, "Path=/admin; Max-Age=604800; HttpOnly; SameSite=Lax");
    }
    for (body, status) in [
        (json!({}), 400),
        (json!({"password": ""}), 400),
        (json!({"password": 7}), 400),
        (json!({"password": "wrong"}), 401),
        (json!({"username": "nobody", "password": PASSWORD}), 401),
        (json!({"username": "", "password": PASSWORD}), 401),
        (json!({"username": "admim", "password": PASSWORD}), 401),
        (json!({"user": "ann", "password": PASSWORD}), 400),
        (json!({"usrname": "ann", "password": PASSWORD}), 400),
    ] {
        let reply = login(&gateway, &body).await;
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        assert!(reply.header("set-cookie").is_none());
    }
    let large = json!({"password": "x".repeat(20_000)});
    assert_eq!(login(&gateway, &large).await.status, 413, "nobody who is known sends so much");
}

#[tokio::test]
async fn a_cookie_reads_everywhere_and_writes_from_this_site_only() {
    let gateway = started().await;
    let (pair, _) = cookie(&login(&gateway, &json!({"password": PASSWORD})).await);
    let (own, evil) = (format!("http://{}", gateway.addr), "https://evil.example");
    let sent = async |method: &'static str, headers: &[(&str, &str)]| {
        let host = gateway.addr.to_string();
        let request =
            request(method, "/api/cache", &Value::Null).header("cookie", &pair).header("host", &host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let reply = gateway.send(&request).await;
        (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    for headers in [&[][..], &[("origin", evil)], &[("sec-fetch-site", "cross-site")]] {
        assert_eq!(sent("GET", headers).await.0, 200, "{headers:?}");
    }
    for headers in [
        &[("origin", own.as_str())][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("origin", "https://behind-a-proxy.example")],
    ] {
        assert_eq!(sent("DELETE", headers).await.0, 200, "{headers:?}");
    }
    for headers in [
        &[][..],
        &[("origin", evil)],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", own.as_str())],
    ] {
        assert_eq!(sent("DELETE", headers).await, (403, "cross_site".to_owned()), "{headers:?}");
    }
    let bearer = request("DELETE", "/api/cache", &Value::Null).header("authorization", PASSWORD);
    assert_eq!(gateway.send(&bearer.header("origin", evil)).await.status, 200, "no page can send that");
}

#[tokio::test]
async fn no_other_site_signs_in_or_out() {
    let gateway = started().await;
    let session = session(&gateway, "admin", PASSWORD).await;
    for (path, cookie) in [("/login", String::new()), ("/logout", format!("o2o_session={session}"))] {
        let form = Request::new("POST", &format!("/admin{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("cookie", &cookie)
            .body(format!("password={PASSWORD}"));
        let reply = gateway.send(&form).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("cross_site")), "{path}");
        assert!(reply.header("set-cookie").is_none());
    }
    assert!(is_alive(&gateway, &session).await);
}

#[tokio::test]
async fn each_sign_in_has_a_session_of_its_own_and_none_is_taken_over() {
    let gateway = started().await;
    let planted = format!("o2o-session-{}", "0".repeat(64));
    let body = json!({"password": PASSWORD});
    let with_cookie = request("POST", "/login", &body).header("cookie", &format!("o2o_session={planted}"));
    let reply = gateway.send(&with_cookie).await;
    let (one, two) = (text(&reply.json()["token"]), session(&gateway, "admin", PASSWORD).await);
    assert!(one != planted && two != one, "a session is random");
    assert!(one.len() >= 64 + "o2o-session-".len(), "256 bits: {one}");
    assert!(!is_alive(&gateway, &planted).await);
    assert!(is_alive(&gateway, &one).await && is_alive(&gateway, &two).await);
}

#[tokio::test]
async fn after_signing_out_a_session_opens_nothing() {
    let gateway = started().await;
    let (one, two) = (session(&gateway, "admin", PASSWORD).await, session(&gateway, "admin", PASSWORD).await);
    let reply = call(&gateway, &one, "POST", "/logout", &Value::Null).await;
    assert_eq!((reply.status, &reply.json()["sessionsEnded"]), (200, &json!(1)));
    assert_eq!(cookie(&reply).1, "Path=/admin; Max-Age=0; HttpOnly; SameSite=Lax");
    assert_eq!(refused(&gateway, &one, "GET", ME, &Value::Null).await.0, 401);
    let replayed = request("GET", ME, &Value::Null).header("cookie", &format!("o2o_session={one}"));
    assert_eq!(gateway.send(&replayed).await.status, 401);
    assert!(is_alive(&gateway, &two).await);
    assert_eq!(
        call(&gateway, &one, "POST", "/logout", &Value::Null).await.status,
        200,
        "nothing is left to end"
    );
    let everywhere = json!({"everywhere": true});
    let three = session(&gateway, "admin", PASSWORD).await;
    let reply = done(&gateway, &three, "POST", "/logout", &everywhere).await;
    assert_eq!(reply["sessionsEnded"], 2);
    assert!(!is_alive(&gateway, &two).await && !is_alive(&gateway, &three).await);
}

#[tokio::test]
async fn sessions_end_by_time() {
    let gateway = started().await;
    let ended = async |statement: &'static str| {
        let session = session(&gateway, "admin", PASSWORD).await;
        assert!(is_alive(&gateway, &session).await);
        sql(&gateway, statement).await;
        !is_alive(&gateway, &session).await
    };
    let ago =
        "UPDATE sessions SET last_seen = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-12 hours', '-1 seconds')";
    assert!(ended(ago).await, "unused for twelve hours");
    assert!(ended("UPDATE sessions SET expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')").await, "too old");
    let just = "UPDATE sessions SET last_seen = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-11 hours')";
    assert!(!ended(just).await);
    let listed = get(&gateway, "/api/sessions").await;
    let listed = listed["sessions"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    let seen: jiff::Timestamp = listed[0]["lastSeen"].as_str().unwrap().parse().unwrap();
    assert!(jiff::Timestamp::now().duration_since(seen).as_secs() < 60, "its use was noted");
    let life: jiff::Timestamp = listed[0]["expiresAt"].as_str().unwrap().parse().unwrap();
    let days = life.duration_since(jiff::Timestamp::now()).as_hours();
    assert!((7 * 24 - 1..=7 * 24).contains(&days), "seven days at most");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_an_admin() {
    let gateway = started().await;
    let id = user(&gateway, "ann", "viewer").await;
    let one = session(&gateway, "ann", OTHERS).await;
    let (two, own) = (session(&gateway, "ann", OTHERS).await, session(&gateway, "admin", PASSWORD).await);
    let all = done(&gateway, &own, "GET", "/api/sessions", &Value::Null).await;
    let all = all["sessions"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all.iter().filter(|session| session["current"] == true).count(), 1);
    assert!(!json!(all).to_string().contains("o2o-session-"), "what opens is never told again");
    let path = format!("/api/users/{id}/sessions");
    let of_ann = get(&gateway, &path).await;
    assert_eq!(of_ann["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&of_ann["sessions"][0]["userName"], &of_ann["sessions"][0]["address"]),
        (&json!("ann"), &json!("127.0.0.1"))
    );
    let newest = format!("/api/sessions/{}", text(&of_ann["sessions"][0]["id"]));
    done(&gateway, PASSWORD, "DELETE", &newest, &Value::Null).await;
    assert_eq!(refused(&gateway, PASSWORD, "DELETE", &newest, &Value::Null).await.0, 404);
    assert_eq!(u8::from(is_alive(&gateway, &one).await) + u8::from(is_alive(&gateway, &two).await), 1);
    assert_eq!(done(&gateway, PASSWORD, "DELETE", &path, &Value::Null).await["sessionsEnded"], 1);
    assert!(!is_alive(&gateway, &one).await && !is_alive(&gateway, &two).await);
    assert!(is_alive(&gateway, &own).await);
    assert_eq!(refused(&gateway, PASSWORD, "DELETE", "/api/users/x/sessions", &Value::Null).await.0, 404);
}
