//! What was used in the last hour, day, week or month: all of it of the same stretch of time, but what is told apart for
//! an hour: that is of the two hours of the clock that it is in.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::shown::{Names, Run, by_word, counts, percentiles, top, total};
use crate::admin::fields::Fields;
use crate::store::{OutcomeSum, Stretch, StretchUse};

pub(in crate::admin) const RANGES: [&str; 4] = ["1h", "24h", "7d", "30d"];

/// One of [`RANGES`], until a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    name: &'static str,
    run: Run,
    by_days: bool,
}

impl Range {
    /// The one that is asked for, if any.
    pub(super) fn read(fields: &mut Fields, second: i64) -> Option<Range> {
        let asked = fields.text("range")?;
        let name = RANGES.into_iter().find(|known| *known == asked);
        if name.is_none() {
            fields.wrong("range", format!("must be one of {}", RANGES.join(", ")));
        }
        Some(Range::until(name?, second))
    }

    fn until(name: &'static str, second: i64) -> Range {
        let (run, by_days) = match name {
            "1h" => (Run::until(second, 60, 60), false),
            "24h" => (Run::until(second, 3600, 24), false),
            "7d" => (Run::until(second, 86_400, 7).cut(second, 3600), true),
            _ => (Run::until(second, 86_400, 30), true),
        };
        Range { name, run, by_days }
    }

    /// The first second of as many pieces, hours or days before it.
    fn before(&self) -> i64 {
        let length = match self.by_days {
            true => (self.run.last() - self.run.first()).div_euclid(86_400) + 1,
            false => self.run.count(),
        };
        self.run.first() - length * if self.by_days { 86_400 } else { self.run.span() }
    }

    pub(super) fn stretch(&self, most: u32) -> Stretch {
        let start = self.run.first();
        Stretch {
            start,
            piece: self.run.span(),
            by_start: start - start.rem_euclid(3600),
            by_days: self.by_days,
            before: self.before(),
            most,
        }
    }

    pub(super) fn shown(&self, used: &StretchUse, names: &Names<'_>) -> Value {
        let (all, apart, before) = (total(&used.pieces), total(&used.all), total(&used.before));
        let mut outcomes = by_start(&used.outcomes);
        let mut series = self.run.shown(&used.pieces);
        for (piece, start) in series.iter_mut().zip(self.run.starts()) {
            piece["outcomes"] = Value::Object(outcomes.remove(&start).unwrap_or_default());
        }
        let id = |id: &str| vec![("id", json!(id))];
        let named = |of: &str, name: Option<String>| [id(of), vec![("name", json!(name))]].concat();
        json!({
            "name": self.name, "start": series.first().map(|first| first["start"].clone()),
            "pieceSeconds": self.run.span(), "series": series, "totals": counts(&all),
            "latency": percentiles(&all.counts.latency), "firstToken": percentiles(&all.counts.first),
            "previous": {
                "start": Timestamp::from_second(self.before()).ok().map(|start| start.to_string()),
                "totals": counts(&before), "latency": percentiles(&before.counts.latency),
                "firstToken": percentiles(&before.counts.first),
            },
            "byStart": Timestamp::from_second(self.stretch(0).by_start).ok().map(|start| start.to_string()),
            "outcomes": summed(&used.outcomes), "errors": by_word(&used.errors),
            "byModel": top(&used.models, &apart, |id| vec![("model", json!(id))]),
            "byToken": top(&used.tokens, &apart, |id| named(id, names.token(id))),
            "byBackend": top(&used.backends, &apart, |id| named(id, names.backend(id))),
            "byChannel": top(&used.channels, &apart, |id| named(id, names.channel(id))),
        })
    }
}

/// Requests by outcome of each piece.
fn by_start(outcomes: &[OutcomeSum]) -> HashMap<i64, Map<String, Value>> {
    let mut pieces = HashMap::<i64, Map<String, Value>>::new();
    for sum in outcomes {
        pieces.entry(sum.start).or_default().insert(sum.outcome.clone(), sum.requests.into());
    }
    pieces
}

/// Requests by outcome of the whole.
fn summed(outcomes: &[OutcomeSum]) -> Value {
    let mut all = std::collections::BTreeMap::<&str, i64>::new();
    for sum in outcomes {
        *all.entry(&sum.outcome).or_default() += sum.requests;
    }
    json!(all)
}
