//! `/admin/api/routes/explain`: who would serve a model now, and why not the others. Only looks: takes no turn and no
//! place, and asks no backend.

mod token;
mod verdict;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::asked::Asked;
use super::error::AdminError;
use super::fields::Fields;
use super::sign_in::warned;
use super::{Admin, view};
use crate::config::Balance;
use crate::http::Failure;
use crate::snapshot::abilities::Need;
use crate::snapshot::{Group, Mapping, Origin, Patterns, Registry, Snapshot, Tier, serves};
use crate::store::{BackendRow, Rows};
use verdict::{Judged, Look, Unserved, Verdict, seconds};

/// Longest name of a model, in bytes: longer ones are refused by `/v1`, too.
const MAX_MODEL: usize = 1024;

/// What a request would ask for.
#[derive(Debug)]
struct Sought {
    model: String,
    /// Id or name of a token.
    token: Option<String>,
    needs: Arc<[Need]>,
}

impl Sought {
    /// With warnings.
    fn read(mut fields: Fields) -> Result<(Sought, Vec<String>), AdminError> {
        let model = fields.text("model").unwrap_or_default();
        if model.trim().is_empty() || model.len() > MAX_MODEL || model.chars().any(char::is_control) {
            let form = format!("must be the name of a model, at most {MAX_MODEL} bytes long");
            fields.wrong("model", form);
        }
        let token = fields.text("token");
        let mut needs = Vec::new();
        let given = fields.text("needs").unwrap_or_default();
        for name in given.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match Need::ALL.iter().find(|(known, _)| *known == name) {
                Some((_, need)) => needs.push(*need),
                None => {
                    let known = Need::ALL.map(|(known, _)| known).join(", ");
                    fields.wrong("needs", format!("must be a list of {known}, parted by commas"));
                }
            }
        }
        let warnings = fields.end()?;
        Ok((Sought { model, token, needs: needs.into() }, warnings))
    }
}

pub(super) async fn explain(
    State(admin): State<Arc<Admin>>,
    Asked(asked): Asked,
) -> Result<Json<Value>, AdminError> {
    let (asked, warnings) = Sought::read(asked)?;
    let rows = admin.store.load_backends().await?;
    let (snapshot, now) = (admin.reloader.current().load(), Instant::now());
    let token = match &asked.token {
        Some(id) => Some(
            snapshot
                .tokens
                .get(id)
                .or_else(|| snapshot.tokens.named(id))
                .ok_or_else(|| AdminError::not_found("Token"))?,
        ),
        None => None,
    };
    let token = token.map(|token| token::judge(token, &asked.model, &snapshot, now));
    let plan = Arc::new(snapshot.preview(&asked.model));
    let waiting = admin.reloader.room();
    let look = Look::new((&snapshot, waiting), &plan, &asked.needs, now);
    let page = Page { look: &look, rows: &rows, registry: admin.reloader.registry(), snapshot: &snapshot };
    let refused = match &token {
        Some((_, Some(failure))) => Some(refusal(failure, 0)),
        _ => look.found.as_ref().err().map(|Unserved { failure, after }| refusal(failure, seconds(*after))),
    };
    let (tiers, serving) = page.tiers();
    let answer = json!({
        "model": asked.model, "balance": balance(snapshot.balance),
        "token": token.map(|(told, _)| told),
        "wouldServe": refused.is_none().then_some(serving), "refusal": refused,
        "queue": { "waiting": waiting.depth(), "max": waiting.max() },
        "tiers": tiers, "others": page.others(),
    });
    Ok(warned(answer, &warnings))
}

fn balance(balance: Balance) -> &'static str {
    match balance {
        Balance::Weighted => "weighted",
        Balance::LeastBusy => "least_busy",
    }
}

/// What a client would be told.
fn refusal(failure: &Failure, after: u64) -> Value {
    let error = &failure.error;
    json!({ "status": error.status, "code": error.code, "message": error.message, "afterSeconds": after })
}

/// The answer while it is put together.
struct Page<'r> {
    look: &'r Look<'r>,
    rows: &'r Rows,
    registry: &'r Registry,
    snapshot: &'r Snapshot,
}

