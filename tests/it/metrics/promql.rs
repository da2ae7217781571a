//! As much of PromQL as is needed to say which names and labels a query uses. Whether it is valid at all, promtool says.

use std::collections::BTreeSet;

/// What a query uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub selectors: Vec<Selector>,
    /// Of `by`.
    pub by: BTreeSet<String>,
    /// Of `on` and its like.
    pub on: BTreeSet<String>,
}

/// A metric with its matchers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selector {
    pub name: String,
    /// Label and value, whatever the operator.
    pub matchers: Vec<(String, String)>,
}

impl Query {
    pub fn read(text: &str) -> Query {
        let tokens = tokens(text);
        let mut query = Query::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let next = tokens.get(at).map(String::as_str);
            match (token.as_str(), next) {
                ("by" | "without", _) => query.by.extend(list(&tokens, &mut at)),
                ("on" | "ignoring" | "group_left" | "group_right", _) => {
                    query.on.extend(list(&tokens, &mut at));
                }
                // Functions, and sums with their labels in front.
                ("and" | "or" | "unless" | "offset" | "bool", _) | (_, Some("(" | "by" | "without")) => {}
                (name, _) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    let matchers = if next == Some("{") { matchers(&tokens, &mut at) } else { Vec::new() };
                    query.selectors.push(Selector { name: name.to_owned(), matchers });
                }
                _ => {}
            }
        }
        query
    }
}

/// The words in the parentheses that come next.
fn list(tokens: &[String], at: &mut usize) -> Vec<String> {
    let inside: Vec<_> = tokens[*at + 1..].iter().take_while(|token| *token != ")").cloned().collect();
    *at += inside.len() + 2;
    inside.into_iter().filter(|token| token != ",").collect()
}

fn matchers(tokens: &[String], at: &mut usize) -> Vec<(String, String)> {
    let inside: Vec<_> = tokens[*at + 1..].iter().take_while(|token| *token != "}").collect();
    *at += inside.len() + 2;
    let parts = inside.split(|token| *token == ",").filter(|part| !part.is_empty());
    parts.map(|part| (part[0].clone(), part[2].trim_matches('"').to_owned())).collect()
}

/// Words, texts with their quotes, and signs; what stands in brackets and numbers are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || "_:.".contains(c);
        let len = match first {
            '"' => rest[1..].find('"').expect("a text ends") + 2,
            '[' => rest.find(']').expect("a bracket is closed") + 1,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c if "=!<>~".contains(c) => rest.find(|c| !"=!<>~".contains(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        if first != '[' && !first.is_ascii_digit() {
            found.push(rest[..len].to_owned());
        }
        rest = rest[len..].trim_start();
    }
    found
}

#[test]
fn a_query_is_read() {
    let text = "sum by (le, name) (rate(a_total{x=\"1|2\", y!~\"$z\"}[5m])) / on (job) (b offset 15m > 0.5) or vector(0)";
    let selector = |name: &str, matchers: &[(&str, &str)]| {
        let matchers = matchers.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
        Selector { name: name.to_owned(), matchers: matchers.collect() }
    };
    let set = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    let query = Query {
        selectors: vec![selector("a_total", &[("x", "1|2"), ("y", "$z")]), selector("b", &[])],
        by: set(&["le", "name"]),
        on: set(&["job"]),
    };
    assert_eq!(Query::read(text), query);
}
