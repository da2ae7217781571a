//! Where traces go, as OpenTelemetry's own variables tell it: `OTEL_EXPORTER_OTLP_…`.

use std::fmt;

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, header};

use super::base_url::{BadBaseUrl, BaseUrl};
use super::secret::Secret;

/// What every exporter adds to an address that is not for traces alone.
const TRACES: &str = "/v1/traces";

/// An address that takes traces.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    /// Without any path.
    pub base: BaseUrl,
    /// Begins with a slash.
    pub path: String,
}

impl Collector {
    /// Of `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`: the address as it is.
    ///
    /// # Errors
    /// What is wrong with it; it is not repeated.
    pub(super) fn of_traces(text: &str) -> Result<Self, BadBaseUrl> {
        let text = text.trim();
        let from = text.find("://").map_or(0, |at| at + 3);
        let (base, path) = text.split_at(text[from..].find('/').map_or(text.len(), |at| from + at));
        let path = if path.is_empty() { "/" } else { path };
        match path {
            _ if path.contains('?') => Err(BadBaseUrl::Query),
            _ if path.contains('#') => Err(BadBaseUrl::Fragment),
            _ if !path.bytes().all(|byte| byte.is_ascii_graphic()) => Err(BadBaseUrl::Character),
            _ if PathAndQuery::try_from(path).is_err() => Err(BadBaseUrl::Character),
            _ => Ok(Collector { base: base.parse()?, path: path.to_owned() }),
        }
    }

    /// Of `OTEL_EXPORTER_OTLP_ENDPOINT`: an address for all that an exporter has.
    ///
    /// # Errors
    /// As [`Collector::of_traces`].
    pub(super) fn of_all(text: &str) -> Result<Self, BadBaseUrl> {
        let all = Collector::of_traces(text)?;
        Ok(Collector { path: format!("{}{TRACES}", all.path.trim_end_matches('/')), ..all })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.base, self.path)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Headers as `name=value,name=value`, values percent-encoded where need be; `None` when it has another form.
pub(super) fn headers(text: &str) -> Option<Vec<(String, Secret)>> {
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(header).collect()
}

fn header(pair: &str) -> Option<(String, Secret)> {
    const OURS: [HeaderName; 5] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
    ];
    let (name, value) = pair.split_once('=')?;
    let name = HeaderName::try_from(name.trim()).ok().filter(|name| !OURS.contains(name))?;
    let value = String::from_utf8(decoded(value.trim())?).ok()?;
    let can_travel = HeaderValue::try_from(&value).is_ok_and(|value| value.to_str().is_ok());
    can_travel.then(|| (name.as_str().to_owned(), Secret::new(value)))
}

/// `None` when a percent sign stands before no two digits.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_specification() {
        let all = |text| Collector::of_all(text).map(|url| url.to_string());
        let traces = |text| Collector::of_traces(text).map(|url| url.to_string());
        assert_eq!(all("http://c:4318").as_deref(), Ok("http://c:4318/v1/traces"));
        assert_eq!(all("https://c/otlp/").as_deref(), Ok("https://c/otlp/v1/traces"));
        assert_eq!(all("https://c/api").as_deref(), Ok("https://c/api/v1/traces"));
        assert_eq!(traces("https://c/v1").as_deref(), Ok("https://c/v1"));
        assert_eq!(traces("http://c:1").as_deref(), Ok("http://c:1/"));
        assert_eq!(traces("grpc://c:1"), Err(BadBaseUrl::Scheme));
        assert_eq!(traces("http://a:b@c/x"), Err(BadBaseUrl::User));
        assert_eq!(traces("http://c/x?key=1"), Err(BadBaseUrl::Query));
        assert_eq!(traces("http://c/ä"), Err(BadBaseUrl::Character));
    }

    #[test]
    fn headers_are_pairs() {
        let exposed = |(name, value): (String, Secret)| (name, value.expose().to_owned());
        let read = |text| headers(text).map(|all| all.into_iter().map(exposed).collect::<Vec<_>>());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read(""), Some(vec![]));
        assert_eq!(
            read("Authorization=Basic%20YWI=, x-scope=a%2Cb"),
            Some(vec![pair("authorization", "Basic YWI="), pair("x-scope", "a,b")])
        );
        for bad in
            ["x", "=1", "a b=1", "x=%0d%0ay: 1", "x=%zz", "x=%+1", "x=%1", "Host=c", "content-length=1"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
