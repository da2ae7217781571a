use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::telemetry::Node;

fn record(model: &str, naming: Naming) -> Record {
    let [backend, name, channel, channel_name] = Default::default();
    Record {
        id: http::HeaderValue::from_static("req_1"),
        at: "2026-05-20T23:59:59Z".parse().unwrap(),
        endpoint: "/v1/chat/completions",
        is_head: false,
        client: [127, 0, 0, 1].into(),
        consumer: None,
        model: model.into(),
        naming,
        counted: Arc::default(),
        is_stream: false,
        node: Some(Arc::new(Node { backend, name, channel, channel_name })),
        outcome: Outcome::Ok,
        status: 200,
        kind: None,
        error: None,
        served: None,
        attempts: Vec::new(),
        calls: Vec::new(),
        queued: Duration::ZERO,
        first: None,
        own: Duration::ZERO,
        total: Duration::ZERO,
        prompt: 1,
        completion: 1,
        cached: 0,
        gpu: Duration::ZERO,
        source: None,
        charged: None,
        trace: None,
    }
}

/// The names of 100,000 models of which this is known.
fn names_of(names: &mut ModelNames, naming: Naming) -> BTreeSet<Arc<str>> {
    let named = |nth| names.of(&record(&format!("model-{nth}"), naming));
    (0..100_000).map(named).collect()
}

#[test]
fn names_that_nobody_lists_have_an_end() {
    let mut names = ModelNames::default();
    assert_eq!(names_of(&mut names, Naming::Unlisted).into_iter().collect::<Vec<_>>(), [OTHER.into()]);
    let believed = names_of(&mut names, Naming::Believed);
    assert!(believed.len() == BELIEVED + 1 && believed.contains(OTHER), "{}", believed.len());
    assert_eq!(&*names.of(&record("Model-7:latest", Naming::Believed)), "model-7", "it stays itself");
    assert_eq!(&*names.of(&record("model-99999", Naming::Listed)), "model-99999", "a list counts more");
    let late =
        Record { at: "2026-05-21T00:00:00Z".parse().unwrap(), ..record("model-99999", Naming::Believed) };
    assert_eq!(&*names.of(&late), "model-99999", "each day begins anew");
}

#[test]
fn a_name_that_is_only_believed_counts_once_it_was_answered_well() {
    let mut names = ModelNames::default();
    let good = record("m", Naming::Believed);
    let broken = Record { outcome: Outcome::UpstreamStream, ..good.clone() };
    assert_eq!((&*names.of(&broken), &*names.of(&good), &*names.of(&broken)), (OTHER, "m", "m"));
    assert_eq!(&*names.of(&record(&"x".repeat(LONGEST + 1), Naming::Believed)), OTHER);
}

#[test]
fn what_nobody_served_has_no_model() {
    let mut names = ModelNames::default();
    let refused = Record { node: None, ..record("m", Naming::Unlisted) };
    let from_cache = Record { node: None, cached: 2, ..record("M", Naming::Listed) };
    assert_eq!((&*names.of(&refused), &*names.of(&from_cache)), ("", "m"));
}

#[test]
fn a_name_is_in_one_place_of_memory() {
    let mut names = ModelNames::default();
    for naming in [Naming::Listed, Naming::Believed] {
        let [one, two] = ["Mixed", "MIXED:latest"].map(|model| names.of(&record(model, naming)));
        assert!(Arc::ptr_eq(&one, &two) && &*one == "mixed");
    }
}
