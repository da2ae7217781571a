//! What a call says beside its body: the revision in `If-Match`.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::error::AdminError;

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
