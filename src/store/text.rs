//! Small texts that rows are made of: ids, times, lists as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// Sorts by the time of its making.
pub(super) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Whether a text may be an id that was made here.
#[must_use]
pub fn is_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text)
}

pub(super) fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// The time so much later, or earlier.
pub(super) fn from_now(after: jiff::SignedDuration) -> String {
    format!("{:.3}", jiff::Timestamp::now() + after)
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("lists of texts become JSON")
}

pub(super) fn from_json<T: DeserializeOwned>(row: &str, column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(format!("{column} of {row}: {error}")))
}
