//! `traceparent` and `tracestate` as W3C's Trace Context defines them.

use http::{HeaderMap, HeaderValue};

pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";

/// Longest `tracestate` that is passed on: what everybody must pass on (section 3.3.1.5).
const MAX_STATE: usize = 512;

/// What a client says of its own trace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) id: u128,
    pub(super) span: u64,
    pub(super) is_sampled: bool,
    /// Without meaning here.
    pub(super) state: Option<Box<str>>,
}

impl Parent {
    /// `None` without a `traceparent`, with several, and with one that is not in order.
    pub(super) fn of(headers: &HeaderMap) -> Option<Parent> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let (first, None) = (all.next()?, all.next()) else { return None };
        let (id, span, is_sampled) = parse(first.as_bytes())?;
        Some(Parent { id, span, is_sampled, state: state(headers) })
    }
}

/// Several headers are one list; one that cannot be passed on whole is not passed on.
fn state(headers: &HeaderMap) -> Option<Box<str>> {
    let all = headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str);
    let all = all.collect::<Result<Vec<_>, _>>().ok()?.join(",");
    Some(all.trim()).filter(|all| !all.is_empty() && all.len() <= MAX_STATE).map(Into::into)
}

/// `VERSION-TRACE-PARENT-FLAGS`, all in lower-case hexadecimal. Versions to come may have more behind that.
fn parse(text: &[u8]) -> Option<(u128, u64, bool)> {
    let is_dashed = [2, 35, 52].iter().all(|&at| text.get(at) == Some(&b'-'));
    let version = hex(text.get(..2)?)?;
    let is_long = text.len() > 55;
    let has_form = is_dashed && version != 0xff && !(is_long && (version == 0 || text[55] != b'-'));
    let (id, span) = (hex(text.get(3..35)?)?, u64::try_from(hex(text.get(36..52)?)?).ok()?);
    let flags = hex(text.get(53..55)?)?;
    (has_form && id != 0 && span != 0).then_some((id, span, flags & 1 == 1))
}

fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

/// A `traceparent`.
pub(super) fn text(id: u128, span: u64, is_sampled: bool) -> String {
    format!("00-{id:032x}-{span:016x}-{:02x}", u8::from(is_sampled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_in_order_is_read() {
        let span = 0x00f0_67aa_0ba9_02b7;
        assert_eq!(parse(GOOD.as_bytes()), Some((ID, span, true)));
        assert_eq!(text(ID, span, true), GOOD);
        let other = |from: &str, to: &str| parse(GOOD.replace(from, to).as_bytes());
        assert_eq!(other("-01", "-00"), Some((ID, span, false)));
        assert_eq!(other("-01", "-fe"), Some((ID, span, false)));
        assert_eq!(other("-01", "-03"), Some((ID, span, true)));
        assert_eq!(other("00-4", "cc-4"), Some((ID, span, true)));
        assert_eq!(parse(format!("cc{}-what-comes", &GOOD[2..]).as_bytes()), Some((ID, span, true)));
    }

    #[test]
    fn what_is_not_in_order_is_not() {
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let no_span = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01";
        let longer = format!("{GOOD}-x");
        let unparted = format!("cc{}.", &GOOD[2..]);
        let upper = GOOD.to_uppercase();
        let newest = format!("ff{}", &GOOD[2..]);
        let dashes = GOOD.replace('-', "_");
        let short = &GOOD[..54];
        for text in ["", "00", zeros, no_span, &longer, &unparted, &upper, &newest, &dashes, short] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn states_are_one_list_with_an_end() {
        let headers = |states: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, HeaderValue::from_static(GOOD));
            for state in states {
                headers.append(TRACESTATE, HeaderValue::from_str(state).unwrap());
            }
            headers
        };
        let state = |states: &[&str]| Parent::of(&headers(states)).unwrap().state;
        assert_eq!(state(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"));
        assert_eq!((state(&[]), state(&[" "]), state(&["ä=1"])), (None, None, None));
        assert_eq!(state(&[&"x".repeat(MAX_STATE + 1)]), None);
        let mut twice = headers(&[]);
        twice.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(Parent::of(&twice), None);
    }
}
