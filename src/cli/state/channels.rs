//! `channel`: named groups of backends.

use std::path::PathBuf;

use serde_json::json;

use super::find::{find, find_all};
use super::options::Options;
use super::{Told, args, open, place, read_text, show, toggle};
use crate::admin::{members, rules, stored_channel};
use crate::cli::args::JSON;
use crate::config::{BaseUrl, Config, Secret};
use crate::store::{BackendRow, By, ChannelChange, ChannelRow, NewBackend, NewChannel, Rows};

/// What is to be done with channels.
#[derive(Debug)]
pub(super) enum Job {
    List {
        json: bool,
    },
    Show {
        which: String,
        json: bool,
    },
    Add(Box<Edit>),
    Update {
        which: String,
        edit: Box<Edit>,
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

/// What a channel gets.
#[derive(Debug)]
pub(super) struct Edit {
    base: Option<BaseUrl>,
    keys: Option<Vec<Secret>>,
    key_file: Option<PathBuf>,
    change: ChannelChange,
}

pub(super) fn read(name: &str, options: &mut Options<'_>) -> Job {
    match name {
        "show" => Job::Show { which: options.which().concat(), json: options.flag(JSON) },
        "add" => Job::Add(Box::new(edit(options))),
        "update" => {
            let edit = edit(options);
            let is_nothing = edit.base.is_none() && edit.keys.is_none() && edit.key_file.is_none();
            if is_nothing && edit.change == ChannelChange::default() {
                options.wrong("nothing to change was given");
            }
            Job::Update { which: options.which().concat(), edit: Box::new(edit) }
        }
        "enable" | "disable" => Job::Toggle { which: options.which(), on: name == "enable" },
        "delete" => Job::Delete { which: options.which() },
        _ => Job::List { json: options.flag(JSON) },
    }
}

fn edit(options: &mut Options<'_>) -> Edit {
    let base = options.base();
    let change = ChannelChange {
        name: options.name(),
        enabled: options.enabled(),
        priority: options.priority(),
        weight: options.weight(),
        models: options.list(args::MODEL),
        model_mapping: options.mapping(),
        max_concurrent: options.max_concurrent(),
        rate_limit: options.rate_limit(),
        tags: options.list(args::TAG),
        base_url: base.as_ref().map(ToString::to_string),
        backends: None,
    };
    let keys = options.texts(args::KEY);
    Edit {
        base,
        keys: keys.map(|keys| keys.into_iter().map(Secret::new).collect()),
        key_file: options.file(args::KEY_FILE),
        change,
    }
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    match job {
        Job::List { json } => list(json, config).await,
        Job::Show { which, json } => {
            let (store, rows, warnings) = open(config).await?;
            store.close().await;
            let row = find(&all(&rows), &which)?;
            let members = members(&rows, &row.id);
            let out = match json {
                true => format!("{:#}\n", json!(stored_channel(row, &members))),
                false => show::channel(row, &members),
            };
            Ok(Told { out, warnings, ..Told::default() })
        }
        Job::Add(edit) => add(*edit, config).await,
        Job::Update { which, edit } => update(&which, *edit, config).await,
        Job::Toggle { which, on } => {
            let (store, rows, warnings) = open(config).await?;
            let found = find_all(&all(&rows), &which)?;
            let out =
                toggle(&store, found.iter().map(|row| (row.id.as_str(), row.name.as_str())), on).await?;
            store.close().await;
            Ok(Told { out, warnings, ..Told::default() })
        }
        Job::Delete { which } => {
            let (store, rows, _) = open(config).await?;
            let mut out = String::new();
            for row in find_all(&all(&rows), &which)? {
                store.delete_channel(&row.id, None, &By::cli()).await?;
                out.push_str(&format!("deleted {} {}\n", row.id, row.name));
            }
            store.close().await;
            Ok(Told::out(out))
        }
    }
}

fn all(rows: &Rows) -> Vec<&ChannelRow> {
    rows.channels.iter().collect()
}

async fn list(json: bool, config: &Config) -> anyhow::Result<Told> {
    let (store, rows, warnings) = open(config).await?;
    store.close().await;
    let of = |row: &ChannelRow| members(&rows, &row.id);
    let out = match (json, rows.channels.is_empty()) {
        (true, _) => {
            let channels: Vec<_> = rows.channels.iter().map(|row| stored_channel(row, &of(row))).collect();
            format!("{:#}\n", json!({ "channels": channels }))
        }
        (false, true) => format!("no channels in {}\n", place(config)),
        (false, false) => {
            show::channels(&rows.channels.iter().map(|row| (row, of(row).len())).collect::<Vec<_>>())
        }
    };
    Ok(Told { out, warnings, ..Told::default() })
}

async fn add(edit: Edit, config: &Config) -> anyhow::Result<Told> {
    let keys = keys(&edit)?.unwrap_or_default();
    let base = edit.base.as_ref().unwrap_or(&config.upstream.key_base);
    let mut new =
        NewChannel { backends: backends(&keys, base, &[])?, ..NewChannel::new("", base.to_string()) };
    edit.change.fill(&mut new);
    let (store, _, warnings) = open(config).await?;
    let (row, members) = store.create_channel(&new, &By::cli()).await?;
    store.close().await;
    Ok(Told { out: show::channel(&row, &members.iter().collect::<Vec<_>>()), warnings, ..Told::default() })
}

async fn update(which: &str, edit: Edit, config: &Config) -> anyhow::Result<Told> {
    let keys = keys(&edit)?;
    let (store, rows, warnings) = open(config).await?;
    let row = find(&all(&rows), which)?;
    let old = members(&rows, &row.id);
    let stays = rules::staying(row, &old, edit.base.as_ref());
    let mut change = edit.change;
    match keys {
        Some(keys) => {
            let base = edit.base.map_or_else(|| row.base_url.parse(), Ok)?;
            change.backends = Some(backends(&keys, &base, &stays)?);
        }
        None if stays.len() < old.len() => anyhow::bail!("--key {}", rules::ENTER_AGAIN),
        None => {}
    }
    let (row, members) = store.update_channel(&row.id, &change, Some(row.revision), &By::cli()).await?;
    store.close().await;
    Ok(Told { out: show::channel(&row, &members.iter().collect::<Vec<_>>()), warnings, ..Told::default() })
}

/// A key, and where it was given.
type Given = (String, String);

/// All keys that were given; `None` when no option was about keys.
fn keys(edit: &Edit) -> anyhow::Result<Option<Vec<Given>>> {
    let mut keys: Option<Vec<Given>> = edit.keys.as_ref().map(|keys| {
        let numbered = keys.iter().enumerate();
        numbered.map(|(at, key)| (format!("--key (number {})", at + 1), key.expose().to_owned())).collect()
    });
    if let Some(file) = &edit.key_file {
        let text = read_text(file)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let found: Vec<_> =
            lines.map(|(at, line)| (format!("--key-file: line {at}"), line.to_owned())).collect();
        // A file that somebody emptied by mistake must not take all keys away.
        anyhow::ensure!(!found.is_empty(), "--key-file holds no key");
        keys.get_or_insert_default().extend(found);
    }
    Ok(keys)
}

/// The backends that these keys mean.
///
/// # Errors
/// Every wrong key, each a line.
fn backends(keys: &[Given], base: &BaseUrl, known: &[&BackendRow]) -> anyhow::Result<Vec<NewBackend>> {
    let texts: Vec<String> = keys.iter().map(|(_, text)| text.clone()).collect();
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for (at, read) in rules::backends(&texts, base, known).into_iter().enumerate() {
        match read {
            Ok(backend) => good.push(backend),
            Err(error) => wrong.push(format!("{} {error}", keys[at].0)),
        }
    }
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n       "));
    Ok(good)
}
