//! What a call says beside its body: what stands behind the question mark, and the revision in `If-Match`.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use serde_json::{Value, json};

use super::error::AdminError;
use super::fields::Fields;

/// What stands behind the question mark of a call that reads, as fields. An empty one is none, as forms send it.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Fields);

impl Asked {
    /// For a call that asks for nothing: gives what was sent all the same, as warnings.
    ///
    /// # Errors
    /// None; it ends as other calls do.
    pub(super) fn nothing(self) -> Result<Vec<String>, AdminError> {
        self.0.end()
    }

    /// For a call that changes something, where only this switch may stand behind the question mark.
    ///
    /// # Errors
    /// 400 for anything else: who misspells a check or a filter must not change what was not meant.
    pub(super) fn switch(mut self, name: &str) -> Result<bool, AdminError> {
        let is_on = match self.0.text(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.0.wrong(name, "must be true or false");
                false
            }
        };
        self.0.end_all()?;
        Ok(is_on)
    }

    /// The same for one that takes nothing there.
    ///
    /// # Errors
    /// 400 for whatever is there.
    pub(super) fn bare(self) -> Result<(), AdminError> {
        self.0.end_all()
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), Value::from);
        let read = |(name, text): (Cow<str>, Cow<str>)| {
            let text = text.trim();
            let value = if matches!(&*name, "limit" | "days" | "hours" | "backlog") {
                number(text)
            } else {
                json!(text)
            };
            (!text.is_empty()).then(|| (name.into_owned(), value))
        };
        Ok(Asked(Fields::of_query(pairs.filter_map(read).collect())))
    }
}

/// The revision that a change was made to, if the head says so; `*` is any.
#[derive(Debug, Clone, Copy)]
pub(super) struct IfMatch(pub(super) Option<i64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = AdminError;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, AdminError> {
        let mut given = head.headers.get_all(header::IF_MATCH).iter();
        let wrong = || {
            let form = "must be one revision, as in If-Match: \"3\"";
            AdminError::fields(vec![("If-Match".to_owned(), form.to_owned())])
        };
        match (given.next(), given.next()) {
            (None, _) => Ok(IfMatch(None)),
            (Some(any), None) if any == "*" => Ok(IfMatch(None)),
            (Some(one), None) => {
                let number = one.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
                number.map(|number| IfMatch(Some(number))).ok_or_else(wrong)
            }
            (Some(_), Some(_)) => Err(wrong()),
        }
    }
}
