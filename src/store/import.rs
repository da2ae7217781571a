//! What an import brings: all of it in one transaction, or nothing. What is there already is left as it is, so that a
//! second time is harmless.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::audit::{self, By, Entry};
use super::db::{Tx, on};
use super::rows::{NewChannel, NewKey};
use super::token_rows::{NewToken, TokenRow};
use super::{Conflict, Store, StoreError, backends, channels, imported, keys, meta, settings, tokens};

/// Everything that is to be imported, in order. Ids are given, and no two of one kind are equal.
#[derive(Debug, Default)]
pub struct Batch {
    pub keys: Vec<NewKey>,
    pub channels: Vec<NewChannel>,
    pub tokens: Vec<NewToken>,
    /// Name and value.
    pub settings: Vec<(String, String)>,
    pub usage: Vec<DailyUse>,
    pub logs: Vec<OldRecord>,
}

/// Whose use a day's counts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseOf {
    Backend,
    Token,
}

/// What a backend or a token has done on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyUse {
    /// Of UTC, such as `2026-01-09`.
    pub date: String,
    pub of: UseOf,
    /// Of a backend or token that may be gone.
    pub id: String,
    /// Failed ones included.
    pub requests: i64,
    pub failed: i64,
    /// 0 of a backend: not known.
    pub prompt_tokens: i64,
    /// 0 of a backend: not known.
    pub completion_tokens: i64,
    pub total_tokens: i64,
}

/// Which log a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    Request,
    Audit,
}

/// A record of the Node program's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldRecord {
    /// The same for the same record of the same file, whenever it is read.
    pub id: [u8; 32],
    pub kind: LogKind,
    /// RFC 3339 in UTC with milliseconds.
    pub at: String,
    /// A JSON object, as it was.
    pub record: String,
}

/// What became of one thing that was to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landed {
    Added,
    /// A channel, under this name: its own was taken.
    Renamed(String),
    /// It was there, or another one that is equal.
    Present,
}

/// What became of a [`Batch`], in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub keys: Vec<Landed>,
    pub channels: Vec<Landed>,
    pub tokens: Vec<Landed>,
    pub settings: Vec<Landed>,
    /// Whether each day is new, or has more requests than before.
    pub usage: Vec<bool>,
    /// Whether each record is new.
    pub logs: Vec<bool>,
}

impl Imported {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let lists = [&self.keys, &self.channels, &self.tokens, &self.settings];
        lists.into_iter().flatten().all(|landed| *landed == Landed::Present)
            && !self.usage.contains(&true)
            && !self.logs.contains(&true)
    }
}

impl Imported {
    /// How many of each kind were added.
    fn counts(&self) -> Value {
        let added = |landed: &[Landed]| landed.iter().filter(|landed| **landed != Landed::Present).count();
        let new = |new: &[bool]| new.iter().filter(|is_new| **is_new).count();
        json!({
            "keys": added(&self.keys), "channels": added(&self.channels), "tokens": added(&self.tokens),
            "settings": added(&self.settings), "days": new(&self.usage), "records": new(&self.logs),
        })
    }
}

