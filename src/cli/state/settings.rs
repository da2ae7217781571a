//! `settings`: what is saved of settings, as the admin API saves it, and the way back when that shuts its author out.

use serde_json::json;

use super::options::Options;
use super::{Told, show};
use crate::admin::shut_out;
use crate::cli::args::JSON;
use crate::config::{Loaded, Row, Setting, Standing, setting};
use crate::store::{By, Store};

/// What is to be done with settings.
#[derive(Debug)]
pub(super) enum Job {
    List {
        json: bool,
    },
    /// Save these texts.
    Set(Vec<(&'static Setting, String)>),
    /// Go back to what is configured.
    Reset(Vec<String>),
}

pub(super) fn read(name: &str, options: &mut Options<'_>) -> Job {
    match name {
        "set" => Job::Set(options.which().iter().filter_map(|pair| one(pair, options)).collect()),
        "reset" => Job::Reset(options.which().into_iter().map(known).collect()),
        _ => Job::List { json: options.flag(JSON) },
    }
}

/// `NAME=VALUE`, in the order that was given.
fn one(pair: &str, options: &mut Options<'_>) -> Option<(&'static Setting, String)> {
    let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
    let read = match setting(name) {
        // The text is not shown: it may be a secret, and it may be in the wrong place.
        _ if !pair.contains('=') => Err("write NAME=VALUE".to_owned()),
        None => Err(format!("{name} is no setting; `settings list` shows those that can be saved")),
        Some(setting) => match setting.to_save(text) {
            Ok(text) => Ok((setting, text)),
            Err(wrong) => Err(format!("{} {wrong}", setting.name)),
        },
    };
    read.map_err(|wrong| options.wrong(wrong)).ok()
}

/// As it is stored. What was saved by another version is no setting of this one, and can be reset all the same.
fn known(name: String) -> String {
    setting(&name).map_or(name, |setting| setting.name.to_owned())
}

pub(super) async fn run(job: Job, loaded: &Loaded) -> anyhow::Result<Told> {
    let config = &loaded.config;
    let changes: Vec<(&str, Option<String>)> = match &job {
        Job::List { json } => {
            let now = loaded.with_saved(&Store::saved_settings(&config.data_dir).await?);
            return Ok(list(*json, &now, loaded));
        }
        Job::Set(texts) => texts.iter().map(|(setting, text)| (setting.name, Some(text.clone()))).collect(),
        Job::Reset(names) => names.iter().map(|name| (name.as_str(), None)).collect(),
    };
    let store = Store::open(&config.data_dir, config.secret_key.as_ref()).await?;
    let before = store.load_backends().await?.settings;
    let is_saved = |name: &str| before.iter().any(|(saved, _)| saved == name);
    if let Some((name, _)) =
        changes.iter().find(|(name, text)| text.is_none() && setting(name).is_none() && !is_saved(name))
    {
        anyhow::bail!("{name} is no setting, and nothing is saved by that name");
    }
    store.save_settings(&changes, &By::cli()).await?;
    let after = store.load_backends().await?.settings;
    store.close().await;
    let (was, now) = (loaded.with_saved(&before), loaded.with_saved(&after));
    let out = changes.iter().map(|(name, text)| told(name, text.is_some(), is_saved(name), &now)).collect();
    let new = now.warnings.iter().filter(|warning| !was.warnings.contains(warning)).cloned();
    let is_of_rules = changes.iter().any(|(name, _)| name.starts_with("IP_"));
    let warnings = new.chain(shut_out(&now).filter(|_| is_of_rules)).collect();
    Ok(Told { out, warnings, ..Told::default() })
}

fn told(name: &str, is_set: bool, was_saved: bool, now: &Standing) -> String {
    let shown = match setting(name) {
        Some(setting) => {
            let Row { value, origin, .. } = now.row(setting.name);
            format!(" {} ({origin})", if value.is_empty() { "-" } else { value })
        }
        None => String::new(),
    };
    let done = match (is_set, was_saved) {
        (true, _) => "saved",
        (false, true) => "reset",
        (false, false) => "was not saved:",
    };
    format!("{done} {name}{shown}\n")
}

/// Those that can be saved, as they are in force.
fn list(json: bool, now: &Standing, loaded: &Loaded) -> Told {
    let may_change = |row: &Row| setting(row.name).is_some_and(|setting| setting.may_change().is_ok());
    let both = now.rows.iter().zip(&loaded.origins).filter(|(row, _)| may_change(row));
    let warnings = now.warnings.clone();
    let out = if json {
        let row = |(row, configured): (&Row, &Row)| {
            json!({
                "name": row.name, "value": row.value, "origin": row.origin, "configured": configured.value,
                "default": row.default, "note": row.note,
            })
        };
        format!("{:#}\n", json!({ "settings": both.map(row).collect::<Vec<_>>() }))
    } else {
        let shown = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let cells = |(row, configured): (&Row, &Row)| {
            let below = if row.origin == "saved" { shown(&configured.value) } else { String::new() };
            vec![row.name.to_owned(), shown(&row.value), row.origin.clone(), below]
        };
        show::table(&["NAME", "VALUE", "ORIGIN", "CONFIGURED"], &both.map(cells).collect::<Vec<_>>())
    };
    Told { out, warnings, ..Told::default() }
}
