//! Which row a person means: by its id, the beginning of its id, or its exact name.

use crate::store::{BackendRow, ChannelRow, Rows, TokenRow, UserRow};

/// Of what is ambiguous, so many are shown.
const SHOWN: usize = 5;

/// What has an id and a name.
pub(super) trait Named {
    const WHAT: &str;
    fn id(&self) -> &str;
    fn name(&self) -> &str;
}

impl Named for BackendRow {
    const WHAT: &str = "key";
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for ChannelRow {
    const WHAT: &str = "channel";
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for UserRow {
    const WHAT: &str = "account";
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for TokenRow {
    const WHAT: &str = "token";
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

/// The keys of the pool.
pub(super) fn pool(rows: &Rows) -> Vec<&BackendRow> {
    rows.backends.iter().filter(|row| row.channel_id.is_none()).collect()
}

/// The one row that is meant.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn find<'r, T: Named>(rows: &[&'r T], asked: &str) -> anyhow::Result<&'r T> {
    let what = T::WHAT;
    if let Some(row) = rows.iter().find(|row| row.id() == asked) {
        return Ok(row);
    }
    let is_meant =
        |row: &&&T| row.name() == asked || !asked.is_empty() && row.id().starts_with(&asked.to_lowercase());
    let meant: Vec<&T> = rows.iter().filter(is_meant).copied().collect();
    match meant[..] {
        [row] => Ok(row),
        [] => anyhow::bail!("there is no {what} whose name is {asked:?} or whose id begins so"),
        [..] => {
            let shown: Vec<_> =
                meant.iter().take(SHOWN).map(|row| format!("{} {}", row.id(), row.name())).collect();
            let more = if meant.len() > SHOWN { "\n  …" } else { "" };
            anyhow::bail!(
                "{asked:?} means {} {what}s; give more of the id of the one:\n  {}{more}",
                meant.len(),
                shown.join("\n  "),
            )
        }
    }
}

/// [`find`] of each, in order; one that is named twice counts once.
///
/// # Errors
/// As [`find`], of any.
pub(super) fn find_all<'r, T: Named>(rows: &[&'r T], asked: &[String]) -> anyhow::Result<Vec<&'r T>> {
    let mut found: Vec<&T> = Vec::new();
    for asked in asked {
        let row = find(rows, asked)?;
        if !found.iter().any(|known| known.id() == row.id()) {
            found.push(row);
        }
    }
    Ok(found)
}
