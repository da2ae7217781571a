//! Models by name with the backends that have them. A thousand backends may have a thousand models each, so a page ends
//! when it names many places, and each backend is described once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::admin::view;
use crate::snapshot::{Origin, Snapshot, Target, canonical};
use crate::upstream::Model;

/// Places of models that one page names; the model that comes to more is the last of it.
const PLACES: usize = 20_000;
/// Other names that are told of a model.
const ALIASES: usize = 100;
/// Places at which the dashboard looks for differences.
const LOOKED_AT: usize = 200_000;

/// Which models are wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Only those whose name holds it, in small letters.
    pub(super) text: Option<String>,
    /// Only those behind this name.
    pub(super) after: Option<String>,
    pub(super) most: usize,
}

/// A backend and its last list.
struct Listed<'r> {
    target: &'r Target,
    models: Arc<[Model]>,
    age: Duration,
}

/// A model on a backend: places in the lists and in that list.
type Place = (usize, usize);

/// All models by the name that means the same to Ollama, with their places. `most` places are looked at.
fn by_name(lists: &[Listed<'_>], most: usize) -> BTreeMap<String, Vec<Place>> {
    // Most backends write a name alike, and a name is brought into its one form once for each spelling.
    let (mut spelled, mut names, mut places) = (HashMap::<&str, usize>::new(), HashMap::new(), Vec::new());
    let all = lists.iter().enumerate().flat_map(|(list, listed)| {
        listed.models.iter().enumerate().map(move |(at, model)| ((list, at), model.id.as_str()))
    });
    for (place, name) in all.take(most) {
        let at = *spelled.entry(name).or_insert_with(|| {
            *names.entry(canonical(name)).or_insert_with(|| {
                places.push(Vec::new());
                places.len() - 1
            })
        });
        places[at].push(place);
    }
    names.into_iter().map(|(name, at)| (name, std::mem::take(&mut places[at]))).collect()
}

fn lists(snapshot: &Snapshot) -> Vec<Listed<'_>> {
    let listed = |target: &'_ Arc<Target>| target.backend.host.inventory.last();
    let with = |target| listed(target).map(|(models, age)| Listed { target, models, age });
    snapshot.targets().filter_map(with).collect()
}

/// A page of models, and the backends that it names.
pub(super) fn page(snapshot: &Snapshot, wanted: &Wanted) -> Value {
    let lists = lists(snapshot);
    let aliases = aliases(snapshot);
    let has = |name: &str| wanted.text.as_ref().is_none_or(|text| name.contains(text.as_str()));
    let after = wanted.after.as_deref().unwrap_or_default();
    let names = by_name(&lists, usize::MAX);
    let total = names.keys().filter(|name| has(name)).count();
    let mut behind = names.iter().filter(|(name, _)| name.as_str() > after && has(name)).peekable();
    let (mut models, mut named, mut left, mut last) = (Vec::new(), BTreeSet::new(), PLACES, None);
    while models.len() < wanted.most
        && left > 0
        && let Some((name, places)) = behind.next()
    {
        left = left.saturating_sub(places.len());
        named.extend(places.iter().map(|(list, _)| *list));
        models.push(model(&lists, places, aliases.get(name)));
        last = Some(name);
    }
    let next = last.filter(|_| behind.peek().is_some());
    let backends: Vec<_> = named.iter().filter_map(|list| lists.get(*list)).map(backend).collect();
    json!({
        "models": models, "total": total, "nextCursor": next, "backends": backends,
        "backendsListed": lists.len(), "backendsTotal": snapshot.targets().count(),
    })
}

