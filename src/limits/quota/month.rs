//! Calendar months.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// One month of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first day: its name, whatever the zone.
    pub month: Date,
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next one.
    pub next_reset: Timestamp,
}

/// The calendar month of `zone` that `now` is in. It begins with the first moment of its first day, at midnight or
/// where clocks jump over midnight then.
#[must_use]
pub fn period(now: Timestamp, zone: &TimeZone) -> Period {
    let month = zone.to_datetime(now).date().first_of_month();
    // Only at the ends of time there is no such moment.
    let first = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0)).ok();
    Period {
        month,
        start: first(month).unwrap_or(Timestamp::MIN),
        next_reset: month.checked_add(1.month()).ok().and_then(first).unwrap_or(Timestamp::MAX),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(now: &str, zone: &str) -> (String, String, String) {
        let period = period(now.parse().unwrap(), &TimeZone::get(zone).unwrap());
        (period.month.to_string(), period.start.to_string(), period.next_reset.to_string())
    }

    #[test]
    fn months_begin_at_the_zones_midnight() {
        for (now, zone, month, start, next) in [
            ("2026-01-31T23:59:59.999Z", "UTC", "2026-01-01", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-02-01T00:00:00Z", "UTC", "2026-02-01", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("2026-12-15T00:00:00Z", "UTC", "2026-12-01", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (
                "2026-03-31T22:00:00Z",
                "Europe/Berlin",
                "2026-04-01",
                "2026-03-31T22:00:00Z",
                "2026-04-30T22:00:00Z",
            ),
            (
                "2026-03-31T21:59:59Z",
                "Europe/Berlin",
                "2026-03-01",
                "2026-02-28T23:00:00Z",
                "2026-03-31T22:00:00Z",
            ),
            (
                "2026-02-01T09:59:00Z",
                "Pacific/Honolulu",
                "2026-01-01",
                "2026-01-01T10:00:00Z",
                "2026-02-01T10:00:00Z",
            ),
            (
                "2026-01-31T16:00:00Z",
                "Asia/Shanghai",
                "2026-02-01",
                "2026-01-31T16:00:00Z",
                "2026-02-28T16:00:00Z",
            ),
            // Clocks jumped from midnight to one o'clock on the first of the month.
            (
                "2017-10-20T00:00:00Z",
                "Asia/Amman",
                "2017-10-01",
                "2017-09-30T21:00:00Z",
                "2017-10-31T22:00:00Z",
            ),
            (
                "2016-05-02T00:00:00Z",
                "America/Caracas",
                "2016-05-01",
                "2016-05-01T04:30:00Z",
                "2016-06-01T04:00:00Z",
            ),
        ] {
            let expected = (month.to_owned(), start.to_owned(), next.to_owned());
            assert_eq!(of(now, zone), expected, "{now} in {zone}");
        }
    }

    #[test]
    fn time_has_ends() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let period = period(now, &TimeZone::UTC);
            assert!(period.start <= now && now <= period.next_reset);
        }
    }

    proptest! {
        #[test]
        fn months_follow_each_other_without_gap(
            seconds in 0..4_102_444_800_i64,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo",
                "Africa/Cairo", "Pacific/Apia", "America/Havana", "Asia/Beirut"]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let now = Timestamp::from_second(seconds).unwrap();
            let this = period(now, &zone);
            prop_assert!(this.start <= now && now < this.next_reset);
            prop_assert_eq!(period(this.start, &zone), this);
            let next = period(this.next_reset, &zone);
            prop_assert_eq!(next.start, this.next_reset);
            prop_assert_eq!(next.month, this.month + 1.month());
        }
    }
}
