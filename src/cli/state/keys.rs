//! `key`: the pool.

use std::path::PathBuf;

use serde_json::json;

use super::find::{find, find_all, pool};
use super::options::Options;
use super::{Credential, Told, args, open, place, read_text, show, toggle};
use crate::admin::keyline::{KeyLine, LineError, display_name, parse_lines};
use crate::admin::{rules, stored_key};
use crate::cli::args::JSON;
use crate::config::{BaseUrl, Config, Secret};
use crate::store::{By, Created, KeyChange, NewKey, Store};

/// What is to be done with keys.
#[derive(Debug)]
pub(super) enum Job {
    List {
        json: bool,
    },
    Add(Box<Add>),
    Update(Box<Update>),
    /// Turn them on or off.
    Toggle {
        which: Vec<String>,
        on: bool,
    },
    Delete {
        which: Vec<String>,
    },
}

/// Key lines, and what all of them get.
#[derive(Debug)]
pub(super) struct Add {
    lines: Source,
    base: Option<BaseUrl>,
    change: KeyChange,
}

#[derive(Debug)]
enum Source {
    /// Secret, as key lines hold credentials.
    Given(Secret),
    File(PathBuf),
}

/// A change of one key.
#[derive(Debug)]
pub(super) struct Update {
    which: String,
    base: Option<BaseUrl>,
    key: Option<Credential>,
    change: KeyChange,
}

pub(super) fn read(name: &str, options: &mut Options<'_>) -> Job {
    match name {
        "add" => {
            let lines = options.texts(args::LINES).unwrap_or_default();
            let lines = match options.file(args::FILE) {
                Some(file) => Source::File(file),
                None if lines == ["-"] => Source::File("-".into()),
                None => Source::Given(Secret::new(lines.join("\n"))),
            };
            Job::Add(Box::new(Add { lines, base: options.base(), change: change(options) }))
        }
        "update" => {
            let key = options.text(args::KEY).map(|text| match text {
                "-" => Credential::Stdin,
                text => Credential::Given(Secret::new(text)),
            });
            let update = Update {
                which: options.which().concat(),
                base: options.base(),
                key,
                change: change(options),
            };
            if update.base.is_none() && update.key.is_none() && update.change == KeyChange::default() {
                options.wrong("nothing to change was given");
            }
            Job::Update(Box::new(update))
        }
        "enable" | "disable" => Job::Toggle { which: options.which(), on: name == "enable" },
        "delete" => Job::Delete { which: options.which() },
        _ => Job::List { json: options.flag(JSON) },
    }
}

fn change(options: &mut Options<'_>) -> KeyChange {
    KeyChange {
        name: options.name(),
        base_url: None,
        credential: None,
        enabled: options.enabled(),
        priority: options.priority(),
        weight: options.weight(),
        max_concurrent: options.max_concurrent(),
        models: options.list(args::MODEL),
        model_mapping: options.mapping(),
        group: options.line(args::GROUP),
        tags: options.list(args::TAG),
    }
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    match job {
        Job::List { json } => list(json, config).await,
        Job::Add(add) => self::add(*add, config).await,
        Job::Update(update) => self::update(*update, config).await,
        Job::Toggle { which, on } => {
            let (store, rows, warnings) = open(config).await?;
            let found = find_all(&pool(&rows), &which)?;
            let out =
                toggle(&store, found.iter().map(|row| (row.id.as_str(), row.name.as_str())), on).await?;
            store.close().await;
            Ok(Told { out, warnings, ..Told::default() })
        }
        Job::Delete { which } => {
            let (store, rows, _) = open(config).await?;
            let mut out = String::new();
            for row in find_all(&pool(&rows), &which)? {
                store.delete_key(&row.id, None, &By::cli()).await?;
                out.push_str(&format!("deleted {} {}\n", row.id, row.name));
            }
            store.close().await;
            Ok(Told::out(out))
        }
    }
}

