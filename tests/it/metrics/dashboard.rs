//! The dashboard of Grafana.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::deploy::{Used, file, folder, promtool};

fn dashboard() -> Value {
    serde_json::from_str(&file("dashboard.json")).expect("the dashboard is JSON")
}

/// Rows and panels.
fn all() -> Vec<Value> {
    dashboard()["panels"].as_array().expect("a list of panels").clone()
}

fn panels() -> impl Iterator<Item = Value> {
    all().into_iter().filter(|panel| panel["type"] != "row")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text: {value}"))
}

/// What legends call by name.
fn legend(text: &str) -> BTreeSet<String> {
    text.split("{{").skip(1).map(|part| part.split("}}").next().unwrap().to_owned()).collect()
}

/// All queries, those of variables included.
pub fn used() -> Vec<Used> {
    let mut found = Vec::new();
    for panel in panels() {
        for target in panel["targets"].as_array().expect("a panel asks for something") {
            let (place, query) = (text(&panel, "title").to_owned(), text(target, "expr").to_owned());
            found.push(Used { place, query, shown: legend(text(target, "legendFormat")) });
        }
    }
    for variable in dashboard()["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else { continue };
        let asked = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
        let (selector, label) = asked.and_then(|asked| asked.rsplit_once(", ")).expect("values of a label");
        let place = format!("variable {}", text(variable, "name"));
        found.push(Used { place, query: selector.to_owned(), shown: [label.to_owned()].into() });
    }
    found
}

#[test]
fn it_is_what_its_script_writes() {
    let output = Command::new("python3").arg(folder().join("dashboard.py")).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    if std::env::vars().any(|(name, value)| name == "UPDATE" && value == "1") {
        fs::write(folder().join("dashboard.json"), &text).unwrap();
    }
    assert!(
        file("dashboard.json") == text,
        "dashboard.json is not what dashboard.py writes; run `UPDATE=1 cargo test metrics::dashboard` and commit it"
    );
}

#[test]
fn every_panel_has_its_own_place_and_says_what_it_shows() {
    let all = all();
    let ids: BTreeSet<_> = all.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
    assert_eq!(ids.len(), all.len(), "ids");
    let mut taken = BTreeSet::new();
    for panel in &all {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect("a place"));
        assert!(x + w <= 24 && w > 0 && h > 0, "{panel}");
        for (column, line) in (x..x + w).flat_map(|column| (y..y + h).map(move |line| (column, line))) {
            assert!(taken.insert((column, line)), "{} lies over another one", text(panel, "title"));
        }
    }
    let titles: BTreeSet<_> = all.iter().map(|panel| text(panel, "title")).collect();
    assert_eq!(titles.len(), all.len(), "titles");
    let rows: Vec<_> = all.iter().filter(|panel| panel["type"] == "row").collect();
    let rows: Vec<_> = rows.iter().map(|row| text(row, "title")).collect();
    assert_eq!(rows, ["Fleet", "Tokens", "Latency", "Errors", "Capacity"]);
    for panel in panels() {
        let description = text(&panel, "description");
        assert!(description.ends_with('.') && description.matches(". ").count() == 0, "{description}");
        assert!(!text(&panel["fieldConfig"]["defaults"], "unit").is_empty(), "{panel}");
    }
}

#[test]
fn the_person_who_looks_chooses_source_job_and_gateway() {
    let dashboard = dashboard();
    let variables: Vec<_> = dashboard["templating"]["list"].as_array().unwrap().iter().collect();
    let names: Vec<_> = variables.iter().map(|variable| text(variable, "name")).collect();
    assert_eq!(names, ["datasource", "job", "instance"]);
    for panel in panels() {
        for target in panel["targets"].as_array().unwrap() {
            for source in [&panel["datasource"], &target["datasource"]] {
                assert_eq!(source, &json!({"type": "prometheus", "uid": "${datasource}"}));
            }
        }
    }
    for Used { place, query, .. } in used().iter().filter(|used| !used.place.starts_with("variable")) {
        let asked = query.matches("job=~\"$job\",instance=~\"$instance\"").count();
        assert_eq!(asked, query.matches('{').count(), "{place}: {query}");
    }
}

#[tokio::test]
async fn promtool_accepts_its_queries() {
    let rule = |(nth, used): (usize, Used)| {
        let query = used.query.replace("$__rate_interval", "5m").replace("$__range", "1h");
        json!({"record": format!("query:{nth}"), "expr": query})
    };
    let rules: Vec<_> = used().into_iter().enumerate().map(rule).collect();
    assert!(rules.len() > 50, "{rules:?}");
    // YAML takes JSON.
    let rules = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("rules.yml");
    fs::write(&path, rules.to_string()).unwrap();
    promtool(&["check", "rules", path.to_str().unwrap()]).await;
}
