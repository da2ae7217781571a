//! Images and audio: data URLs to the padded standard base64 that Ollama takes (policy 11).

use std::borrow::Cow;

use crate::openai::ApiError;

/// The base64 payload of a data URL.
///
/// # Errors
/// 400; `at` says where, as in `messages[0].content[1]`.
pub(super) fn payload<'a>(url: &'a str, at: &str) -> Result<Cow<'a, str>, ApiError> {
    let refuse = |message: String| Err(ApiError::invalid("messages", message));
    if has_scheme(url, "http:") || has_scheme(url, "https:") {
        let message = format!("'{at}': images by URL are not supported; send a data URL with base64 data");
        return Err(ApiError::invalid("messages", message).with_code("image_url_not_supported"));
    }
    if !has_scheme(url, "data:") {
        return refuse(format!("'{at}': expected a data URL, such as data:image/png;base64,…"));
    }
    let Some((head, data)) = url["data:".len()..].split_once(',') else {
        return refuse(format!("'{at}': a data URL needs a comma before its data"));
    };
    let mut parts = head.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !(media.is_empty() || media.starts_with("image/") || media == "application/octet-stream") {
        return refuse(format!("'{at}': expected an image, got another media type"));
    }
    if !parts.any(|part| part.eq_ignore_ascii_case("base64")) {
        return refuse(format!("'{at}': the data URL must be base64"));
    }
    standard_base64(data, at)
}

fn has_scheme(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// Standard base64 with padding; URL-safe and unpadded forms and line breaks are rewritten, anything else is refused.
pub(super) fn standard_base64<'a>(data: &'a str, at: &str) -> Result<Cow<'a, str>, ApiError> {
    let bytes = data.as_bytes();
    let unpadded = bytes.strip_suffix(b"==").or_else(|| bytes.strip_suffix(b"=")).unwrap_or(bytes);
    let clean =
        !bytes.is_empty() && bytes.len().is_multiple_of(4) && unpadded.iter().all(|&byte| is_standard(byte));
    if clean { Ok(Cow::Borrowed(data)) } else { rewrite(bytes, at).map(Cow::Owned) }
}

fn is_standard(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

fn rewrite(bytes: &[u8], at: &str) -> Result<String, ApiError> {
    let refuse = |reason: &str| Err(ApiError::invalid("messages", format!("'{at}': {reason}")));
    let mut out = String::with_capacity(bytes.len() + 3);
    let mut padding = 0;
    for &byte in bytes {
        match byte {
            b'\r' | b'\n' | b' ' | b'\t' => {}
            b'=' if padding < 2 => padding += 1,
            _ if padding > 0 => return refuse("the base64 data has characters after its padding"),
            b'-' => out.push('+'),
            b'_' => out.push('/'),
            _ if is_standard(byte) => out.push(char::from(byte)),
            _ => return refuse("the data is not base64"),
        }
    }
    let missing = match out.len() % 4 {
        0 if out.is_empty() => return refuse("the data is empty"),
        0 if padding == 0 => 0,
        2 if padding != 1 => 2,
        3 if padding != 2 => 1,
        _ => return refuse("the base64 data is cut off or wrongly padded"),
    };
    out.extend(std::iter::repeat_n('=', missing));
    Ok(out)
}
