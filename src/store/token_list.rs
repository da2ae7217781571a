//! Tokens by pages, and many at once.

use std::collections::BTreeSet;

use super::audit::By;
use super::db::on;
use super::text::now;
use super::token_rows::TokenRow;
use super::tokens::Stored;
use super::{Store, StoreError, meta, tokens};

/// Which tokens are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenQuery {
    /// Only those behind this place, given by `created_at` and `id`.
    pub after: Option<(String, String)>,
    /// Only those that hold it in name, note, id or what is shown of their text; letters of ASCII in any case.
    pub text: Option<String>,
    pub kind: Option<TokenKind>,
    /// So many at most; `None` = all.
    pub most: Option<u32>,
}

/// What a token is good for now. Each token is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Enabled,
    Disabled,
    /// Enabled, but too old.
    Expired,
}

impl TokenKind {
    /// All of them.
    pub const ALL: [TokenKind; 3] = [TokenKind::Enabled, TokenKind::Disabled, TokenKind::Expired];

    /// Its name in the admin API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Enabled => "enabled",
            TokenKind::Disabled => "disabled",
            TokenKind::Expired => "expired",
        }
    }
}

// Times are texts of one form, so their order is that of the texts.
const FIND: &str = "\
    SELECT * FROM tokens \
    WHERE (created_at, id) > ($1, $2) \
      AND ($3 = '%' OR LOWER(name) LIKE $3 ESCAPE '!' OR LOWER(note) LIKE $3 ESCAPE '!' OR id LIKE $3 ESCAPE '!' \
        OR LOWER(prefix || '****' || last_four) LIKE $3 ESCAPE '!') \
      AND ($4 = '' OR ($4 = 'disabled' AND NOT enabled) \
        OR ($4 = 'enabled' AND enabled AND (expires_at IS NULL OR expires_at > $5)) \
        OR ($4 = 'expired' AND enabled AND expires_at <= $5)) \
    ORDER BY created_at, id LIMIT $6";

impl Store {
    /// Tokens in the order in which they were made.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tokens(&self, query: &TokenQuery) -> Result<Vec<TokenRow>, StoreError> {
        let (created_at, id) = query.after.as_ref().map_or(("", ""), |(at, id)| (at.as_str(), id.as_str()));
        let mut tx = self.db.read().await?;
        let stored: Vec<Stored> = on!(&mut tx, conn => sqlx::query_as(FIND)
            .bind(created_at)
            .bind(id)
            .bind(like(query.text.as_deref().unwrap_or_default()))
            .bind(query.kind.map_or("", TokenKind::name))
            .bind(now())
            .bind(query.most.map_or(i64::MAX, i64::from))
            .fetch_all(conn).await)?;
        stored.into_iter().map(Stored::open).collect()
    }

    /// Turns tokens on or off, all or none. Gives the ids of those that are there, each once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn enable_tokens(&self, ids: &[String], on: bool, by: &By) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            found.extend(tokens::enable(&mut tx, id, on, by).await?.then(|| id.clone()));
        }
        meta::changed_tokens(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Deletes tokens, all or none. Gives the ids of those that were there, each once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_tokens(&self, ids: &[String], by: &By) -> Result<Vec<String>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut found = Vec::new();
        for id in once(ids) {
            found.extend(tokens::delete(&mut tx, (id, None), by).await?.then(|| id.clone()));
        }
        meta::changed_tokens(&mut tx).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// Each id once, in order.
pub(super) fn once(ids: &[String]) -> impl Iterator<Item = &String> {
    let mut seen = BTreeSet::new();
    ids.iter().filter(move |id| seen.insert(*id))
}

/// A pattern for what holds `text`.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter.to_ascii_lowercase());
    }
    if !text.is_empty() {
        pattern.push('%');
    }
    pattern
}
