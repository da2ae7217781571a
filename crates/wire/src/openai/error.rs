//! The error object of OpenAI's API.

use bytes::BufMut;

use crate::json::write_str;

/// One error as a client sees it: `{"error":{"message","type","param","code"}}`, all four keys always.
/// Source: OpenAI API reference, "Errors"; statuses by the project's conformance policies 14 and 15.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `type`, such as `invalid_request_error`.
    pub kind: &'static str,
    /// For people. Never holds upstream URLs or credentials.
    pub message: String,
    /// The field at fault.
    pub param: Option<String>,
    /// For programs.
    pub code: Option<&'static str>,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u32>,
    /// Whether the message is the upstream's own word, which may repeat parts of the request.
    pub is_quoted: bool,
}

impl ApiError {
    /// An error without param and code.
    #[must_use]
    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        ApiError { status, kind, message, param: None, code: None, retry_after: None, is_quoted: false }
    }

    /// 400: the value of `param` is refused.
    #[must_use]
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        ApiError {
            param: Some(param.into()),
            code: Some("invalid_value"),
            ..Self::new(400, "invalid_request_error", message)
        }
    }

    /// 400: `param` is missing.
    #[must_use]
    pub fn missing(param: impl Into<String>) -> Self {
        let param = param.into();
        let message = format!("missing required parameter: '{param}'");
        Self::invalid(param, message).with_code("missing_required_parameter")
    }

    /// 400: the body as a whole is not what it should be.
    #[must_use]
    pub fn json(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message).with_code("invalid_json")
    }

    /// 502: the upstream failed.
    #[must_use]
    pub fn upstream(message: impl Into<String>) -> Self {
        Self::new(502, "api_error", message).with_code("upstream_error")
    }

    /// The same error under another code.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        ApiError { code: Some(code), ..self }
    }

    /// Writes the JSON object.
    pub fn write(&self, out: &mut impl BufMut) {
        out.put_slice(br#"{"error":{"message":"#);
        write_str(out, clip(&self.message, MAX_MESSAGE_BYTES));
        out.put_slice(br#","type":"#);
        write_str(out, self.kind);
        out.put_slice(br#","param":"#);
        write_nullable(out, self.param.as_deref().map(|param| clip(param, MAX_PARAM_BYTES)));
        out.put_slice(br#","code":"#);
        write_nullable(out, self.code);
        out.put_slice(b"}}");
    }

    /// The JSON object.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 96);
        self.write(&mut out);
        out
    }
}

/// A message may repeat what a client or an upstream sent; more of it than this helps nobody.
const MAX_MESSAGE_BYTES: usize = 1000;
const MAX_PARAM_BYTES: usize = 200;

fn clip(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

fn write_nullable(out: &mut impl BufMut, text: Option<&str>) {
    match text {
        Some(text) => write_str(out, text),
        None => out.put_slice(b"null"),
    }
}