async fn list(json: bool, config: &Config) -> anyhow::Result<Told> {
    let (store, rows, warnings) = open(config).await?;
    store.close().await;
    let keys = pool(&rows);
    let out = match (json, keys.is_empty()) {
        (true, _) => {
            let keys: Vec<_> = keys.iter().map(|row| stored_key(row)).collect();
            format!("{:#}\n", json!({ "keys": keys }))
        }
        (false, true) => format!("no keys in {}\n", place(config)),
        (false, false) => show::keys(&keys),
    };
    Ok(Told { out, warnings, ..Told::default() })
}

async fn add(add: Add, config: &Config) -> anyhow::Result<Told> {
    let text = match add.lines {
        Source::Given(lines) => lines,
        Source::File(file) => Secret::new(read_text(&file)?),
    };
    let base = add.base.as_ref().unwrap_or(&config.upstream.key_base);
    let lines = parse_lines(text.expose(), base);
    anyhow::ensure!(!lines.is_empty(), "no key line was given");
    if add.change.name.is_some() && lines.len() > 1 {
        anyhow::bail!("--name is for one key line, and {} were given; nothing was added", lines.len());
    }
    let (store, _, warnings) = open(config).await?;
    let told = store_lines(&store, &lines, &add.change).await;
    store.close().await;
    Ok(Told { warnings, ..told? })
}

async fn store_lines(
    store: &Store,
    lines: &[Result<KeyLine, LineError>],
    change: &KeyChange,
) -> anyhow::Result<Told> {
    let new: Vec<NewKey> = lines.iter().flatten().map(|line| new_key(line, change)).collect();
    let mut created = store.create_keys(&new, &By::cli()).await?.into_iter();
    let (mut out, mut added, mut duplicates, mut errors) = (String::new(), 0, 0, 0);
    for line in lines {
        let told = match line {
            Err(error) => {
                errors += 1;
                format!("line {}: error: {}: {}", error.line, error.input, error.reason)
            }
            Ok(line) => match created.next() {
                Some(Created::Added(row)) => {
                    added += 1;
                    format!("line {}: added {} {} at {}", line.line, row.id, row.name, row.base_url)
                }
                Some(Created::Duplicate(row)) => {
                    duplicates += 1;
                    format!("line {}: duplicate of {} {} at {}", line.line, row.id, row.name, row.base_url)
                }
                None => continue,
            },
        };
        out.push_str(&told);
        out.push('\n');
    }
    out.push_str(&format!("{added} added, {duplicates} duplicate, {errors} bad\n"));
    let failure =
        (errors > 0).then(|| format!("{errors} of {} key lines are bad and were not taken", lines.len()));
    Ok(Told { out, failure, ..Told::default() })
}

fn new_key(line: &KeyLine, change: &KeyChange) -> NewKey {
    let name = display_name(&line.base, line.key.expose());
    let mut new = NewKey::new(name, line.base.to_string(), line.key.clone());
    change.fill(&mut new);
    new
}

async fn update(update: Update, config: &Config) -> anyhow::Result<Told> {
    let key = update.key.map(Credential::read).transpose()?;
    let (store, rows, warnings) = open(config).await?;
    let pool = pool(&rows);
    let row = find(&pool, &update.which)?;
    let mut change = update.change;
    if let Some(key) = key {
        change.credential =
            rules::credential(key.expose(), row).map_err(|wrong| anyhow::anyhow!("--key {wrong}"))?;
    }
    if let Some(base) = update.base {
        if change.credential.is_none() && rules::must_enter_again(row, &base) {
            anyhow::bail!("--key {}", rules::ENTER_AGAIN);
        }
        change.base_url = Some(base.to_string());
    }
    let row = store.update_key(&row.id, &change, Some(row.revision), &By::cli()).await?;
    store.close().await;
    Ok(Told { out: show::keys(&[&row]), warnings, ..Told::default() })
}
