//! When a certificate ends. Whoever checks certificates tells whether one is good, not how long.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The `notAfter` of a certificate in DER (RFC 5280, section 4.1).
pub(super) fn end(certificate: &[u8]) -> Option<Timestamp> {
    let mut whole = Elements(certificate).inside(SEQUENCE)?;
    let mut fields = whole.inside(SEQUENCE)?;
    // The version comes first if it is told.
    let (first, _) = fields.next()?;
    if first != INTEGER {
        fields.next()?;
    }
    let (_algorithm, _issuer) = (fields.next()?, fields.next()?);
    let mut validity = fields.inside(SEQUENCE)?;
    validity.next()?;
    let (tag, time) = validity.next()?;
    moment(tag, std::str::from_utf8(time).ok()?)
}

fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let century = match (tag, text.get(..2)?) {
        (UTC_TIME, year) if year < "50" => "20",
        (UTC_TIME, _) => "19",
        (GENERALIZED_TIME, _) => "",
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?;
    // 9999-12-31 means that there is no end.
    Some(time.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |time| time.timestamp()))
}

/// Elements of DER, one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Tag and content of the next one.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (size, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (length.iter().fold(0, |size, byte| size << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(size)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// What is in the next one, which has this tag.
    fn inside(&mut self, wanted: u8) -> Option<Elements<'a>> {
        let (tag, content) = self.next()?;
        (tag == wanted).then_some(Elements(content))
    }
}

#[cfg(test)]
mod tests {
    use super::{GENERALIZED_TIME, UTC_TIME, end, moment};

    #[test]
    fn the_end_is_read_from_both_forms_of_time() {
        let at = |tag, text| moment(tag, text).map(|time| time.to_string());
        assert_eq!(at(UTC_TIME, "261129120000Z").as_deref(), Some("2026-11-29T12:00:00Z"));
        assert_eq!(at(UTC_TIME, "991231235959Z").as_deref(), Some("1999-12-31T23:59:59Z"));
        assert_eq!(at(GENERALIZED_TIME, "20510101000000Z").as_deref(), Some("2051-01-01T00:00:00Z"));
        assert!(at(GENERALIZED_TIME, "99991231235959Z").is_some());
        assert_eq!(at(UTC_TIME, "soon"), None);
    }

    #[test]
    fn what_is_cut_anywhere_has_no_end() {
        let key =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
        let whole = key.cert.der();
        assert!(end(whole).is_some());
        assert!((0..whole.len()).all(|size| end(&whole[..size]).is_none()));
    }
}
