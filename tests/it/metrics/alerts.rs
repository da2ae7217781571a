//! The alert rules, and the example of a scrape.

use std::collections::{BTreeMap, BTreeSet};

use super::deploy::{Used, file, promtool};

/// Name and text of each rule.
fn rules(file: &str) -> BTreeMap<&str, &str> {
    let parts = file.split("      - alert: ").skip(1);
    parts.map(|part| part.split_once('\n').expect("a rule has lines")).collect()
}

/// The value of a field of a rule: on its line, or folded below it.
fn field(rule: &str, name: &str) -> Option<String> {
    let mut lines = rule.lines().skip_while(|line| !line.trim_start().starts_with(&format!("{name}: ")));
    let first = lines.next()?;
    let depth = first.len() - first.trim_start().len();
    let value = first.trim_start().split_once(": ")?.1;
    if value != ">-" {
        return Some(value.trim_matches('\'').to_owned());
    }
    let folded = lines.take_while(|line| line.len() - line.trim_start().len() > depth).map(str::trim);
    Some(folded.collect::<Vec<_>>().join(" "))
}

fn shown(rule: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = rule.split("$labels.").skip(1);
    named.map(|part| part[..part.find(|c| !is_word(c)).unwrap_or(part.len())].to_owned()).collect()
}

/// All queries.
pub fn used() -> Vec<Used> {
    let file = file("alerts.yml");
    let rules = rules(&file).into_iter();
    let used = rules.map(|(name, rule)| Used {
        place: name.to_owned(),
        query: field(rule, "expr").expect("a rule asks for something"),
        shown: shown(rule),
    });
    used.collect()
}

#[tokio::test]
async fn promtool_accepts_rules_and_scrape() {
    promtool(&["check", "rules", "alerts.yml"]).await;
    promtool(&["check", "config", "--syntax-only", "prometheus.yml"]).await;
}

#[tokio::test]
async fn each_alert_fires_when_it_should_and_not_otherwise() {
    promtool(&["test", "rules", "alerts.test.yml"]).await;
    let (rules_file, tests) = (file("alerts.yml"), file("alerts.test.yml"));
    for name in rules(&rules_file).keys() {
        // What is expected is all that fires, so whoever is not named does not.
        let fires = format!("- {{labels: '{{alertname=\"{name}\"");
        assert!(tests.contains(&fires), "no test sees {name} fire");
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_what_to_do_and_is_told_in_the_documentation() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/monitoring.md");
    let page = std::fs::read_to_string(path).unwrap();
    let file = file("alerts.yml");
    let rules = rules(&file);
    assert!(rules.len() >= 19, "{rules:?}");
    let mut severities = BTreeMap::new();
    for (name, rule) in &rules {
        let severity = field(rule, "severity").expect("a severity");
        assert!(["critical", "warning"].contains(&severity.as_str()), "{name}: {severity}");
        severities.insert((*name).to_owned(), severity);
        for text in ["summary", "description"] {
            assert!(field(rule, text).is_some_and(|text| text.len() > 20), "{name} has no {text}");
        }
        // What lasts by its query's own window needs no time on top.
        let lasts = ["GatewayRestarts", "InternalErrors"].contains(name);
        assert_ne!(field(rule, "for").is_some(), lasts, "{name}");
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let told = rows.filter_map(|(name, rest)| Some((name.to_owned(), rest.split_once(" | ")?.0.to_owned())));
    let told: BTreeMap<_, _> =
        told.filter(|(_, severity)| ["critical", "warning"].contains(&severity.as_str())).collect();
    assert_eq!(told, severities);
}
