//! What an admin saved at run time, as `check-config` shows it.

use ollama2openai::store::{By, Store};
use serde_json::json;

use super::{Home, parsed};

async fn save(home: &Home, changes: &[(&str, &str)]) {
    let store = Store::open(&home.path("data"), None).await.unwrap();
    let changes: Vec<_> = changes.iter().map(|(name, text)| (*name, Some((*text).to_owned()))).collect();
    store.save_settings(&changes, &By::cli()).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn saved_values_are_shown_with_their_origin() {
    let home = Home::new().env("MAX_RETRIES", "5");
    let before = home.run(&["check-config"]).await.good();
    assert!(!before.contains("saved") && !home.path("data").exists(), "{before}");
    save(&home, &[("MAX_RETRIES", "7"), ("MAX_QUEUE", "many"), ("OF_TOMORROW", "x")]).await;
    let told = parsed(&home.run(&["check-config", "--json"]).await.good());
    let row = |name: &str| {
        let rows = told["settings"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let expected = json!({
        "name": "MAX_RETRIES", "value": "7", "default": "2", "origin": "saved",
        "note": "configured: 5 (environment)",
    });
    assert_eq!(row("MAX_RETRIES"), expected);
    assert_eq!(
        (&row("MAX_QUEUE")["value"], &row("MAX_QUEUE")["origin"]),
        (&json!("1000"), &json!("default"))
    );
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("MAX_QUEUE") && warnings.contains("OF_TOMORROW"), "{warnings}");
    let table = home.run(&["check-config"]).await.good();
    assert!(
        table.contains("saved") && table.contains("until `settings reset NAME` or the admin API"),
        "{table}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_a_warning() {
    let home = Home::new();
    std::fs::create_dir(home.path("data")).unwrap();
    std::fs::write(home.path("data").join("ollama2openai.db"), "no database at all").unwrap();
    let told = home.run(&["check-config"]).await.good();
    assert!(told.contains("what was saved at run time cannot be read"), "{told}");
}