impl Page<'_> {
    /// The tiers in the order in which they are tried, and those who would serve, the next one first.
    fn tiers(&self) -> (Vec<Value>, Vec<Value>) {
        let mut serving = Vec::new();
        let tiers = self.look.plan.tiers.iter().map(|tier| {
            let first = tier.groups.first();
            json!({
                "origin": first.map(|group| kind(group.origin)), "priority": first.map(|group| group.priority),
                "candidates": self.candidates(tier, &mut serving),
            })
        });
        let tiers = tiers.collect();
        let next = self.look.found.as_ref().ok().map(|found| found.target.backend.id.as_str());
        serving.sort_by_key(|told: &Value| told["id"].as_str() != next);
        (tiers, serving)
    }

    fn candidates(&self, tier: &Tier, serving: &mut Vec<Value>) -> Vec<Value> {
        let judged = tier.groups.iter().map(|group| {
            let judge = |target| self.look.judge(tier, group, target);
            (group, group.members.iter().map(|target| judge(target)).collect::<Vec<_>>())
        });
        let judged: Vec<(&Arc<Group>, Vec<Judged>)> = judged.collect();
        let is_serving = |members: &[Judged]| members.iter().any(|it| it.verdict == Verdict::WouldServe);
        let turns = judged.iter().filter(|(_, members)| is_serving(members));
        let weights: u64 = turns.map(|(group, _)| u64::from(group.weight)).sum();
        let shown = judged.iter().map(|(group, members)| {
            let share = match is_serving(members) {
                true => f64::from(group.weight) / weights as f64,
                false => 0.0,
            };
            self.candidate(group, members, share, serving)
        });
        shown.collect()
    }

    fn candidate(&self, group: &Group, members: &[Judged], share: f64, serving: &mut Vec<Value>) -> Value {
        let Judged { verdict, reason } = Judged::of_all(members);
        let model = group.served(&self.look.plan.model);
        let serves = |judged: &Judged| judged.verdict == Verdict::WouldServe;
        let both = || group.members.iter().zip(&group.weights).zip(members);
        let weights = both().filter(|(_, judged)| serves(judged)).map(|((_, weight), _)| u64::from(*weight));
        let weights: u64 = weights.sum();
        let mut backends = Vec::new();
        for ((target, weight), judged) in both() {
            let (backend, name) = (&target.backend, &target.node.name);
            let share = match serves(judged) {
                true => share * f64::from(*weight) / weights as f64,
                false => 0.0,
            };
            if serves(judged) {
                let channel = (group.origin == Origin::Channel).then_some(&group.name);
                serving.push(json!({ "id": backend.id, "name": name, "channel": channel, "model": model }));
            }
            backends.push(json!({
                "id": backend.id, "name": name, "baseUrl": backend.host.base.to_string(),
                "state": view::state(target, self.look.now), "weight": weight, "share": self.share(share),
                "verdict": judged.verdict.word(), "reason": judged.reason,
            }));
        }
        let of_group = |row: &&BackendRow| row.channel_id.as_ref() == Some(&group.id) && !row.enabled;
        backends.extend(self.rows.backends.iter().filter(of_group).map(|row| self.disabled(row)));
        json!({
            "kind": kind(group.origin), "id": group.id, "name": group.name, "model": model,
            "weight": group.weight, "share": self.share(share), "verdict": verdict.word(), "reason": reason,
            "backends": backends,
        })
    }

    /// A backend of a channel that is turned on.
    fn disabled(&self, row: &BackendRow) -> Value {
        let state = self.registry.target(&row.id).map(|target| view::state(&target, self.look.now));
        json!({
            "id": row.id, "name": row.name, "baseUrl": row.base_url, "state": state, "weight": row.weight,
            "share": self.share(0.0), "verdict": Verdict::Disabled.word(), "reason": "it is turned off",
        })
    }

    /// The part of the requests that one gets, to four places; of the least busy it is not known beforehand.
    fn share(&self, share: f64) -> Option<f64> {
        let is_known = self.snapshot.balance == Balance::Weighted || share == 0.0 || share == 1.0;
        is_known.then(|| (share * 10_000.0).round() / 10_000.0)
    }

    /// Channels and keys that are in no tier.
    fn others(&self) -> Vec<Value> {
        let in_force: HashSet<&str> = self.snapshot.groups.iter().map(|group| group.id.as_str()).collect();
        let in_tiers = self.look.plan.tiers.iter().flat_map(|tier| &tier.groups);
        let in_tiers: HashSet<&str> = in_tiers.map(|group| group.id.as_str()).collect();
        let channels = self.rows.channels.iter().map(|row| {
            let lists = (&row.models, &row.model_mapping);
            ("channel", (&row.id, &row.name), row.enabled, row.priority, lists)
        });
        let keys = self.rows.backends.iter().filter(|row| row.channel_id.is_none()).map(|row| {
            let lists = (&row.models, &row.model_mapping);
            ("key", (&row.id, &row.name), row.enabled, row.priority, lists)
        });
        let left = channels.chain(keys).filter_map(|(kind, (id, name), enabled, priority, lists)| {
            // What is stored and not in force yet is told with the next look.
            if in_tiers.contains(id.as_str()) || enabled != in_force.contains(id.as_str()) {
                return None;
            }
            let (models, mapping) = lists;
            let has_model = serves(&Patterns::new(models), &Mapping::new(mapping), &self.look.plan.model);
            let (verdict, reason) = match (enabled, has_model) {
                (true, _) => (Verdict::ModelNotInList, "neither its list of models nor its mapping has it"),
                (false, true) => (Verdict::Disabled, "it is turned off"),
                (false, false) => {
                    (Verdict::Disabled, "it is turned off, and neither its list nor its mapping has the model")
                }
            };
            let (verdict, reason) = (verdict.word(), reason);
            Some(json!({
                "kind": kind, "id": id, "name": name, "priority": priority, "verdict": verdict, "reason": reason,
            }))
        });
        left.collect()
    }
}

fn kind(origin: Origin) -> &'static str {
    match origin {
        Origin::Channel => "channel",
        Origin::Pool => "key",
        Origin::Implicit => "environment",
    }
}
