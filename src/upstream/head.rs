//! The head of a reply: its status, and what of its headers matters here.

use http::StatusCode;

use super::framing::Framing;

/// Largest head, in bytes.
pub(super) const MAX_HEAD: usize = 64 << 10;
/// Most header lines.
const MAX_HEADERS: usize = 128;

/// What a reply begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) framing: Framing,
    /// Seconds, when the header holds a number.
    pub(super) retry_after: Option<u32>,
    /// Whether the connection may serve another request afterwards.
    pub(super) is_kept: bool,
}

/// The bytes are no head of HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not HTTP/1.1: {0}")]
pub(super) struct BadHead(&'static str);

impl Head {
    /// Parses the head at the beginning of `bytes`: with its length, or `None` when it is not complete. Interim
    /// replies (1xx) before it are skipped.
    ///
    /// # Errors
    /// When it is malformed, too large, or has contradicting lengths.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, BadHead> {
        let mut skipped = 0;
        loop {
            let rest = &bytes[skipped..];
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut reply = httparse::Response::new(&mut headers);
            let size = match reply.parse(rest) {
                Ok(httparse::Status::Complete(size)) => size,
                Ok(httparse::Status::Partial) if bytes.len() > MAX_HEAD => {
                    return Err(BadHead("its head is too large"));
                }
                Ok(httparse::Status::Partial) => return Ok(None),
                Err(_) => return Err(BadHead("its head is malformed")),
            };
            let code = reply.code.and_then(|code| StatusCode::from_u16(code).ok());
            let status = code.ok_or(BadHead("its status is no status"))?;
            skipped += size;
            match status.as_u16() {
                101 => return Err(BadHead("it switches protocols")),
                100..200 => {}
                _ => {
                    return Head::read(status, reply.version == Some(1), reply.headers)
                        .map(|head| Some((head, skipped)));
                }
            }
        }
    }

    fn read(status: StatusCode, is_http11: bool, headers: &[httparse::Header<'_>]) -> Result<Head, BadHead> {
        let (mut length, mut coding, mut retry_after, mut is_kept) = (None, None, None, is_http11);
        for header in headers {
            let value = header.value.trim_ascii();
            if header.name.eq_ignore_ascii_case("content-length") {
                let size = number(value).ok_or(BadHead("its length is no number"))?;
                if length.replace(size).is_some_and(|other| other != size) {
                    return Err(BadHead("it has two lengths"));
                }
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                coding = Some(value);
            } else if header.name.eq_ignore_ascii_case("connection") {
                for word in value.split(|&byte| byte == b',') {
                    let word = word.trim_ascii();
                    is_kept = match () {
                        () if word.eq_ignore_ascii_case(b"close") => false,
                        () if word.eq_ignore_ascii_case(b"keep-alive") => true,
                        () => is_kept,
                    };
                }
            } else if header.name.eq_ignore_ascii_case("retry-after") {
                retry_after = number(value).and_then(|seconds| u32::try_from(seconds).ok());
            }
        }
        let framing = match (coding, length) {
            _ if matches!(status.as_u16(), 204 | 304) => Framing::Length(0),
            (Some(coding), _) if is_last_chunked(coding) => Framing::CHUNKED,
            (Some(_), _) | (None, None) => Framing::UntilClose,
            (None, Some(length)) => Framing::Length(length),
        };
        // Both a coding and a length: whoever wrote that may mean either (RFC 9112, section 6.3).
        let is_kept = is_kept && framing != Framing::UntilClose && !(coding.is_some() && length.is_some());
        Ok(Head { status, framing, retry_after, is_kept })
    }
}

fn is_last_chunked(coding: &[u8]) -> bool {
    let last = coding.rsplit(|&byte| byte == b',').next().unwrap_or_default();
    last.trim_ascii().eq_ignore_ascii_case(b"chunked")
}

/// Digits only: a sign would be read in different ways by different programs.
fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &str) -> Result<Option<(Head, usize)>, BadHead> {
        Head::parse(lines.replace('\n', "\r\n").as_bytes())
    }

    fn framing(lines: &str) -> (Framing, bool) {
        let (head, _) = head(&format!("HTTP/1.1 200 OK\n{lines}\n\n")).unwrap().unwrap();
        (head.framing, head.is_kept)
    }

    #[test]
    fn the_framing_follows_the_headers() {
        assert_eq!(framing("Content-Length: 12"), (Framing::Length(12), true));
        assert_eq!(framing("content-length: 12\ncontent-length: 12"), (Framing::Length(12), true));
        assert_eq!(framing("Transfer-Encoding: gzip, Chunked"), (Framing::CHUNKED, true));
        assert_eq!(framing("Transfer-Encoding: chunked\nContent-Length: 3"), (Framing::CHUNKED, false));
        assert_eq!(framing("Transfer-Encoding: gzip"), (Framing::UntilClose, false));
        assert_eq!(framing("Server: x"), (Framing::UntilClose, false));
        assert_eq!(framing("Content-Length: 1\nConnection: x, Close"), (Framing::Length(1), false));
    }

    #[test]
    fn old_http_keeps_a_connection_only_when_it_says_so() {
        let kept = |lines: &str| head(lines).unwrap().unwrap().0.is_kept;
        assert!(!kept("HTTP/1.0 200 OK\nContent-Length: 1\n\n"));
        assert!(kept("HTTP/1.0 200 OK\nContent-Length: 1\nConnection: keep-alive\n\n"));
    }

    #[test]
    fn interim_replies_are_skipped() {
        let text =
            "HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 503 Busy\nRetry-After: 7\nContent-Length: 2\n\nno";
        let (head, size) = head(text).unwrap().unwrap();
        assert_eq!(
            (head.status.as_u16(), head.retry_after, head.framing),
            (503, Some(7), Framing::Length(2))
        );
        assert_eq!(size, text.replace('\n', "\r\n").len() - 2);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        assert_eq!(head("HTTP/1.1 200 OK\nContent-Le").unwrap(), None);
        for text in [
            "SSH-2.0-OpenSSH\n\n",
            "HTTP/1.1 200 OK\nContent-Length: +1\n\n",
            "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n",
            "HTTP/1.1 101 Switching Protocols\n\n",
        ] {
            assert!(head(text).is_err(), "{text}");
        }
        let large = format!("HTTP/1.1 200 OK\nx: {}", "y".repeat(MAX_HEAD));
        assert!(head(&large).is_err());
    }
}