/// What a model is, where, and under which other names.
fn model(lists: &[Listed<'_>], places: &[Place], aliases: Option<&Vec<Value>>) -> Value {
    let at = |(list, at): &Place| (&lists[*list], &lists[*list].models[*at]);
    let mut versions: BTreeMap<Option<&str>, Vec<&Place>> = BTreeMap::new();
    for place in places {
        versions.entry(at(place).1.digest.as_deref()).or_default().push(place);
    }
    let mut versions: Vec<_> = versions.into_iter().collect();
    // What most backends have comes first.
    versions.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
    let drift = versions.iter().filter(|(digest, _)| digest.is_some()).count() > 1;
    let shown = |(digest, places): &(Option<&str>, Vec<&Place>)| {
        let ids: Vec<_> = places.iter().map(|place| &*at(place).0.target.node.backend).collect();
        let model = places.first().map(|place| at(place).1);
        let facts = model.map(|model| &model.facts);
        let modified = model.and_then(|model| Timestamp::from_second(model.created).ok());
        json!({
            "digest": digest, "backends": ids,
            "size": facts.and_then(|facts| facts.size),
            "parameterSize": facts.and_then(|facts| facts.parameter_size.as_deref()),
            "quantization": facts.and_then(|facts| facts.quantization.as_deref()),
            "family": facts.and_then(|facts| facts.family.as_deref()),
            "modified": modified.filter(|at| at.as_second() > 0).map(|at| at.to_string()),
        })
    };
    let name = places.first().map(|place| at(place).1.id.as_str()).unwrap_or_default();
    let inventories = || places.iter().map(|(list, _)| &lists[*list].target.backend.host.inventory);
    let told = inventories().find_map(|inventory| inventory.told_capabilities(name));
    let loaded: Vec<_> = places.iter().filter_map(|place| loaded(at(place).0, name)).collect();
    json!({
        "name": name, "drift": drift, "versions": versions.iter().map(shown).collect::<Vec<_>>(),
        "capabilities": told.as_ref().map(|told| told.names()),
        "contextLength": told.as_ref().and_then(|told| told.context_length()),
        "aliases": aliases.map_or(&[][..], Vec::as_slice), "loaded": loaded,
    })
}

/// That a backend has it in memory, as it told last.
fn loaded(listed: &Listed<'_>, name: &str) -> Option<Value> {
    let (running, age) = listed.target.backend.host.inventory.last_running()?;
    let found = running.iter().find(|running| canonical(&running.id) == canonical(name))?;
    Some(json!({
        "backend": &*listed.target.node.backend, "vram": found.vram, "expiresAt": found.expires_at,
        "contextLength": found.context_length, "ageSeconds": age.as_secs(),
    }))
}

fn backend(listed: &Listed<'_>) -> Value {
    let node = &listed.target.node;
    let or_null = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let read = SignedDuration::try_from(listed.age).ok().map(|age| Timestamp::now() - age);
    json!({
        "id": &*node.backend, "name": &*node.name, "channelId": or_null(&node.channel),
        "channel": or_null(&node.channel_name), "state": view::state(listed.target, Instant::now()),
        "models": listed.models.len(), "listedAt": read.map(|at| format!("{at:.3}")),
    })
}

/// Other names of models by what they lead to, and where each holds.
fn aliases(snapshot: &Snapshot) -> HashMap<String, Vec<Value>> {
    let mut aliases = HashMap::<String, Vec<Value>>::new();
    for group in &snapshot.groups {
        let kind = if group.origin == Origin::Channel { "channel" } else { "key" };
        let mut pairs: Vec<_> = group.mapping.pairs().collect();
        pairs.sort_unstable();
        for (from, to) in pairs {
            let known = aliases.entry(canonical(to.trim())).or_default();
            if known.len() < ALIASES {
                known.push(json!({ "name": from, "kind": kind, "id": group.id, "where": group.name }));
            }
        }
    }
    aliases
}

/// Names of models of which backends have different versions, in order.
pub(in crate::admin) fn drifting(snapshot: &Snapshot) -> Vec<String> {
    let lists = lists(snapshot);
    let differs = |places: &[Place]| {
        let digests = places.iter().filter_map(|(list, at)| lists[*list].models[*at].digest.as_deref());
        digests.collect::<BTreeSet<_>>().len() > 1
    };
    let names = by_name(&lists, LOOKED_AT).into_iter();
    names.filter(|(_, places)| differs(places)).map(|(name, _)| name).collect()
}
