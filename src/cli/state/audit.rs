//! `audit`: who changed what.

use serde_json::{Value, json};

use super::options::Options;
use super::{Told, args, open, show};
use crate::admin::stored_entry;
use crate::cli::args::JSON;
use crate::config::Config;
use crate::store::{AuditFilter, AuditRow};

/// Rows unless the command says how many, and at most.
const LIMIT: i64 = 20;
const MOST: i64 = 1000;
/// Widest cell of a state, in characters: `--json` has all of it.
const WIDEST: usize = 80;

/// Which rows are wanted.
#[derive(Debug)]
pub(super) struct Job {
    limit: i64,
    json: bool,
}

pub(super) fn read(options: &mut Options<'_>) -> Job {
    let limit = options.number(args::LIMIT, 1, MOST).unwrap_or(LIMIT);
    Job { limit, json: options.flag(JSON) }
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    let (store, ..) = open(config).await?;
    let rows = store.audit(&AuditFilter::default(), job.limit).await?;
    store.close().await;
    Ok(Told::out(match job.json {
        true => {
            let entries: Vec<Value> = rows.iter().map(stored_entry).collect();
            format!("{:#}\n", json!({ "entries": entries }))
        }
        false => table(&rows),
    }))
}

fn table(rows: &[AuditRow]) -> String {
    let state =
        |state: &Option<Value>| state.as_ref().map_or("-".to_owned(), |state| cut(&state.to_string()));
    let cells = |row: &AuditRow| {
        vec![
            row.at.clone(),
            row.actor.clone(),
            row.address.clone().unwrap_or_else(|| "-".to_owned()),
            row.action.clone(),
            row.name.clone(),
            state(&row.before),
            state(&row.after),
        ]
    };
    let head = ["AT", "ACTOR", "ADDRESS", "ACTION", "NAME", "BEFORE", "AFTER"];
    show::table(&head, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
