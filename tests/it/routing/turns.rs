//! Whose turn it is: weights, priorities, models and mappings, health.

use ollama2openai::fake::{End, Fake, Script};
use ollama2openai::store::{NewChannel, NewKey};
use serde_json::json;

use super::{UNPROBED, calls, channel, key, well, who};
use crate::support::Gateway;
use crate::support::client::Request;
use crate::support::ollama::{chat, ollama};

#[tokio::test]
async fn weights_hold_over_every_window_of_six() {
    let (heavy, light) = (well("heavy").await, well("light").await);
    for as_channels in [true, false] {
        let gateway = if as_channels {
            let heavy = NewChannel { weight: 50, ..channel("heavy", &heavy.url()) };
            Gateway::with_rows(&[], &[heavy, channel("light", &light.url())], &[]).await
        } else {
            let heavy = NewKey { weight: 50, ..key("heavy", &heavy.url()) };
            Gateway::with_rows(&[], &[], &[heavy, key("light", &light.url())]).await
        };
        let mut said = Vec::new();
        for _ in 0..18 {
            said.push(who(&gateway, "m").await);
        }
        for window in said.windows(6) {
            assert_eq!(window.iter().filter(|name| *name == "light").count(), 1, "{said:?}");
        }
    }
}

#[tokio::test]
async fn channels_come_before_the_pool_and_both_by_priority() {
    let (a, b, c, d) = (well("a").await, well("b").await, well("c").await, well("d").await);
    let implicit = well("implicit").await;
    let implicit_url = implicit.url();
    let env = [("OLLAMA_BASE_URL", implicit_url.as_str())];
    let only = |name: &str| vec![name.to_owned()];
    let best = NewChannel { priority: 9, models: only("a*"), ..channel("a", &a.url()) };
    let second = NewChannel { models: vec!["a1".into(), "b".into()], ..channel("b", &b.url()) };
    let high = NewKey { priority: 5, models: only("c:latest"), ..key("c", &c.url()) };
    let off = NewChannel { enabled: false, priority: 99, ..channel("off", &implicit.url()) };
    let off_key = NewKey { enabled: false, priority: 99, ..key("off", &implicit.url()) };
    let keys = [key("d", &d.url()), high, off_key];
    let gateway = Gateway::with_rows(&env, &[second, best, off], &keys).await;
    for (model, name) in [("a1", "a"), ("A2", "a"), ("b", "b"), ("c", "c"), ("C:latest", "c"), ("x", "d")] {
        assert_eq!(who(&gateway, model).await, name, "{model}");
    }
    assert_eq!(calls(&implicit), 0, "what is disabled is never asked, nor the implicit backend");
}

#[tokio::test]
async fn a_mapping_belongs_to_who_serves() {
    let (a, b) = (well("a").await, well("b").await);
    let map = |to: &str| vec![("gpt".to_owned(), to.to_owned())];
    let one = NewChannel { model_mapping: map("real-a"), ..channel("a", &a.url()) };
    let other = NewKey { model_mapping: map("real-b"), ..key("b", &b.url()) };
    for (gateway, fake, served) in [
        (Gateway::with_rows(&[], &[one], std::slice::from_ref(&other)).await, &a, "real-a"),
        (Gateway::with_rows(&[], &[], &[other]).await, &b, "real-b"),
    ] {
        who(&gateway, "gpt").await;
        assert_eq!(fake.log.of("/api/chat")[0].request.model(), served);
    }
}

#[tokio::test]
async fn models_are_the_union_under_the_names_clients_may_use() {
    let (a, b) = (well("a").await, well("b").await);
    let map = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    let hidden = NewChannel {
        models: vec!["other".into()],
        model_mapping: map("alias", "m"),
        ..channel("a", &a.url())
    };
    let gateway = Gateway::with_rows(&[], &[hidden], &[]).await;
    let ids = async |gateway: &Gateway| {
        let json = gateway.get("/v1/models").await.json();
        let data = json["data"].as_array().cloned().unwrap_or_default();
        data.iter().map(|model| model["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&gateway).await, ["alias"]);
    let pool = NewKey { model_mapping: map("second", "m"), ..key("b", &b.url()) };
    let gateway = Gateway::with_rows(&[], &[], &[key("a", &a.url()), pool]).await;
    assert_eq!(ids(&gateway).await, ["m:latest", "second"]);
}

#[tokio::test]
async fn a_sleeping_host_delays_neither_the_list_nor_other_traffic() {
    let asleep = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", asleep.local_addr().unwrap());
    let awake = well("awake").await;
    let sleeper = NewKey { models: vec!["sleepy".into()], ..key("asleep", &url) };
    let gateway = Gateway::with_rows(&[], &[], &[sleeper, key("awake", &awake.url())]).await;
    let started = std::time::Instant::now();
    let (list, said) = tokio::join!(gateway.get("/v1/models"), who(&gateway, "m"));
    assert!(list.text().contains("m:latest") && said == "awake", "{}", list.text());
    assert!(started.elapsed() < std::time::Duration::from_millis(2900), "{:?}", started.elapsed());
}

#[tokio::test]
async fn five_faults_in_a_row_take_a_backend_down_and_the_least_bad_is_tried() {
    let (sick, good) = (ollama(|_| Script::silent(End::Close)).await, well("good").await);
    let first = NewKey { priority: 9, ..key("sick", &sick.url()) };
    let gateway = Gateway::with_rows(&[UNPROBED], &[], &[first.clone(), key("good", &good.url())]).await;
    for _ in 0..8 {
        assert_eq!(who(&gateway, "m").await, "good");
    }
    assert_eq!(calls(&sick), 5, "it is skipped while another can serve");
    // When all are down, one is asked all the same.
    sick.log.clear();
    let gateway = Gateway::with_rows(&[UNPROBED, ("MAX_RETRIES", "0")], &[], &[first]).await;
    for _ in 0..8 {
        assert_eq!(gateway.post(super::CHAT, &chat(false)).await.status, 502);
    }
    assert_eq!(calls(&sick), 8);
}

#[tokio::test]
async fn a_saved_change_does_not_begin_the_turns_anew() {
    let (a, b) = (well("a").await, well("b").await);
    let weighted = |name: &str, fake: &Fake, weight| NewChannel { weight, ..channel(name, &fake.url()) };
    let channels = [weighted("a", &a, 50), weighted("b", &b, 10)];
    let password = ("ADMIN_PASSWORD", "password-of-the-turns");
    let gateway = Gateway::with_rows(&[UNPROBED, password], &channels, &[]).await;
    for turn in 0..12 {
        let spare = json!({"name": format!("spare {turn}"), "enabled": false, "baseUrl": a.url()});
        let request = Request::post("/admin/api/channels", &spare)
            .header("authorization", "Bearer password-of-the-turns");
        assert_eq!(gateway.send(&request).await.status, 200);
        who(&gateway, "m").await;
    }
    assert_eq!((calls(&a), calls(&b)), (10, 2));
}
