//! `token`: what clients show.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::find::{find, find_all};
use super::options::Options;
use super::{Told, args, open, place, show};
use crate::access::Minted;
use crate::admin::token_rules::{self, kept, mint, new_token};
use crate::admin::{days_of_token, new_token_shown, stored_token};
use crate::cli::args::JSON;
use crate::config::Config;
use crate::store::{By, Rows, TokenChange, TokenRow};

/// How far usage goes back, in days before today, unless the command says it, and at most.
const DAYS: i64 = 30;
const MAX_DAYS: i64 = 366;

/// What is to be done with tokens.
#[derive(Debug)]
pub(super) enum Job {
    List {
        json: bool,
    },
    Show {
        which: String,
        json: bool,
    },
    /// What one has used in so many days before today.
    Usage {
        which: String,
        days: i64,
        json: bool,
    },
    Create {
        edit: Box<Edit>,
        json: bool,
    },
    Edit {
        which: String,
        edit: Box<Edit>,
    },
    Regenerate {
        which: String,
        json: bool,
    },
    /// Turn them on or off.
    Toggle {
        which: Vec<String>,
        on: bool,
    },
    Delete {
        which: Vec<String>,
    },
}

/// What a token gets.
#[derive(Debug)]
pub(super) struct Edit {
    change: TokenChange,
    /// As it was given.
    expires: Option<String>,
}

impl Edit {
    fn read(options: &mut Options<'_>) -> Box<Edit> {
        let expires = options.text(args::EXPIRES).map(str::to_owned);
        Box::new(Edit { change: options.token(), expires })
    }

    /// What is to change in a token that has this expiry.
    fn change(self, has: Option<&str>) -> anyhow::Result<TokenChange> {
        let read = self.expires.map(|text| token_rules::expiry(&text, has)).transpose();
        let expires_at = read.map_err(|wrong| anyhow::anyhow!("--expires {wrong}"))?;
        Ok(TokenChange { expires_at, ..self.change })
    }
}

pub(super) fn read(name: &str, options: &mut Options<'_>) -> Job {
    let json = options.flag(JSON);
    let which = || options.which().concat();
    match name {
        "show" => Job::Show { which: which(), json },
        "usage" => {
            let days = options.number(args::DAYS, 1, MAX_DAYS).unwrap_or(DAYS);
            Job::Usage { which: options.which().concat(), days, json }
        }
        "create" => Job::Create { edit: Edit::read(options), json },
        "edit" => {
            let which = which();
            let edit = Edit::read(options);
            if edit.expires.is_none() && edit.change == TokenChange::default() {
                options.wrong("nothing to change was given");
            }
            Job::Edit { which, edit }
        }
        "regenerate" => Job::Regenerate { which: which(), json },
        "enable" | "disable" => Job::Toggle { which: options.which(), on: name == "enable" },
        "delete" => Job::Delete { which: options.which() },
        _ => Job::List { json },
    }
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    match job {
        Job::List { json } => list(json, config).await,
        Job::Show { which, json } => {
            let (store, rows, _) = open(config).await?;
            store.close().await;
            Ok(Told::out(shown(find(&all(&rows), &which)?, json, config)))
        }
        Job::Usage { which, days, json } => {
            let (store, rows, _) = open(config).await?;
            let row = find(&all(&rows), &which)?;
            let usage = days_of_token(&store, &row.id, days, None).await?;
            store.close().await;
            Ok(Told::out(match json {
                true => format!("{:#}\n", json!({ "usage": usage })),
                false => show::usage(&usage),
            }))
        }
        Job::Create { edit, json } => {
            let change = edit.change(None)?;
            let minted = mint()?;
            let mut new = new_token(&minted);
            change.fill(&mut new);
            let (store, before, _) = open(config).await?;
            let rows = store.create_tokens(&[new], &By::cli()).await?;
            store.close().await;
            let was_open = !before.had_tokens && config.access.serves_anybody();
            let warnings = was_open.then(|| token_rules::CLOSES.to_owned()).into_iter().collect();
            Ok(Told { warnings, ..once(&rows[0], &minted, json, config) })
        }
        Job::Edit { which, edit } => {
            let (store, rows, _) = open(config).await?;
            let row = find(&all(&rows), &which)?;
            let change = edit.change(row.expires_at.as_deref())?;
            let row = store.update_token(&row.id, &change, Some(row.revision), &By::cli()).await?;
            store.close().await;
            Ok(Told::out(shown(&row, false, config)))
        }
        Job::Regenerate { which, json } => {
            let minted = mint()?;
            let (store, rows, _) = open(config).await?;
            let row = find(&all(&rows), &which)?;
            let row = store.regenerate_token(&row.id, &kept(&minted), Some(row.revision), &By::cli()).await?;
            store.close().await;
            Ok(once(&row, &minted, json, config))
        }
        Job::Toggle { which, on } => change_all(&which, Some(on), config).await,
        Job::Delete { which } => change_all(&which, None, config).await,
    }
}

/// Turns tokens on or off, or deletes them, all or none; says so of each.
async fn change_all(which: &[String], on: Option<bool>, config: &Config) -> anyhow::Result<Told> {
    let (store, rows, _) = open(config).await?;
    let all = all(&rows);
    let found = find_all(&all, which)?;
    let ids: Vec<String> = found.iter().map(|row| row.id.clone()).collect();
    let (done, word) = match on {
        Some(true) => (store.enable_tokens(&ids, true, &By::cli()).await?, "enabled"),
        Some(false) => (store.enable_tokens(&ids, false, &By::cli()).await?, "disabled"),
        None => (store.delete_tokens(&ids, &By::cli()).await?, "deleted"),
    };
    store.close().await;
    let rows = found.iter().filter(|row| done.contains(&row.id));
    Ok(Told::out(rows.map(|row| format!("{word} {} {}\n", row.id, row.name)).collect::<String>()))
}

fn all(rows: &Rows) -> Vec<&TokenRow> {
    rows.tokens.iter().collect()
}

async fn list(json: bool, config: &Config) -> anyhow::Result<Told> {
    let (store, rows, _) = open(config).await?;
    store.close().await;
    let (now, zone) = (Timestamp::now(), &config.limits.zone);
    Ok(Told::out(match (json, rows.tokens.is_empty()) {
        (true, _) => {
            let tokens: Vec<Value> = rows.tokens.iter().map(|row| stored_token(row, now, zone)).collect();
            format!("{:#}\n", json!({ "tokens": tokens }))
        }
        (false, true) => format!("no tokens in {}\n", place(config)),
        (false, false) => show::tokens(&rows.tokens, now, zone),
    }))
}

fn shown(row: &TokenRow, json: bool, config: &Config) -> String {
    let (now, zone) = (Timestamp::now(), &config.limits.zone);
    match json {
        true => format!("{:#}\n", stored_token(row, now, zone)),
        false => show::token(row, now, zone),
    }
}

/// A token's text, alone, so that a script can take it as it is.
fn once(row: &TokenRow, minted: &Minted, json: bool, config: &Config) -> Told {
    let shown = new_token_shown(row, &minted.text, Timestamp::now(), &config.limits.zone);
    let out = if json { format!("{shown:#}\n") } else { format!("{}\n", minted.text.expose()) };
    let note = format!("{} {}: this is shown once, keep it", row.id, row.name);
    Told { out, note: Some(note), ..Told::default() }
}
