//! When a token ends, as people and the panel write it.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Why a text says no moment at which a new token may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadExpiry {
    #[error("is no time; allowed are RFC 3339, a date, or a date and a time such as 2027-01-31T18:00")]
    Form,
    #[error("is in the past")]
    Past,
    #[error(
        "is later than 9999-12-30T22:00:00Z, the last moment there is; without an expiry a token never ends"
    )]
    Late,
}

/// Reads RFC 3339, a bare date (its midnight in UTC), or a date and a time without a zone, which are those of `zone`.
/// A time that the zone's clocks leave out is the moment as long after the gap; one that comes twice is the first.
///
/// # Errors
/// [`BadExpiry::Form`]; [`BadExpiry::Late`] in the last hours of the year 9999, which no [`Timestamp`] can be.
pub fn parse_expiry(text: &str, zone: &TimeZone) -> Result<Timestamp, BadExpiry> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let (time, zone) = match text.len() {
        10 => (text.parse::<Date>().map(|date| date.at(0, 0, 0, 0)), &TimeZone::UTC),
        // From "2027-01-31T18:00" on: with less, the parser takes a date alone for its midnight.
        16.. => match text.strip_suffix(['Z', 'z']) {
            Some(time) => (time.parse::<DateTime>(), &TimeZone::UTC),
            None => (text.parse::<DateTime>(), zone),
        },
        _ => return Err(BadExpiry::Form),
    };
    let time = time.map_err(|_| BadExpiry::Form)?;
    match zone.to_timestamp(time) {
        Ok(moment) => Ok(moment),
        Err(_) if time.year() == 9999 => Err(BadExpiry::Late),
        Err(_) => Err(BadExpiry::Form),
    }
}

/// [`parse_expiry`] for a token that is being made.
///
/// # Errors
/// As [`parse_expiry`]; [`BadExpiry::Past`] when it would be expired already.
pub fn parse_new_expiry(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, BadExpiry> {
    let expiry = parse_expiry(text, zone)?;
    if expiry.duration_since(now) > SignedDuration::ZERO { Ok(expiry) } else { Err(BadExpiry::Past) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        parse_expiry(text, &zone).map_or_else(|bad| format!("{bad:?}"), |moment| moment.to_string())
    }

    #[test]
    fn the_forms_of_a_moment() {
        for (text, moment) in [
            ("2026-12-31T23:59:00Z", "2026-12-31T23:59:00Z"),
            ("2026-12-31T23:59:00.120+05:30", "2026-12-31T18:29:00.12Z"),
            (" 2026-12-31 ", "2026-12-31T00:00:00Z"),
            ("2026-12-31T23:59", "2026-12-31T22:59:00Z"),
            ("2026-07-01T12:00", "2026-07-01T10:00:00Z"),
            ("2026-07-01T12:00:30", "2026-07-01T10:00:30Z"),
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            ("9999-12-31", "Late"),
            ("9999-12-31T23:59:59Z", "Late"),
            ("9999-12-31T23:59", "Late"),
        ] {
            assert_eq!(berlin(text), moment, "{text}");
        }
        for text in
            ["", "never", "2026", "2026-13-01", "2026-02-30", "31.12.2026", "2026-12-31T25:00", "1767225600"]
        {
            assert_eq!(berlin(text), "Form", "{text}");
        }
    }

    #[test]
    fn a_new_token_ends_in_the_future() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let ends = |text| parse_new_expiry(text, &TimeZone::UTC, now);
        assert_eq!(ends("2026-06-01"), Err(BadExpiry::Past));
        assert_eq!(ends("2026-05-31T23:59"), Err(BadExpiry::Past));
        assert!(ends("2026-06-01T00:01").is_ok());
        assert_eq!(ends("soon"), Err(BadExpiry::Form));
    }
}
