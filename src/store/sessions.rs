//! Sessions of people who are signed in. What a client holds is random; only its hash is stored.

use jiff::SignedDuration;
use serde_json::json;

use super::audit::{self, By, Entry};
use super::db::{Tx, on, starred};
use super::text::{from_now, new_id, now};
use super::users::{self, UserRow};
use super::{Store, StoreError};

/// A session that is not used ends after this time.
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// Any session ends after this time.
pub const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Of one account; the one that was not used for longest makes room.
const MOST: i64 = 100;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// To name it; opens nothing.
    pub id: String,
    pub user_id: String,
    /// RFC 3339 in UTC with milliseconds, as the others.
    pub created_at: String,
    /// To the minute.
    pub last_seen: String,
    pub expires_at: String,
    pub address: String,
    pub user_agent: String,
}

/// A session that is to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of what the client holds.
    pub hash: [u8; 32],
    pub address: String,
    pub user_agent: String,
}

impl Store {
    /// Begins a session of an account whose password was right, and forgets those that are over.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is gone, disabled or has another password than in `user`; those of
    /// the database.
    pub async fn sign_in(&self, user: &UserRow, new: &NewSession, by: &By) -> Result<SessionRow, StoreError> {
        let row = SessionRow {
            id: new_id(),
            user_id: user.id.clone(),
            created_at: now(),
            last_seen: now(),
            expires_at: from_now(LIFE),
            address: new.address.clone(),
            user_agent: new.user_agent.clone(),
        };
        let mut tx = self.db.write().await?;
        let owner = users::one(&mut tx, &user.id).await?;
        // Checking a password takes its time; what it was compared with may have changed meanwhile.
        if !owner.enabled || owner.password_hash != user.password_hash {
            return Err(StoreError::NotFound { what: "user", id: owner.id });
        }
        make_room(&mut tx, &user.id).await?;
        on!(&mut tx, conn => sqlx::query(
                "INSERT INTO sessions (id, hash, user_id, created_at, last_seen, expires_at, address, user_agent) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(&row.id)
            .bind(new.hash.as_slice())
            .bind(&row.user_id)
            .bind(&row.created_at)
            .bind(&row.last_seen)
            .bind(&row.expires_at)
            .bind(&row.address)
            .bind(&row.user_agent)
            .execute(conn).await.map(drop))?;
        on!(&mut tx, conn => sqlx::query("UPDATE users SET last_sign_in = $2 WHERE id = $1")
            .bind(&user.id)
            .bind(&row.created_at)
            .execute(conn).await.map(drop))?;
        let entry =
            Entry::new("user.sign_in", "user", &user.id, &owner.name).after(json!({ "session": row.id }));
        audit::write(&mut tx, by, &entry).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The session whose client holds the text with this hash, and its account, unless it is over.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn session(&self, hash: [u8; 32]) -> Result<Option<(SessionRow, UserRow)>, StoreError> {
        let mut tx = self.db.read().await?;
        let found: Option<SessionRow> = on!(&mut tx, conn => starred(
                "SELECT * FROM sessions WHERE hash = $1 AND expires_at > $2 AND last_seen > $3")
            .bind(hash.as_slice())
            .bind(now())
            .bind(from_now(-IDLE))
            .fetch_optional(conn).await)?;
        let Some(session) = found else { return Ok(None) };
        let user = users::one(&mut tx, &session.user_id).await?;
        Ok(Some((session, user)))
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn seen(&self, session: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        on!(&mut tx, conn => sqlx::query("UPDATE sessions SET last_seen = $2 WHERE id = $1")
            .bind(session)
            .bind(now())
            .execute(conn).await.map(drop))?;
        tx.commit().await
    }

    /// The sessions that are not over, of one account or of all, the last used first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sessions(&self, user: Option<&str>) -> Result<Vec<SessionRow>, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(on!(&mut tx, conn => starred(
                "SELECT * FROM sessions \
                 WHERE ($1 = '' OR user_id = $1) AND expires_at > $2 AND last_seen > $3 ORDER BY last_seen DESC, id")
            .bind(user.unwrap_or_default())
            .bind(now())
            .bind(from_now(-IDLE))
            .fetch_all(conn).await)?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn end_session(&self, id: &str, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let found: Option<SessionRow> = on!(&mut tx, conn => starred(
                "DELETE FROM sessions WHERE id = $1 RETURNING *")
            .bind(id)
            .fetch_optional(conn).await)?;
        let session = found.ok_or_else(|| StoreError::NotFound { what: "session", id: id.to_owned() })?;
        let owner = users::one(&mut tx, &session.user_id).await?;
        let entry = Entry::new("session.end", "session", id, &owner.name)
            .before(json!({ "createdAt": session.created_at, "address": session.address }));
        audit::write(&mut tx, by, &entry).await?;
        tx.commit().await
    }

    /// Ends all sessions of an account, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; those of the database.
    pub async fn end_sessions(&self, user: &str, by: &By) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let owner = users::one(&mut tx, user).await?;
        let ended = end_all(&mut tx, user, None).await?;
        let entry =
            Entry::new("user.sign_out", "user", user, &owner.name).after(json!({ "sessionsEnded": ended }));
        audit::write(&mut tx, by, &entry).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

async fn make_room(tx: &mut Tx, user: &str) -> Result<(), StoreError> {
    on!(&mut *tx, conn => sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR last_seen <= $2")
        .bind(now())
        .bind(from_now(-IDLE))
        .execute(conn).await.map(drop))?;
    on!(tx, conn => sqlx::query(
            "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN \
               (SELECT id FROM sessions WHERE user_id = $1 ORDER BY last_seen DESC, id DESC LIMIT $2)")
        .bind(user)
        .bind(MOST - 1)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends the sessions of an account but for one, and says how many there were.
pub(super) async fn end_all(tx: &mut Tx, user: &str, keep: Option<&str>) -> Result<u64, StoreError> {
    Ok(on!(tx, conn => sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
        .bind(user)
        .bind(keep.unwrap_or_default())
        .execute(conn).await.map(|done| done.rows_affected()))?)
}
