//! Tokens by pages, and many at once.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::audit::By;
use super::db::{on, starred};
use super::text::now;
use super::token_rows::TokenRow;
use super::tokens::Stored;
use super::{Store, StoreError, meta, tokens};

/// Which tokens are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenQuery {
    /// Only those behind this place: what [`Sorted::key`] was there, and the id.
    pub after: Option<(String, String)>,
    pub order: TokenOrder,
    /// The last first.
    pub descending: bool,
    /// Only those that hold it in name, note, id or what is shown of their text; letters of ASCII in any case.
    pub text: Option<String>,
    pub kind: Option<TokenKind>,
    /// So many at most; `None` = all.
    pub most: Option<u32>,
}

/// By what tokens are put in order; those that are equal by their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenOrder {
    #[default]
    CreatedAt,
    /// Small and capital letters are the same.
    Name,
    /// Those that were never used come before all others.
    LastUsed,
    /// The share of the quota that was used in the month that begins on this day; those without a quota come first.
    QuotaUsed(Date),
    TotalTokens,
}

impl TokenOrder {
    /// Whether its keys are numbers.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, TokenOrder::QuotaUsed(_) | TokenOrder::TotalTokens)
    }

    fn key(self) -> String {
        match self {
            TokenOrder::CreatedAt => "created_at".to_owned(),
            TokenOrder::Name => "LOWER(name)".to_owned(),
            TokenOrder::LastUsed => "COALESCE(last_used, '')".to_owned(),
            TokenOrder::TotalTokens => "total_tokens".to_owned(),
            // In millionths, for whole numbers are the same as text. What is far over its quota is not told apart.
            TokenOrder::QuotaUsed(month) => format!(
                "CASE WHEN COALESCE(quota_limit, 0) <= 0 THEN -1 \
                      WHEN COALESCE(quota_month, '') <> '{month}' THEN 0 \
                      WHEN quota_used / quota_limit >= 1000 THEN 1000000000 \
                      ELSE CAST(CAST(quota_used AS DOUBLE PRECISION) * 1000000 / quota_limit AS BIGINT) END"
            ),
        }
    }
}

/// A token and where it stands in the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sorted {
    pub key: String,
    pub row: TokenRow,
}

#[derive(sqlx::FromRow)]
struct StoredSorted {
    sort_key: String,
    #[sqlx(flatten)]
    row: Stored,
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
fn find(query: &TokenQuery) -> String {
    let key = query.order.key();
    let (beyond, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    let place = if query.order.is_number() { "CAST(CAST($1 AS TEXT) AS BIGINT)" } else { "CAST($1 AS TEXT)" };
    format!(
        "SELECT *, CAST({key} AS TEXT) AS sort_key FROM tokens \
         WHERE ($2 = '' OR ({key}, id) {beyond} ({place}, $2)) \
           AND ($3 = '%' OR LOWER(name) LIKE $3 ESCAPE '!' OR LOWER(note) LIKE $3 ESCAPE '!' OR id LIKE $3 ESCAPE '!' \
             OR LOWER(prefix || '****' || last_four) LIKE $3 ESCAPE '!') \
           AND ($4 = '' OR ($4 = 'disabled' AND NOT enabled) \
             OR ($4 = 'enabled' AND enabled AND (expires_at IS NULL OR expires_at > $5)) \
             OR ($4 = 'expired' AND enabled AND expires_at <= $5)) \
         ORDER BY {key} {direction}, id {direction} LIMIT $6"
    )
}

impl Store {
    /// Tokens in the order that is asked for.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tokens(&self, query: &TokenQuery) -> Result<Vec<TokenRow>, StoreError> {
        Ok(self.sorted_tokens(query).await?.into_iter().map(|sorted| sorted.row).collect())
    }

    /// The same with their places.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sorted_tokens(&self, query: &TokenQuery) -> Result<Vec<Sorted>, StoreError> {
        let least = if query.order.is_number() { "0" } else { "" };
        let (key, id) = query.after.as_ref().map_or((least, ""), |(key, id)| (key.as_str(), id.as_str()));
        let mut tx = self.db.read().await?;
        let stored: Vec<StoredSorted> = on!(&mut tx, conn => {
            // Nothing but names of ours and a date was put into the text.
            starred(sqlx::AssertSqlSafe(find(query)))
                .bind(key)
                .bind(id)
                .bind(like(query.text.as_deref().unwrap_or_default()))
                .bind(query.kind.map_or("", TokenKind::name))
                .bind(now())
                .bind(query.most.map_or(i64::MAX, i64::from))
                .fetch_all(conn).await
        })?;
        stored
            .into_iter()
            .map(|sorted| Ok(Sorted { key: sorted.sort_key, row: sorted.row.open()? }))
            .collect()
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
