//! What a start says of who gets in.

use ollama2openai::store::{By, Store};

use super::Home;
use crate::support::running::serve;

/// What is printed until the backends are told of, and the same start's log.
async fn started(home: &Home, env: &[(&str, &str)]) -> (String, String) {
    let given = [("PORT", "0"), ("OLLAMA_BASE_URL", "http://127.0.0.1:1")];
    let env: Vec<_> =
        given.iter().chain(env).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut running = serve(home.dir.path(), &env);
    let mut printed = String::new();
    while !printed.contains("no Ollama at") {
        printed.push_str(&running.printed().await);
    }
    // What follows is printed with it.
    let (rest, log) = running.ended().await;
    (printed + &rest, log)
}

/// One that both the person and the log are told.
#[track_caller]
fn says((printed, log): &(String, String), what: &str) {
    assert!(printed.contains(what), "{what:?} is not in {printed}");
    assert!(log.contains(what), "{what:?} is not in {log}");
}

#[tokio::test]
async fn a_password_that_everybody_knows_is_told_of_wherever_it_was_set() {
    const KNOWN: &str = "the password of the account admin is admin123";
    let home = Home::new();
    says(&started(&home, &[]).await, KNOWN);
    says(&started(&home, &[("ADMIN_PASSWORD", "admin123")]).await, KNOWN);
    let open = started(&home, &[("HOST", "0.0.0.0")]).await;
    says(&open, "nobody can sign in to the panel from another machine: ADMIN_PASSWORD is not set");
    says(&open, "Set ADMIN_PASSWORD and start again, or run `ollama2openai user passwd admin`");
    let (printed, log) = started(&home, &[("ADMIN_PASSWORD", "a-long-password")]).await;
    assert!(!printed.contains("admin123") && !log.contains("admin123"), "{printed}{log}");
    assert!(!printed.contains("beware") && !log.contains("WARN"), "{printed}{log}");
}

#[tokio::test]
async fn what_helps_where_no_ollama_is_found_is_the_same_after_a_change() {
    let home = Home::new();
    for _ in 0..2 {
        let (printed, _) = started(&home, &[]).await;
        assert!(printed.contains("Start it with `ollama serve`, or set OLLAMA_BASE_URL"), "{printed}");
        home.run(&["settings", "set", "MAX_RETRIES=3"]).await.good();
    }
}

#[tokio::test]
async fn a_password_that_does_not_count_any_more_is_told_of() {
    let home = Home::new();
    home.run(&["migrate"]).await.good();
    home.with_input(&["user", "passwd", "admin"], "another-long-one\n").await.good();
    let told = started(&home, &[("ADMIN_PASSWORD", "a-long-password")]).await;
    says(&told, "ADMIN_PASSWORD (environment) does not count");
    assert!(!told.0.contains("a-long-password") && !told.1.contains("a-long-password"));
    let (printed, log) = started(&home, &[]).await;
    assert!(!printed.contains("ADMIN_PASSWORD") && !log.contains("ADMIN_PASSWORD"), "{printed}{log}");
}

#[tokio::test]
async fn rules_that_keep_this_machine_out_are_told_of_with_the_way_back() {
    let home = Home::new();
    let shut = [("IP_ACCESS_MODE", "blacklist"), ("IP_BLACKLIST", "127.0.0.0/8")];
    let told = started(&home, &shut).await;
    says(&told, "the rules of addresses keep 127.0.0.1 out, of /admin too: take it out of IP_BLACKLIST");
    assert!(!told.0.contains("no token needed") && !told.0.contains("try it"), "{}", told.0);
    assert!(told.0.contains("this machine is among them"), "{}", told.0);
    let store = Store::open(&home.path("data"), None).await.unwrap();
    let changes = shut.map(|(name, text)| (name, Some(text.to_owned())));
    store.save_settings(&changes, &By::cli()).await.unwrap();
    store.close().await;
    says(&started(&home, &[]).await, "`ollama2openai settings reset IP_ACCESS_MODE IP_BLACKLIST` goes back");
}

#[tokio::test]
async fn the_start_says_who_gets_in() {
    let said = async |env: &[(&str, &str)]| started(&Home::new(), env).await.0;
    let here = said(&[]).await;
    assert!(
        here.contains("access     no token needed from this machine\n") && here.contains("try it"),
        "{here}"
    );
    assert!(here.contains("panel      http://127.0.0.1:") && here.contains("/admin\n"), "{here}");
    let all = said(&[("HOST", "0.0.0.0")]).await;
    assert!(all.contains("listening  http://127.0.0.1:"), "{all}");
    assert!(all.contains("and at every other address of this machine"), "{all}");
    assert!(all.contains("from this machine; all others are refused until there is one"), "{all}");
    let listed = said(&[("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "10.0.0.0/8")]).await;
    assert!(listed.contains("and this machine is not among them") && !listed.contains("try it"), "{listed}");
    let nobody = said(&[("IP_ACCESS_MODE", "whitelist")]).await;
    assert!(nobody.contains("IP_WHITELIST is empty and lets nobody in"), "{nobody}");
    let some = said(&[("IP_ACCESS_MODE", "whitelist"), ("IP_WHITELIST", "127.0.0.1")]).await;
    assert!(some.contains("this machine; IP_WHITELIST says from which addresses\n"), "{some}");
    assert!(some.contains("try it"), "{some}");
}
