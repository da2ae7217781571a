//! Who changed what, when: one row a change, written in the transaction of the change itself.
//!
//! Rows hold no secrets: what is sealed or hashed elsewhere is `***` here.

use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Map, Value};

use super::db::{Tx, on, starred};
use super::text::{from_json, new_id, now};
use super::{Store, StoreError, meta};

/// What stands for a secret, and for one that was replaced.
pub(super) const SECRET: &str = "***";
pub(super) const NEW_SECRET: &str = "*** (new)";

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Name of an account; of an API token its owner's, a slash and its own.
    pub actor: String,
    pub kind: ActorKind,
    /// Where the call came from.
    pub address: Option<String>,
    /// Id of the HTTP request.
    pub request_id: Option<String>,
}

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// A person who is signed in, or shows the password.
    User,
    /// A program with an API token.
    Token,
    /// The command line on the machine itself.
    Cli,
    /// Nobody who is known: a sign-in that failed.
    Nobody,
}

impl ActorKind {
    fn text(self) -> &'static str {
        match self {
            ActorKind::User => "user",
            ActorKind::Token => "token",
            ActorKind::Cli => "cli",
            ActorKind::Nobody => "nobody",
        }
    }
}

impl By {
    /// The gateway itself, at its start.
    #[must_use]
    pub fn start() -> By {
        By { actor: "start".to_owned(), ..By::cli() }
    }

    /// The command line.
    #[must_use]
    pub fn cli() -> By {
        By { actor: "cli".to_owned(), kind: ActorKind::Cli, address: None, request_id: None }
    }
}

/// What was done, to what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    /// Such as `channel.update`.
    pub action: &'static str,
    /// Such as `channel`.
    pub object_kind: &'static str,
    pub object_id: Option<String>,
    /// What people call the object.
    pub name: String,
    /// As it was; of a change only what has changed.
    pub before: Option<Value>,
    /// As it now is.
    pub after: Option<Value>,
}

impl Entry {
    pub(super) fn new(action: &'static str, object_kind: &'static str, id: &str, name: &str) -> Entry {
        Entry {
            action,
            object_kind,
            object_id: Some(id.to_owned()),
            name: name.to_owned(),
            ..Entry::default()
        }
    }

    pub(super) fn before(self, before: Value) -> Entry {
        Entry { before: Some(before), ..self }
    }

    pub(super) fn after(self, after: Value) -> Entry {
        Entry { after: Some(after), ..self }
    }

    /// Keeps of both states what differs.
    pub(super) fn changed(self, before: Value, after: Value) -> Entry {
        let (before, after) = differing(before, after);
        self.before(before).after(after)
    }
}

fn differing(before: Value, after: Value) -> (Value, Value) {
    let (Value::Object(mut before), Value::Object(mut after)) = (before, after) else {
        return (Value::Null, Value::Null);
    };
    let same: Vec<String> = before
        .iter()
        .filter(|(name, value)| after.get(*name) == Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    let keep = |map: &mut Map<String, Value>| map.retain(|name, _| !same.contains(name));
    keep(&mut before);
    keep(&mut after);
    (Value::Object(before), Value::Object(after))
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Sorts by time.
    pub id: String,
    /// RFC 3339 in UTC with milliseconds.
    pub at: String,
    pub actor: String,
    pub actor_kind: String,
    pub address: Option<String>,
    pub action: String,
    pub object_kind: String,
    pub object_id: Option<String>,
    pub name: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub request_id: Option<String>,
}

/// Which rows of the audit; `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Name of an account, its tokens included.
    pub actor: Option<String>,
    /// Exactly, or all that begin with it and a dot.
    pub action: Option<String>,
    /// Kind or id of the object.
    pub object: Option<String>,
    /// At this time or later, in the form of [`AuditRow::at`].
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
    /// Somewhere in name, id, action or states; case does not count.
    pub text: Option<String>,
    /// Older than the row with this id.
    pub cursor: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    at: String,
    actor: String,
    actor_kind: String,
    address: Option<String>,
    action: String,
    object_kind: String,
    object_id: Option<String>,
    name: String,
    before_state: Option<String>,
    after_state: Option<String>,
    request_id: Option<String>,
}

impl Stored {
    fn open(self) -> Result<AuditRow, StoreError> {
        let place = format!("audit_log.{}", self.id);
        let state = |column: &str, text: Option<String>| {
            text.map(|text| from_json(&place, column, &text)).transpose()
        };
        Ok(AuditRow {
            before: state("before_state", self.before_state)?,
            after: state("after_state", self.after_state)?,
            id: self.id,
            at: self.at,
            actor: self.actor,
            actor_kind: self.actor_kind,
            address: self.address,
            action: self.action,
            object_kind: self.object_kind,
            object_id: self.object_id,
            name: self.name,
            request_id: self.request_id,
        })
    }
}

