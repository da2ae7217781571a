//! `migrate`, `backup` and `restore`: the database as a whole.

use std::path::{Path, PathBuf};

use super::{Told, place};
use crate::config::Config;
use crate::store::{Pending, Restored, Store, StoreError, restore};

/// What is to be done with the database.
#[derive(Debug)]
pub(super) enum Job {
    Migrate { dry_run: bool },
    Backup { file: PathBuf, with_key: bool },
    Restore { file: PathBuf, force: bool },
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    match job {
        Job::Migrate { dry_run } => migrate(dry_run, config).await,
        Job::Backup { file, with_key } => backup(&file, with_key, config).await,
        Job::Restore { file, force } => put_back(&file, force, config).await,
    }
}

async fn migrate(dry_run: bool, config: &Config) -> anyhow::Result<Told> {
    let folder = place(config);
    let (done, pending) = match dry_run {
        true => ("pending", Store::pending(&config.data_dir).await?),
        false => ("applied", Store::migrate(&config.data_dir, config.secret_key.as_ref()).await?),
    };
    if pending.is_empty() {
        return Ok(Told::out(format!("nothing is pending: the database in {folder} is up to date\n")));
    }
    let line = |pending: &Pending| format!("{done} {:04} {}\n", pending.version, pending.name);
    let mut out: String = pending.iter().map(line).collect();
    out.push_str(&match dry_run {
        true => format!("nothing was changed in {folder}\n"),
        false => format!("the database in {folder} is up to date\n"),
    });
    Ok(Told::out(out))
}

async fn backup(file: &Path, with_key: bool, config: &Config) -> anyhow::Result<Told> {
    anyhow::ensure!(Store::exists(&config.data_dir), "there is no database in {}", place(config));
    let store = Store::open(&config.data_dir, config.secret_key.as_ref()).await?;
    let done = store.backup(file, with_key).await;
    store.close().await;
    done.map_err(|error| match error {
        StoreError::Exists(_) => anyhow::anyhow!("{error}, and a backup overwrites nothing"),
        other => other.into(),
    })?;
    let key = match with_key {
        true => "and the key: whoever reads it reads all credentials",
        false => "but not the key, without which its credentials cannot be read: keep that, too",
    };
    Ok(Told::out(format!("{} holds the database of {} {key}\n", file.display(), place(config))))
}

async fn put_back(file: &Path, force: bool, config: &Config) -> anyhow::Result<Told> {
    let restored = restore(&config.data_dir, file, config.secret_key.as_ref(), force).await;
    let restored = restored.map_err(|error| match error {
        StoreError::Exists(_) => {
            anyhow::anyhow!("{error}: --force puts it aside, under a name that ends in .replaced")
        }
        other => other.into(),
    })?;
    Ok(told(&restored, config))
}

fn told(restored: &Restored, config: &Config) -> Told {
    let Restored { tokens, accounts, settings, channels, backends, with_key, aside, lost } = restored;
    let key = if *with_key { ", and the key" } else { "" };
    let mut out = format!(
        "restored into {}: tokens: {tokens}, accounts: {accounts}, saved settings: {settings}, channels: {channels}, \
         backends: {backends}{key}\n",
        place(config)
    );
    if let Some(aside) = aside {
        out.push_str(&format!("the former database is {}\n", aside.display()));
    }
    if !lost.is_empty() {
        out.push_str(&format!("lost are the credentials of {}; enter them again:\n", lost.len()));
    }
    for (row, why) in lost {
        let owner = if row.channel_id.is_some() { "channel" } else { "key" };
        out.push_str(&format!("  {owner} {} {} at {}: {why}\n", row.id, row.name, row.base_url));
    }
    Told::out(out)
}
