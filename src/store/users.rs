//! Accounts of people: names, roles, hashes of passwords. At least one enabled admin stays, whatever is asked for.

use serde_json::{Value, json};

use super::audit::{self, By, Entry, NEW_SECRET, SECRET};
use super::db::{Db, Tx, on, starred};
use super::keys::check;
use super::sessions;
use super::text::{new_id, now};
use super::{Conflict, Store, StoreError};
use crate::config::Secret;

/// The account that is there from the beginning.
pub const FIRST: &str = "admin";

/// What an account may do; the greater may all that the lesser may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads, and changes nothing.
    Viewer,
    /// Everything.
    Admin,
}

impl Role {
    /// As it is stored and told.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Admin => "admin",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn read(text: &str) -> Option<Role> {
        [Role::Viewer, Role::Admin].into_iter().find(|role| role.text() == text)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    pub id: String,
    /// In lower case; no two accounts have the same, and it never changes.
    pub name: String,
    pub role: Role,
    pub enabled: bool,
    /// A PHC string; `None` = `ADMIN_PASSWORD` holds.
    pub password_hash: Option<Secret>,
    /// Nothing but a new password is accepted from it.
    pub must_change: bool,
    pub created_at: String,
    pub last_sign_in: Option<String>,
    /// Grows by one with each change.
    pub revision: i64,
}

/// An account that is to be stored.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub role: Role,
    pub enabled: bool,
    pub password_hash: Secret,
    pub must_change: bool,
}

/// What is to change in an account; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserChange {
    pub role: Option<Role>,
    pub enabled: Option<bool>,
    pub must_change: Option<bool>,
}

/// A new password.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// `None` lets `ADMIN_PASSWORD` hold again.
    pub hash: Option<Secret>,
    pub must_change: bool,
}

#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    id: String,
    name: String,
    role: String,
    enabled: bool,
    password_hash: Option<String>,
    must_change: bool,
    created_at: String,
    last_sign_in: Option<String>,
    revision: i64,
}

impl Stored {
    pub(super) fn open(self) -> Result<UserRow, StoreError> {
        let role = role(&format!("users.{}", self.id), &self.role)?;
        Ok(UserRow {
            role,
            id: self.id,
            name: self.name,
            enabled: self.enabled,
            password_hash: self.password_hash.map(Secret::new),
            must_change: self.must_change,
            created_at: self.created_at,
            last_sign_in: self.last_sign_in,
            revision: self.revision,
        })
    }
}

pub(super) fn role(place: &str, text: &str) -> Result<Role, StoreError> {
    Role::read(text).ok_or_else(|| StoreError::Damaged(format!("role of {place}")))
}

fn shown(row: &UserRow) -> Value {
    json!({
        "name": row.name,
        "role": row.role.text(),
        "enabled": row.enabled,
        "password": if row.password_hash.is_some() { SECRET } else { "ADMIN_PASSWORD" },
        "mustChange": row.must_change,
    })
}

fn entry(action: &'static str, row: &UserRow) -> Entry {
    Entry::new(action, "user", &row.id, &row.name)
}

const INSERT: &str = "\
    INSERT INTO users (id, name, role, enabled, password_hash, must_change, created_at, last_sign_in, revision) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8) \
    ON CONFLICT (name) DO NOTHING";

