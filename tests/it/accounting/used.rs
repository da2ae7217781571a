//! Usage and the dashboard against the rows of the request log.

use serde_json::Value;

use super::books::{Counts, Use, count, is_served, number, served, sum, text, without_zeros};
use super::program::{APART, MODELS, Program, TOKENS, id_of};

/// What the admin API tells.
pub struct Shown {
    dashboard: Value,
    stats: Value,
    channels: Vec<Value>,
    tokens: Vec<Value>,
    /// By day, of each token.
    days: Vec<(&'static str, Value)>,
}

fn list(shown: &Value) -> Vec<Value> {
    shown.as_array().unwrap_or_else(|| panic!("no list: {shown}")).clone()
}

fn members(shown: &Value) -> impl Iterator<Item = (&String, &Value)> {
    shown.as_object().unwrap_or_else(|| panic!("no object: {shown}")).iter()
}

fn counts(shown: &Value) -> Counts {
    without_zeros(members(shown).map(|(name, count)| (name.clone(), count.as_u64().unwrap())).collect())
}

/// Whether a model's name is more than what clients have written: a channel has it, and not as a pattern.
pub fn is_known(model: &str) -> bool {
    MODELS.contains(&model) || APART.contains(&model)
}

/// Whether an attempt counts against its backend: that a model is not there is no fault of it, nor that the time of the
/// request or its client's patience is over.
fn is_fault(attempt: &Value) -> bool {
    let is_cut = ["it had not answered when the request ended", "the answer was not complete after"];
    !is_cut.iter().any(|cut| text(attempt, "reason").starts_with(cut)) && attempt["outcome"] != "no_model"
}

impl Shown {
    pub async fn by(program: &Program) -> Shown {
        let dashboard = program.get("/dashboard").await;
        let mut days = Vec::new();
        for token in TOKENS {
            let usage = program.get(&format!("/tokens/{}/usage", id_of(token))).await;
            days.push((token, usage["usage"].clone()));
        }
        let stats = program.get("/stats").await["stats"].take();
        let channels = list(&program.get("/channels").await["channels"]);
        let tokens = list(&program.get("/tokens").await["tokens"]);
        Shown { dashboard, stats, channels, tokens, days }
    }

    pub fn agrees(&self, rows: &[Value]) {
        self.tokens_agree(rows);
        self.dashboard_agrees(rows);
        self.backends_agree(rows);
    }

    fn tokens_agree(&self, rows: &[Value]) {
        for (token, days) in &self.days {
            let of: Vec<_> = rows.iter().filter(|row| text(row, "tokenName") == *token).collect();
            let used = Use::of(of.iter().copied());
            assert!(used.requests > 0, "{token}");
            // Days do not tell failures.
            assert_eq!(Use::shown(members(days).map(|(_, day)| day)), used.without_failed(), "{token}");
            let shown = self.tokens.iter().find(|shown| shown["name"] == *token).unwrap();
            let totals = ["totalRequests", "failedRequests", "totalTokens", "quotaUsed"];
            let all = used.prompt + used.completion;
            // What came from a cache costs nothing of a quota.
            let known = [used.requests, used.failed, all, all - used.cached];
            assert_eq!(totals.map(|name| number(shown, name)), known, "{token}: {shown}");
        }
    }

    fn dashboard_agrees(&self, rows: &[Value]) {
        let (shown, all) = (&self.dashboard, Use::of(rows));
        assert_eq!(Use::shown([&shown["totals"]]), all);
        for part in ["minutes", "hours", "days"] {
            assert_eq!(Use::shown(&list(&shown[part])), all, "{part}");
        }
        // The Node program's days do not tell failures.
        assert_eq!(Use::shown(members(&shown["usage"]).map(|(_, day)| day)), all.without_failed());
        assert_eq!(counts(&shown["outcomes"]), count(rows, |row| Some(text(row, "outcome").to_owned())));
        assert_eq!(counts(&shown["errors"]), count(rows, |row| Some(row["errorKind"].as_str()?.to_owned())));
        let by = |part: &str, id: &str, of: &dyn Fn(&Value) -> String| {
            for one in list(&shown[part]["top"]) {
                let of_this = rows.iter().filter(|row| of(row) == text(&one, id));
                assert_eq!(Use::shown([&one]), Use::of(of_this), "{part}: {one}");
            }
            let top = list(&shown[part]["top"]);
            assert_eq!(Use::shown(&top), all, "{part}: nothing is left over");
        };
        by("byToken", "id", &|row| text(row, "tokenId").to_owned());
        // Of a request that no backend has served there is only the one that was asked last.
        by("byBackend", "id", &|row| {
            if is_served(row) { text(row, "backendId").to_owned() } else { String::new() }
        });
        // Names that only clients know are one model, and what nobody has served has none.
        by("byModel", "model", &|row| match text(row, "model") {
            _ if !is_served(row) && number(row, "cachedTokens") == 0 => String::new(),
            known if is_known(known) => known.to_owned(),
            _ => "other".to_owned(),
        });
        let ledger = &shown["ledger"];
        assert_eq!(
            (&ledger["failing"], number(ledger, "records"), number(ledger, "sums")),
            (&false.into(), 0, 0)
        );
        assert_eq!(counts(&shown["drops"]), Counts::new());
        // As the Node program counts; `scraped` says what.
        assert_eq!(number(&shown["metrics"], "activeConnections"), 0);
    }

    /// By backend there is only what it has served: what it failed to do before is told by its totals, which count each
    /// attempt.
    fn backends_agree(&self, rows: &[Value]) {
        let days: Vec<_> = members(&self.stats).flat_map(|(_, day)| members(day)).collect();
        let in_stats =
            |name: &str| without_zeros(sum(&days, |(id, done)| Some(((*id).clone(), number(done, name)))));
        let served: Vec<_> = served(rows).collect();
        let of_served = |part: &dyn Fn(&Value) -> u64| {
            without_zeros(sum(&served, |row| Some((text(row, "backendId").to_owned(), part(row)))))
        };
        let is_good = |row: &Value| matches!(text(row, "outcome"), "ok" | "client_gone");
        assert_eq!(in_stats("success"), of_served(&|row| u64::from(is_good(row))));
        assert_eq!(in_stats("fail"), of_served(&|row| u64::from(!is_good(row))));
        assert_eq!(in_stats("tokens"), of_served(&|row| number(row, "tokens")));
        let attempts: Vec<_> =
            rows.iter().flat_map(|row| row["attempts"].as_array().into_iter().flatten()).collect();
        let backends: Vec<_> = self.channels.iter().flat_map(|channel| list(&channel["backends"])).collect();
        assert_eq!(backends.len(), 10, "{:?}", self.channels);
        for backend in backends {
            let id = text(&backend, "id");
            let served: Vec<_> = served.iter().filter(|row| text(row, "backendId") == id).copied().collect();
            let asked =
                attempts.iter().filter(|attempt| text(attempt, "backendId") == id).count() + served.len();
            assert_eq!(number(&backend, "totalRequests"), asked as u64, "{backend}");
            let failed =
                attempts.iter().filter(|attempt| text(attempt, "backendId") == id && is_fault(attempt));
            let is_broken = |row: &&&Value| matches!(text(row, "outcome"), "upstream_stream" | "timeout");
            let failures = failed.count() + served.iter().filter(is_broken).count();
            assert_eq!(number(&backend, "failedRequests"), failures as u64, "{backend}");
            let all = Use::of(served);
            assert_eq!(number(&backend, "totalTokens"), all.prompt + all.completion, "{backend}");
        }
    }
}
