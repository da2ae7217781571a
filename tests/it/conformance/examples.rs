//! The matchers against the recorded exchanges of the cases: each is accepted by its own case, and changed
//! copies of it are refused. A case that accepts everything would find nothing.

use super::case::Case;
use super::client::describe;
use super::json::Json;
use super::pattern::{Saved, differences};
use super::run::check;
use super::{all_cases, report};

const MOST_MUTANTS: usize = 400;

#[test]
fn recorded_examples_are_accepted_and_changed_ones_refused() {
    let cases = all_cases();
    let failures: Vec<String> = cases.iter().flat_map(check_case).collect();
    report(cases.len(), &failures);
}

fn check_case(case: &Case) -> Vec<String> {
    let (mut saved, mut bad) = (Saved::new(), Vec::new());
    for (number, step) in case.steps.iter().enumerate() {
        let Some(example) = step.get("example_out") else { continue };
        let step = without_timing(step);
        let seen = restore(example, step.get("request").and_then(|r| r.str_at("path")).expect("a path"));
        let before = saved.clone();
        let problems = check(&step, &seen, &mut saved);
        let label = format!("{} step {}", case.id, number + 1);
        if let Some(problem) = problems.first() {
            bad.push(format!("{label}: the example is refused: {problem}"));
            continue;
        }
        let expect = step.get("expect").expect("a step has an expect");
        let mut mutants = Vec::new();
        mutate(&core(&seen), &|mutant| mutant, &mut mutants);
        let refused = |mutant: &Json| {
            let mutant = complete(mutant, &seen);
            !differences(expect, Some(&mutant), "", &mut before.clone()).is_empty()
        };
        if !mutants.iter().any(refused) {
            bad.push(format!("{label}: no changed copy is refused"));
        }
    }
    bad
}

fn without_timing(step: &Json) -> Json {
    let mut step = step.clone();
    let Some(Json::Object(mut expect)) = step.get("expect").cloned() else { panic!("a step has an expect") };
    expect.retain(|(key, _)| key != "timing");
    step.set("expect", Json::Object(expect));
    step
}

/// An observation made from the recorded example of a step.
fn restore(example: &Json, path: &str) -> Json {
    let reply = example.get("reply").expect("an example has a reply");
    let status = reply.u64_at("status").and_then(|status| i64::try_from(status).ok());
    let headers = reply.get("headers").cloned().unwrap_or_else(Json::object);
    let calls = example.array_at("native").iter().map(|call| {
        let mut call = call.clone();
        call.set("text", call.get("json").map(Json::to_string).unwrap_or_default());
        call
    });
    let mut seen = Json::object();
    seen.set("native", calls.collect::<Vec<_>>());
    seen.set("reply", describe(status, headers, reply.str_at("body").unwrap_or_default(), true, path));
    seen.set("timing", Json::object());
    seen
}

/// The part of an observation that is changed.
fn core(seen: &Json) -> Json {
    let pick = |from: &Json, keys: &[&str]| {
        let mut picked = Json::object();
        for key in keys {
            if let Some(value) = from.get(key) {
                picked.set(key, value.clone());
            }
        }
        picked
    };
    let mut core = Json::object();
    core.set("reply", pick(seen.get("reply").expect("it was just made"), &["status", "json", "sse"]));
    let calls = seen.array_at("native").iter().map(|call| pick(call, &["path", "json"]));
    core.set("native", calls.collect::<Vec<_>>());
    core
}

/// A changed core with the rest of the observation around it.
fn complete(core: &Json, seen: &Json) -> Json {
    let mut reply = Json::object();
    if let Some(Json::Object(changed)) = core.get("reply") {
        reply = seen.get("reply").cloned().expect("it was just made");
        for (key, value) in changed {
            reply.set(key, value.clone());
        }
    }
    let mut whole = Json::object();
    whole.set("reply", reply);
    whole.set("native", core.get("native").cloned().unwrap_or_else(|| Json::Array(Vec::new())));
    whole.set("timing", Json::object());
    whole
}

/// Copies of a value, each with one leaf changed or one element removed.
fn mutate(value: &Json, make: &dyn Fn(Json) -> Json, out: &mut Vec<Json>) {
    if out.len() >= MOST_MUTANTS {
        return;
    }
    match value {
        Json::Object(entries) => {
            for (at, (key, inner)) in entries.iter().enumerate() {
                let mut fewer = entries.clone();
                fewer.remove(at);
                out.push(make(Json::Object(fewer)));
                let around = |new: Json| {
                    let mut changed = value.clone();
                    changed.set(key, new);
                    make(changed)
                };
                mutate(inner, &around, out);
            }
        }
        Json::Array(items) => {
            if let Some((_, fewer)) = items.split_last() {
                out.push(make(Json::Array(fewer.to_vec())));
            }
            for (at, inner) in items.iter().enumerate() {
                let around = |new: Json| {
                    let mut changed = items.clone();
                    changed[at] = new;
                    make(Json::Array(changed))
                };
                mutate(inner, &around, out);
            }
        }
        Json::String(text) => out.push(make(format!("{text}~").into())),
        _ => out.push(make("~changed~".into())),
    }
}

#[test]
fn a_case_that_accepts_everything_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let case = |expect: &str, body: &str| {
        let step = format!(
            r#"{{"request":{{"path":"/p"}},"expect":{expect},
               "example_out":{{"reply":{{"status":200,"headers":{{}},"body":"{body}"}},"native":[]}}}}"#
        );
        let case = format!(r#"{{"id":"x","title":"t","area":"a","steps":[{step}]}}"#);
        std::fs::write(folder.path().join("x.json"), case).unwrap();
        check_case(&super::case::load(folder.path())[0])
    };
    assert_eq!(case(r#"{"reply":{"status":200}}"#, "{}"), Vec::<String>::new());
    assert_eq!(case(r#"{"reply":"$any"}"#, "{}"), ["x step 1: no changed copy is refused"]);
    assert!(case(r#"{"reply":{"status":201}}"#, "{}")[0].contains("the example is refused"));
}