impl Store {
    /// Imports a batch, or only finds out what would become of it.
    ///
    /// # Errors
    /// Those of the database; nothing has changed then.
    pub async fn import(&self, batch: &Batch, apply: bool, by: &By) -> Result<Imported, StoreError> {
        let mut tx = self.db.write().await?;
        let done = Imported {
            channels: add_channels(self, &mut tx, &batch.channels).await?,
            keys: add_keys(self, &mut tx, &batch.keys).await?,
            tokens: add_tokens(&mut tx, &batch.tokens).await?,
            settings: add_settings(&mut tx, &batch.settings).await?,
            usage: imported::add_usage(&mut tx, &batch.usage).await?,
            logs: imported::add_records(&mut tx, &batch.logs).await?,
        };
        if apply && !done.is_nothing() {
            let name = "data of the Node program".to_owned();
            let entry = Entry { action: "import", object_kind: "import", name, ..Entry::default() };
            let entry = entry.after(done.counts());
            audit::write(&mut tx, by, &entry).await?;
            meta::note_import(&mut tx).await?;
            meta::changed_tokens(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(done)
    }

    /// Whether something was ever imported.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn had_import(&self) -> Result<bool, StoreError> {
        meta::had_import(&mut self.db.read().await?).await
    }
}

async fn texts(tx: &mut Tx, query: &'static str) -> Result<HashSet<String>, StoreError> {
    let found: Vec<String> = on!(tx, conn => sqlx::query_scalar(query).fetch_all(conn).await)?;
    Ok(found.into_iter().collect())
}

fn is_known(id: Option<&String>, known: &HashSet<String>) -> bool {
    id.is_some_and(|id| known.contains(id))
}

async fn add_channels(store: &Store, tx: &mut Tx, new: &[NewChannel]) -> Result<Vec<Landed>, StoreError> {
    let ids = texts(tx, "SELECT id FROM channels").await?;
    let mut names = texts(tx, "SELECT name FROM channels").await?;
    let mut landed = Vec::with_capacity(new.len());
    for channel in new {
        if is_known(channel.id.as_ref(), &ids) {
            landed.push(Landed::Present);
            continue;
        }
        let name = free_name(&channel.name, &names);
        let mut named = channel.clone();
        named.name.clone_from(&name);
        channels::add(tx, &store.key, &named).await?;
        landed.push(if name == channel.name { Landed::Added } else { Landed::Renamed(name.clone()) });
        names.insert(name);
    }
    Ok(landed)
}

/// The name, or the first of "name 2", "name 3" … that is free.
fn free_name(name: &str, taken: &HashSet<String>) -> String {
    if !taken.contains(name) {
        return name.to_owned();
    }
    let mut numbered = (2_u64..).map(|number| format!("{name} {number}"));
    numbered.find(|name| !taken.contains(name)).expect("numbers do not end")
}

async fn add_keys(store: &Store, tx: &mut Tx, new: &[NewKey]) -> Result<Vec<Landed>, StoreError> {
    let ids = texts(tx, "SELECT id FROM backends").await?;
    let mut next = keys::next_position(tx).await?;
    let mut landed = Vec::with_capacity(new.len());
    for key in new {
        let is_new = !is_known(key.id.as_ref(), &ids)
            && backends::insert(tx, &store.key, &backends::row(key, None, next)).await?;
        next += i64::from(is_new);
        landed.push(if is_new { Landed::Added } else { Landed::Present });
    }
    Ok(landed)
}

async fn add_tokens(tx: &mut Tx, new: &[NewToken]) -> Result<Vec<Landed>, StoreError> {
    let ids = texts(tx, "SELECT id FROM tokens").await?;
    let mut landed = Vec::with_capacity(new.len());
    for token in new {
        if is_known(token.id.as_ref(), &ids) {
            landed.push(Landed::Present);
            continue;
        }
        landed.push(match tokens::insert(tx, &TokenRow::from(token)).await {
            Ok(()) => Landed::Added,
            Err(StoreError::Conflict(Conflict::Token)) => Landed::Present,
            Err(error) => return Err(error),
        });
    }
    if landed.contains(&Landed::Added) {
        meta::note_tokens(tx).await?;
    }
    Ok(landed)
}

async fn add_settings(tx: &mut Tx, new: &[(String, String)]) -> Result<Vec<Landed>, StoreError> {
    let names = texts(tx, "SELECT name FROM settings").await?;
    let mut landed = Vec::with_capacity(new.len());
    for (name, value) in new {
        if names.contains(name) {
            landed.push(Landed::Present);
        } else {
            settings::set(tx, name, value).await?;
            landed.push(Landed::Added);
        }
    }
    Ok(landed)
}