// A filter that is not given is an empty text: NULL would have no type in PostgreSQL.
const LIST: &str = "\
    SELECT * FROM audit_log \
    WHERE ($1 = '' OR actor = $1 OR actor LIKE $2 ESCAPE '!') \
      AND ($3 = '' OR action = $3 OR action LIKE $4 ESCAPE '!') \
      AND ($5 = '' OR object_kind = $5 OR object_id = $5) \
      AND ($6 = '' OR at >= $6) AND ($7 = '' OR at < $7) \
      AND ($8 = '' OR LOWER(name || ' ' || action || ' ' || COALESCE(object_id, '') || ' ' \
        || COALESCE(before_state, '') || ' ' || COALESCE(after_state, '')) LIKE $8 ESCAPE '!') \
      AND ($9 = '' OR id < $9) \
    ORDER BY id DESC LIMIT $10";

impl Store {
    /// Rows of the audit, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit(&self, filter: &AuditFilter, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let plain = |text: &Option<String>| text.clone().unwrap_or_default();
        let below = |text: &Option<String>, sign: char| format!("{}{sign}%", escaped(&plain(text)));
        let text = filter.text.as_ref().map(|text| format!("%{}%", escaped(&text.to_lowercase())));
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> = on!(&mut tx, conn => starred(LIST)
            .bind(plain(&filter.actor))
            .bind(below(&filter.actor, '/'))
            .bind(plain(&filter.action))
            .bind(below(&filter.action, '.'))
            .bind(plain(&filter.object))
            .bind(plain(&filter.since))
            .bind(plain(&filter.until))
            .bind(text.unwrap_or_default())
            .bind(plain(&filter.cursor))
            .bind(limit)
            .fetch_all(conn).await)?;
        rows.into_iter().map(Stored::open).collect()
    }

    /// One row of the audit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and those of the database.
    pub async fn audit_row(&self, id: &str) -> Result<AuditRow, StoreError> {
        let mut tx = self.db.read().await?;
        let row: Option<Stored> = on!(&mut tx, conn => {
            sqlx::query_as("SELECT * FROM audit_log WHERE id = $1").bind(id).fetch_optional(conn).await
        })?;
        row.ok_or_else(|| StoreError::NotFound { what: "audit entry", id: id.to_owned() })?.open()
    }

    /// Whether changes were made by this store since the last time this was asked: those of other processes are found
    /// by [`Store::audit_for_file`] alone.
    pub fn has_new_audit(&self) -> bool {
        self.db.changes.are_new.swap(false, Relaxed)
    }

    /// At most `limit` rows behind `last` and behind the last one that is noted to be in the file, the oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit_for_file(&self, last: &str, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let select = "SELECT * FROM audit_log \
            WHERE id > $1 AND id > COALESCE((SELECT value FROM meta WHERE name = 'audit_in_file'), '') \
            ORDER BY id LIMIT $2";
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, conn => starred(select).bind(last).bind(limit).fetch_all(conn).await)?;
        rows.into_iter().map(Stored::open).collect()
    }

    /// Notes that all rows up to this one are in the file.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit_is_in_file(&self, last: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        meta::set(&mut tx, "audit_in_file", last).await?;
        tx.commit().await
    }

    /// Writes a row for what is not kept in the database.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn record(&self, by: &By, entry: Entry) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        write(&mut tx, by, &entry).await?;
        tx.commit().await
    }
}

/// A text for LIKE that means itself.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

const INSERT: &str = "\
    INSERT INTO audit_log (id, at, actor, actor_kind, address, action, object_kind, object_id, name, before_state, \
      after_state, request_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// Writes a row within the transaction of its change.
pub(super) async fn write(tx: &mut Tx, by: &By, entry: &Entry) -> Result<(), StoreError> {
    let state = |state: &Option<Value>| state.as_ref().map(Value::to_string);
    on!(tx, conn => sqlx::query(INSERT)
        .bind(new_id())
        .bind(now())
        .bind(&by.actor)
        .bind(by.kind.text())
        .bind(&by.address)
        .bind(entry.action)
        .bind(entry.object_kind)
        .bind(&entry.object_id)
        .bind(&entry.name)
        .bind(state(&entry.before))
        .bind(state(&entry.after))
        .bind(&by.request_id)
        .execute(conn).await.map(drop))?;
    tx.has_audit = true;
    Ok(())
}
