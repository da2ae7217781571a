//! The panel: its files, and its page at every other path below `/admin` that a browser opens.
//!
//! Not what the panel asks for, which is the API. Files are built by `build.rs`; without a panel, the page is a notice.

mod accept;
mod files;
#[cfg(test)]
mod tests;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::error::AdminError;
use accept::weight;
use files::{FILES, File, PAGE};

/// Takes the place of the nonce in the page. `build.rs` sees that it is there.
const NONCE: &str = "%CSP_NONCE%";
/// Files whose names hold a hash of what is in them. Never the page: a browser would keep it as a script that failed.
const ASSETS: &str = "assets/";
const TO_KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept, but asked for each time.
const TO_ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// Whether a call below `/admin` is for the panel and not for the API. No browser asks for paths with dots or nothing
/// between slashes: they are for the API, which refuses them.
pub(super) fn is_panel(method: &Method, path: &str) -> bool {
    let bare = path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase().replace("%2e", ".");
    let mut parts = bare.split('/').skip(2);
    let is_api = parts.clone().next() == Some("api");
    matches!(*method, Method::GET | Method::HEAD)
        && !is_api
        && !parts.any(|part| matches!(part, "" | "." | ".."))
}

/// Answers a call for the panel. `nonce` is new, and nobody can foresee it; `front` is where the page may call beside
/// its own host.
///
/// # Errors
/// 404 for a file that is not there, and for callers that take no page.
pub(super) fn answer(
    path: &str,
    asked: &HeaderMap,
    nonce: u128,
    front: Option<&str>,
) -> Result<Response, AdminError> {
    let name = path.splitn(3, '/').nth(2).unwrap_or_default();
    if let Some(file) = find(FILES, name) {
        return Ok(file_reply(file, asked));
    }
    let is_asset = name.get(..ASSETS.len()).is_some_and(|start| start.eq_ignore_ascii_case(ASSETS));
    if is_asset || !takes_page(asked) {
        return Err(AdminError::not_found("File"));
    }
    Ok(page_reply(PAGE, nonce, front))
}

fn find(files: &'static [File], name: &str) -> Option<&'static File> {
    files.binary_search_by(|file| file.path.cmp(name)).ok().map(|at| &files[at])
}

/// Programs that say nothing, and those that take anything, see the page, too.
fn takes_page(asked: &HeaderMap) -> bool {
    !asked.contains_key(header::ACCEPT)
        || ["text/html", "text/*", "*/*"].iter().any(|kind| weight(asked, header::ACCEPT, kind) > Some(0))
}

fn page_reply(page: &str, nonce: u128, front: Option<&str>) -> Response {
    let nonce = format!("{nonce:032x}");
    let front = front.map(|front| format!(" {front}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{front}; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).expect("digits, and the letters of hosts, are visible ASCII");
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    ([(header::CONTENT_SECURITY_POLICY, policy)], fixed, page.replace(NONCE, &nonce)).into_response()
}

/// A file in the coding that the caller likes best, or that its copy is still good (RFC 9110, 12.5.3 and 13.1.2).
fn file_reply(file: &File, asked: &HeaderMap) -> Response {
    let (coding, bytes) = file.best(asked);
    // Each coding is a representation of its own.
    let tag = format!("\"{}{}\"", file.tag, coding.map(|coding| format!("-{coding}")).unwrap_or_default());
    let is_kept = asked.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, &tag));
    let mut reply = if is_kept { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = reply.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits are visible ASCII"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, if file.path.starts_with(ASSETS) { TO_KEEP } else { TO_ASK });
    if !is_kept {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(policy, HeaderValue::from_static("same-origin"));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    reply
}

/// Whether `If-None-Match` names this tag. Weakly: a proxy that compresses makes weak tags of strong ones.
fn names(tags: &HeaderValue, tag: &str) -> bool {
    let tags = tags.to_str().unwrap_or_default().split(',').map(str::trim);
    tags.into_iter().any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}
