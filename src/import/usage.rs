//! `stats.json`, and `usageStats` of `tokens.json`: what was used by day.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::ImportError;
use super::files::{File, Files};
use super::item::{Item, Part};
use super::plan::Draft;
use super::report::{Line, Place};
use super::text::counted;
use crate::store::{DailyUse, UseOf};

const TWICE: &str =
    "the old program counted each call that was not streamed twice; the numbers stay as they are";

pub(super) fn read(files: &Files, draft: &mut Draft) -> Result<(), ImportError> {
    let mut backends = Reading { file: File::Stats, of: UseOf::Backend, days: Vec::new(), odd: 0 };
    if let Some(whole) = Part::whole(files, File::Stats) {
        for (date, ids) in whole.members()? {
            for (id, day) in ids.members()? {
                backends.add(&date, draft.key_ids.here(id), day.item()?);
            }
        }
        backends.end("key", vec![TWICE.to_owned()], draft);
    }
    let mut tokens = Reading { file: File::Tokens, of: UseOf::Token, days: Vec::new(), odd: 0 };
    if let Some(ids) = Part::whole(files, File::Tokens)
        .map(|whole| whole.members())
        .transpose()?
        .unwrap_or_default()
        .remove("usageStats")
    {
        for (id, dates) in ids.members()? {
            let id = draft.token_ids.here(id);
            for (date, day) in dates.members()? {
                tokens.add(&date, id.clone(), day.item()?);
            }
        }
        tokens.end("token", Vec::new(), draft);
    }
    Ok(())
}

/// One file that is being read.
struct Reading {
    file: File,
    of: UseOf,
    days: Vec<DailyUse>,
    /// Days that cannot be used, and members of others.
    odd: usize,
}

impl Reading {
    fn add(&mut self, date: &str, id: String, mut item: Item) {
        let is_date = date.len() == 10 && date.parse::<Date>().is_ok();
        let day = match self.of {
            UseOf::Backend => {
                let failed = item.count("fail");
                DailyUse {
                    date: date.to_owned(),
                    of: self.of,
                    id,
                    requests: item.count("success").saturating_add(failed),
                    failed,
                    prompt_tokens: 0,
                    completion_tokens: 0,
                    total_tokens: item.count("tokens"),
                }
            }
            UseOf::Token => {
                let (prompt, completion) = (item.count("promptTokens"), item.count("completionTokens"));
                DailyUse {
                    date: date.to_owned(),
                    of: self.of,
                    id,
                    requests: item.count("requests"),
                    failed: 0,
                    prompt_tokens: prompt,
                    completion_tokens: completion,
                    total_tokens: prompt.saturating_add(completion),
                }
            }
        };
        self.odd += usize::from(!is_date || !item.end(&[]).texts.is_empty());
        if is_date {
            self.days.push(day);
        }
    }

    fn end(self, one: &str, mut notes: Vec<String>, draft: &mut Draft) {
        let dates: BTreeSet<_> = self.days.iter().map(|day| day.date.as_str()).collect();
        let ids: BTreeSet<_> = self.days.iter().map(|day| day.id.as_str()).collect();
        if self.odd > 0 {
            notes.push(format!(
                "{} of the counts are odd: what is no day or no number was left out",
                self.odd
            ));
        }
        if dates.is_empty() && self.odd == 0 {
            return;
        }
        let (days, owners) =
            (counted(dates.len(), "day", "days"), counted(ids.len(), one, &format!("{one}s")));
        let begin = draft.batch.usage.len();
        let place = Place::Usage(begin..begin + self.days.len());
        draft.lines.push(Line::taken(self.file, format!("use of {owners} on {days}"), notes, place));
        draft.batch.usage.extend(self.days);
    }
}
