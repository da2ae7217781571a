//! Whether a token may ask for a model.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::{Refused, check_model, check_standing};
use crate::http::Failure;
use crate::snapshot::{Left, Snapshot, Token};

/// The token as it is told, and why it is refused.
pub(super) fn judge(
    token: &Token,
    model: &str,
    snapshot: &Snapshot,
    now: Instant,
) -> (Value, Option<Failure>) {
    let date = Timestamp::now();
    let left = token.left(&snapshot.limits, now, date);
    let (verdict, refused) = match check_standing(token, date) {
        Err(refused @ Refused::Disabled) => ("disabled", Some(Failure::from(refused))),
        Err(refused) => ("expired", Some(refused.into())),
        Ok(()) => match check_model(token, model) {
            Err(refused) => ("model_not_allowed", Some(Failure::from(refused))),
            Ok(()) => ("allowed", None),
        },
    };
    let reason = match &refused {
        Some(failure) => failure.error.message.clone(),
        None => allowed(token, left),
    };
    let told = json!({
        "id": token.id(), "name": token.name(), "verdict": verdict, "reason": reason,
        "requestsLeft": left.requests, "tokensLeft": left.tokens, "quotaLeft": left.quota,
    });
    (told, refused)
}

fn allowed(token: &Token, left: Left) -> String {
    let mut reason = "it may ask for the model".to_owned();
    if token.ips.is_some() {
        reason += ", from its own addresses only";
    }
    let spent = [
        (left.requests, "requests"),
        (left.tokens, "tokens of this minute"),
        (left.quota, "tokens of this month"),
    ];
    for (_, what) in spent.iter().filter(|(left, _)| *left == Some(0)) {
        reason += &format!("; but none of its {what} is left: 429");
    }
    reason
}
