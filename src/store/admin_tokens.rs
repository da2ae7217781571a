//! API tokens of the admin API, for scripts. Each belongs to an account and dies with it; only its hash is stored.

use serde_json::{Value, json};

use super::audit::{self, By, Entry};
use super::backends::unique;
use super::db::{on, starred};
use super::text::{new_id, now};
use super::users::{self, Role, UserRow};
use super::{Conflict, Store, StoreError};

/// An API token of the admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminTokenRow {
    pub id: String,
    /// No two have the same.
    pub name: String,
    /// How the token begins.
    pub prefix: String,
    pub last_four: String,
    /// Whose it is.
    pub user_id: String,
    /// It may no more than its owner may.
    pub role: Role,
    pub created_at: String,
    /// `None` = never.
    pub expires_at: Option<String>,
    /// To the minute.
    pub last_used: Option<String>,
}

/// An API token that is to be stored.
#[derive(Debug, Clone)]
pub struct NewAdminToken {
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    pub prefix: String,
    pub last_four: String,
    pub user_id: String,
    pub role: Role,
    /// RFC 3339 in UTC with milliseconds.
    pub expires_at: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    name: String,
    prefix: String,
    last_four: String,
    user_id: String,
    role: String,
    created_at: String,
    expires_at: Option<String>,
    last_used: Option<String>,
}

impl Stored {
    fn open(self) -> Result<AdminTokenRow, StoreError> {
        let role = users::role(&format!("admin_tokens.{}", self.id), &self.role)?;
        Ok(AdminTokenRow {
            role,
            id: self.id,
            name: self.name,
            prefix: self.prefix,
            last_four: self.last_four,
            user_id: self.user_id,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used: self.last_used,
        })
    }
}

fn shown(row: &AdminTokenRow) -> Value {
    json!({
        "name": row.name,
        "token": format!("{}…{}", row.prefix, row.last_four),
        "userId": row.user_id,
        "role": row.role.text(),
        "expiresAt": row.expires_at,
    })
}

fn entry(action: &'static str, row: &AdminTokenRow) -> Entry {
    Entry::new(action, "admin_token", &row.id, &row.name)
}

impl Store {
    /// All of them, the oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn admin_tokens(&self) -> Result<Vec<AdminTokenRow>, StoreError> {
        let mut tx = self.db.read().await?;
        let rows: Vec<Stored> =
            on!(&mut tx, conn => starred("SELECT * FROM admin_tokens ORDER BY id").fetch_all(conn).await)?;
        rows.into_iter().map(Stored::open).collect()
    }

    /// The token with this hash and its owner, unless it is over.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn admin_token(&self, hash: [u8; 32]) -> Result<Option<(AdminTokenRow, UserRow)>, StoreError> {
        let mut tx = self.db.read().await?;
        let found: Option<Stored> = on!(&mut tx, conn => starred(
                "SELECT * FROM admin_tokens WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)")
            .bind(hash.as_slice())
            .bind(now())
            .fetch_optional(conn).await)?;
        let Some(token) = found.map(Stored::open).transpose()? else { return Ok(None) };
        let user = users::one(&mut tx, &token.user_id).await?;
        Ok(Some((token, user)))
    }

    /// Notes that a token was used.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn admin_token_used(&self, id: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        on!(&mut tx, conn => sqlx::query("UPDATE admin_tokens SET last_used = $2 WHERE id = $1")
            .bind(id)
            .bind(now())
            .execute(conn).await.map(drop))?;
        tx.commit().await
    }

    /// # Errors
    /// [`Conflict::AdminToken`]; [`StoreError::NotFound`] when its owner is gone; those of the database.
    pub async fn create_admin_token(
        &self,
        new: &NewAdminToken,
        by: &By,
    ) -> Result<AdminTokenRow, StoreError> {
        let row = AdminTokenRow {
            id: new_id(),
            name: new.name.clone(),
            prefix: new.prefix.clone(),
            last_four: new.last_four.clone(),
            user_id: new.user_id.clone(),
            role: new.role,
            created_at: now(),
            expires_at: new.expires_at.clone(),
            last_used: None,
        };
        let mut tx = self.db.write().await?;
        users::one(&mut tx, &row.user_id).await?;
        let done = on!(&mut tx, conn => sqlx::query(
                "INSERT INTO admin_tokens (id, name, hash, prefix, last_four, user_id, role, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind(&row.id)
            .bind(&row.name)
            .bind(new.hash.as_slice())
            .bind(&row.prefix)
            .bind(&row.last_four)
            .bind(&row.user_id)
            .bind(row.role.text())
            .bind(&row.created_at)
            .bind(&row.expires_at)
            .execute(conn).await.map(drop));
        done.map_err(|error| match unique(&error) {
            true => Conflict::AdminToken(row.name.clone()).into(),
            false => StoreError::from(error),
        })?;
        audit::write(&mut tx, by, &entry("admin_token.create", &row).after(shown(&row))).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn delete_admin_token(&self, id: &str, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let found: Option<Stored> = on!(&mut tx, conn => starred(
                "DELETE FROM admin_tokens WHERE id = $1 RETURNING *")
            .bind(id)
            .fetch_optional(conn).await)?;
        let row =
            found.ok_or_else(|| StoreError::NotFound { what: "admin token", id: id.to_owned() })?.open()?;
        audit::write(&mut tx, by, &entry("admin_token.delete", &row).before(shown(&row))).await?;
        tx.commit().await
    }
}