/// Whether it was inserted; not if the name is taken.
async fn insert(tx: &mut Tx, row: &UserRow) -> Result<bool, StoreError> {
    let done = on!(tx, conn => sqlx::query(INSERT)
        .bind(&row.id)
        .bind(&row.name)
        .bind(row.role.text())
        .bind(row.enabled)
        .bind(row.password_hash.as_ref().map(Secret::expose))
        .bind(row.must_change)
        .bind(&row.created_at)
        .bind(row.revision)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(done == 1)
}

fn new_row(name: &str, role: Role) -> UserRow {
    UserRow {
        id: new_id(),
        name: name.to_owned(),
        role,
        enabled: true,
        password_hash: None,
        must_change: false,
        created_at: now(),
        last_sign_in: None,
        revision: 1,
    }
}

/// Makes the first account where there is none.
pub(super) async fn begin(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.read().await?;
    let count: i64 =
        on!(&mut tx, conn => sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(conn).await)?;
    drop(tx);
    if count > 0 {
        return Ok(());
    }
    let mut tx = db.write().await?;
    insert(&mut tx, &new_row(FIRST, Role::Admin)).await?; // another process may have been quicker
    tx.commit().await
}

impl Store {
    /// All accounts, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, conn => starred("SELECT * FROM users ORDER BY name").fetch_all(conn).await)?;
        rows.into_iter().map(Stored::open).collect()
    }

    /// The account of this name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn user_named(&self, name: &str) -> Result<Option<UserRow>, StoreError> {
        let mut tx = self.db.read().await?;
        let row: Option<Stored> = on!(&mut tx, conn => starred("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(conn).await)?;
        row.map(Stored::open).transpose()
    }

    /// # Errors
    /// [`Conflict::User`]; those of the database.
    pub async fn create_user(&self, new: &NewUser, by: &By) -> Result<UserRow, StoreError> {
        let row = UserRow {
            enabled: new.enabled,
            password_hash: Some(new.password_hash.clone()),
            must_change: new.must_change,
            ..new_row(&new.name, new.role)
        };
        let mut tx = self.db.write().await?;
        if !insert(&mut tx, &row).await? {
            return Err(Conflict::User(row.name).into());
        }
        audit::write(&mut tx, by, &entry("user.create", &row).after(shown(&row))).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Changes an account, and gives it as it now is. With `expected`, only if it is still at that revision. The
    /// sessions of one that is disabled end. Where nothing differs nothing is written.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`Conflict::Revision`], [`Conflict::LastAdmin`]; those of the database.
    pub async fn update_user(
        &self,
        id: &str,
        change: UserChange,
        expected: Option<i64>,
        by: &By,
    ) -> Result<UserRow, StoreError> {
        let mut tx = self.db.write().await?;
        let old = one(&mut tx, id).await?;
        check(expected, old.revision)?;
        let mut row = old.clone();
        row.role = change.role.unwrap_or(old.role);
        row.enabled = change.enabled.unwrap_or(old.enabled);
        row.must_change = change.must_change.unwrap_or(old.must_change);
        if row == old {
            return Ok(row);
        }
        if is_ruling(&old) && !is_ruling(&row) {
            another_admin(&mut tx, id).await?;
        }
        update(&mut tx, &mut row).await?;
        if !row.enabled {
            sessions::end_all(&mut tx, id, None).await?;
        }
        audit::write(&mut tx, by, &entry("user.update", &row).changed(shown(&old), shown(&row))).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Gives an account another password and ends its sessions, but for the one with the id `keep`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn set_password(
        &self,
        id: &str,
        password: &NewPassword,
        keep: Option<&str>,
        expected: Option<i64>,
        by: &By,
    ) -> Result<UserRow, StoreError> {
        let mut tx = self.db.write().await?;
        let old = one(&mut tx, id).await?;
        check(expected, old.revision)?;
        let mut row = old.clone();
        row.password_hash.clone_from(&password.hash);
        row.must_change = password.must_change;
        update(&mut tx, &mut row).await?;
        let ended = sessions::end_all(&mut tx, id, keep).await?;
        let (before, mut after) = (shown(&old), shown(&row));
        if row.password_hash.is_some() {
            after["password"] = NEW_SECRET.into();
        }
        after["sessionsEnded"] = ended.into();
        audit::write(&mut tx, by, &entry("user.password", &row).changed(before, after)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Deletes an account with its sessions and API tokens. With `expected`, only if it is still at that revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`Conflict::Revision`], [`Conflict::LastAdmin`]; those of the database.
    pub async fn delete_user(&self, id: &str, expected: Option<i64>, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let row = one(&mut tx, id).await?;
        check(expected, row.revision)?;
        if is_ruling(&row) {
            another_admin(&mut tx, id).await?;
        }
        on!(&mut tx, conn => sqlx::query("DELETE FROM users WHERE id = $1")
            .bind(id)
            .execute(conn).await.map(drop))?;
        audit::write(&mut tx, by, &entry("user.delete", &row).before(shown(&row))).await?;
        tx.commit().await
    }
}

fn is_ruling(row: &UserRow) -> bool {
    row.enabled && row.role == Role::Admin
}

/// # Errors
/// [`Conflict::LastAdmin`] when there is no other one that is enabled.
async fn another_admin(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let others: i64 = on!(tx, conn => sqlx::query_scalar(
            "SELECT COUNT(*) FROM users WHERE role = 'admin' AND enabled = $2 AND id <> $1")
        .bind(id)
        .bind(true)
        .fetch_one(conn).await)?;
    if others == 0 { Err(Conflict::LastAdmin.into()) } else { Ok(()) }
}

pub(super) async fn one(tx: &mut Tx, id: &str) -> Result<UserRow, StoreError> {
    let row: Option<Stored> = on!(tx, conn => starred("SELECT * FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(conn).await)?;
    row.ok_or_else(|| StoreError::NotFound { what: "user", id: id.to_owned() })?.open()
}

const UPDATE: &str = "\
    UPDATE users SET role = $3, enabled = $4, password_hash = $5, must_change = $6, revision = revision + 1 \
    WHERE id = $1 AND revision = $2";

async fn update(tx: &mut Tx, row: &mut UserRow) -> Result<(), StoreError> {
    let updated = on!(tx, conn => sqlx::query(UPDATE)
        .bind(&row.id)
        .bind(row.revision)
        .bind(row.role.text())
        .bind(row.enabled)
        .bind(row.password_hash.as_ref().map(Secret::expose))
        .bind(row.must_change)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    let expected = row.revision;
    row.revision += 1;
    match updated {
        0 => Err(Conflict::Revision { expected, found: row.revision }.into()),
        _ => Ok(()),
    }
}
