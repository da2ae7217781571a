//! Moments as the Node program read them: by JavaScript's `new Date(text)`, in the forms of it that say one moment.
//! What it only guessed at (a day without a year, dots between numbers) is no moment here. Pure.

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use crate::access::{BadExpiry, parse_expiry};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Names of zones that JavaScript knows, and their hours from UTC.
const ZONES: [(&str, i8); 12] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// The moment that a text says, in `zone` if it names none, and whether it has a form that is read the same everywhere.
/// One that is too late to be stored is the last that can.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<(Timestamp, bool)> {
    match parse_expiry(text, zone) {
        Ok(moment) => Some((moment, true)),
        Err(BadExpiry::Late) => Some((Timestamp::MAX, true)),
        Err(_) => loose(text, zone).map(|moment| (moment, false)),
    }
}

/// The moment of so many milliseconds of JavaScript, the nearest that can be stored.
pub(super) fn milliseconds(count: f64) -> Option<Timestamp> {
    // The last that JavaScript has.
    if count.is_nan() || count.abs() > 8.64e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it was bounded")]
    let whole = (count as i64).max(0);
    Some(Timestamp::from_millisecond(whole).unwrap_or(Timestamp::MAX))
}

fn loose(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut read = Read::default();
    let mut rest = text.trim();
    while !rest.is_empty() {
        rest = read.part(rest)?;
    }
    let is_iso_day = text.split('-').count() == read.numbers.len() && read.is_year_first() && read.is_padded;
    let date = read.date()?;
    let time = read.time()?;
    let zone = match read.offset {
        Some(offset) => TimeZone::fixed(offset),
        None if is_iso_day => TimeZone::UTC,
        None => zone.clone(),
    };
    zone.to_timestamp(date.to_datetime(time)).ok()
}

/// What was read so far of a text.
#[derive(Default)]
struct Read {
    /// Of the date, in their order.
    numbers: Vec<i16>,
    /// From 1.
    month: Option<i8>,
    /// Hour, minute and second.
    clock: Vec<i8>,
    is_afternoon: Option<bool>,
    offset: Option<Offset>,
    /// Whether each number of the date has two or four digits.
    is_padded: bool,
}

impl Read {
    /// Takes the next part, and gives what follows.
    fn part<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let first = text.chars().next()?;
        let length = |is: fn(&char) -> bool| text.chars().take_while(is).map(char::len_utf8).sum::<usize>();
        match first {
            '0'..='9' => {
                let (digits, rest) = text.split_at(length(char::is_ascii_digit));
                self.number(digits, rest)
            }
            'a'..='z' | 'A'..='Z' => {
                let (word, rest) = text.split_at(length(char::is_ascii_alphabetic));
                self.word(&word.to_ascii_lowercase()).then_some(rest)
            }
            '(' => text.split_once(')').map(|(_, rest)| rest),
            '+' | '-' if !self.clock.is_empty() => self.shift(text),
            ' ' | ',' | '\u{202f}' | '\u{a0}' => Some(&text[first.len_utf8()..]),
            '/' | '-' if !self.numbers.is_empty() || self.month.is_some() => Some(&text[1..]),
            _ => None,
        }
    }

    fn number<'t>(&mut self, digits: &str, rest: &'t str) -> Option<&'t str> {
        if rest.starts_with(':') && self.clock.is_empty() {
            let (hour, minute) = (digits.parse().ok()?, rest.get(1..3)?.parse().ok()?);
            self.clock = vec![hour, minute];
            let mut rest = &rest[3..];
            if rest.starts_with(':') {
                self.clock.push(rest.get(1..3)?.parse().ok()?);
                rest = &rest[3..];
                if let Some(fraction) = rest.strip_prefix('.') {
                    rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                }
            }
            return Some(rest);
        }
        let is_padded = matches!(digits.len(), 2 | 4);
        self.is_padded = is_padded && (self.is_padded || self.numbers.is_empty());
        self.numbers.push(digits.parse().ok().filter(|_| digits.len() <= 4 && self.numbers.len() < 3)?);
        Some(rest)
    }

    /// Whether a word has its place in a moment.
    fn word(&mut self, word: &str) -> bool {
        if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
            self.offset = Some(Offset::constant(*hours));
            return !self.clock.is_empty();
        }
        match word {
            "am" | "pm" => {
                return self.is_afternoon.replace(word == "pm").is_none() && !self.clock.is_empty();
            }
            "t" => return self.numbers.len() == 3 && self.clock.is_empty(),
            _ => {}
        }
        if let Some(at) = MONTHS.iter().position(|month| word.starts_with(month)) {
            return self.month.replace(i8::try_from(at + 1).unwrap_or_default()).is_none();
        }
        DAYS.iter().any(|day| word.starts_with(day)) && self.numbers.is_empty()
    }

    /// An offset from UTC: `+0100`, `+01:00` or `+1`.
    fn shift<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let end = text[1..].find(|c: char| !(c.is_ascii_digit() || c == ':')).map_or(text.len(), |at| at + 1);
        let digits = text[1..end].replace(':', "");
        let number: i32 = digits.parse().ok().filter(|_| digits.len() <= 4)?;
        let minutes = if digits.len() <= 2 { number * 60 } else { number / 100 * 60 + number % 100 };
        let sign = if text.starts_with('-') { -1 } else { 1 };
        self.offset = Some(Offset::from_seconds(sign * minutes * 60).ok()?);
        Some(&text[end..])
    }

    fn is_year_first(&self) -> bool {
        self.month.is_none() && self.numbers.first().is_some_and(|year| *year > 31)
    }

    fn date(&self) -> Option<Date> {
        let (year, month, day) = match (self.month, &self.numbers[..]) {
            (Some(month), [year, day]) if *year > 31 => (*year, i16::from(month), *day),
            (Some(month), [day, year]) => (*year, i16::from(month), *day),
            (None, [year]) if *year > 999 => (*year, 1, 1),
            (None, [year, month]) if *year > 999 => (*year, *month, 1),
            (None, [year, month, day]) if *year > 31 => (*year, *month, *day),
            (None, [month, day, year]) => (*year, *month, *day),
            _ => return None,
        };
        let year = match year {
            0..=49 => year + 2000,
            50..=99 => year + 1900,
            year => year,
        };
        // As in JavaScript, the 30th of February is a day or two after its end.
        let first = Date::new(year, i8::try_from(month).ok()?, 1).ok()?;
        (1000..=9999).contains(&year).then_some(())?;
        (1..=31).contains(&day).then(|| first.checked_add((i64::from(day) - 1).days()).ok())?
    }

    fn time(&self) -> Option<Time> {
        let at = |place: usize| self.clock.get(place).copied().unwrap_or_default();
        let hour = match (self.is_afternoon, at(0)) {
            (None, hour) => hour,
            (Some(is_afternoon), hour @ 1..=12) => hour % 12 + if is_afternoon { 12 } else { 0 },
            _ => return None,
        };
        Time::new(hour, at(1), at(2), 0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai(text: &str) -> String {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        moment(text, &zone).map_or_else(|| "none".to_owned(), |(moment, _)| moment.to_string())
    }

    #[test]
    fn what_javascript_reads_is_read_as_it_reads_it() {
        for (text, moment) in [
            ("2020", "2020-01-01T00:00:00Z"),
            ("2020-05", "2020-05-01T00:00:00Z"),
            ("2020-02-30", "2020-03-01T00:00:00Z"),
            ("2020-1-5", "2020-01-04T16:00:00Z"),
            ("2020-01-5", "2020-01-04T16:00:00Z"),
            ("2020/01/05 12:30", "2020-01-05T04:30:00Z"),
            ("2020-01-05 12:30:15.250", "2020-01-05T04:30:15.25Z"),
            ("1/5/20", "2020-01-04T16:00:00Z"),
            ("1/5/99", "1999-01-04T16:00:00Z"),
            ("12/31/2020, 11:59:00 PM", "2020-12-31T15:59:00Z"),
            ("31 Jan 2020", "2020-01-30T16:00:00Z"),
            ("Jan 31, 2020", "2020-01-30T16:00:00Z"),
            ("31-January-2020 08:00 UTC", "2020-01-31T08:00:00Z"),
            ("Fri, 31 Jan 2020 08:00:00 GMT", "2020-01-31T08:00:00Z"),
            ("Fri Jan 31 2020 08:00:00 GMT+0100 (Central European Standard Time)", "2020-01-31T07:00:00Z"),
            ("Fri Jan 31 08:00:00 2020", "2020-01-31T00:00:00Z"),
            ("2020-02-30T10:00:00Z", "2020-03-01T10:00:00Z"),
            ("2020-01-31 08:00:00 -05:30", "2020-01-31T13:30:00Z"),
            ("9999-12-31", "9999-12-30T22:00:00.999999999Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-30T22:00:00.999999999Z"),
        ] {
            assert_eq!(shanghai(text), moment, "{text}");
        }
    }

    #[test]
    fn what_says_no_one_moment_is_none() {
        for text in [
            "never",
            "soon",
            "when it is done",
            "Jan 5",
            "5",
            "1/5",
            "31.12.2020",
            "1.5.2020",
            "2020-13-01",
            "2020-02-32",
            "31/12/2020",
            "2020-01-05 25:00",
            "2020-01-05 99:99",
            "13/13/2020",
            "1767225600",
            "10:00",
            "2020-01-05 10:00 AM PM",
            "1 2 3 4",
            "tomorrow 2020",
            "2020 forever",
            "2020-01-05 é",
            "99999-01-01",
            "2020-01-05 +99",
            "12:é",
            "2020-01-05 0:3é",
        ] {
            assert_eq!(shanghai(text), "none", "{text}");
        }
    }

    #[test]
    fn milliseconds_are_kept_within_what_can_be_stored() {
        let shown = |count| milliseconds(count).map(|moment| format!("{moment:.3}"));
        assert_eq!(shown(1_577_836_800_000.0).as_deref(), Some("2020-01-01T00:00:00.000Z"));
        assert_eq!(shown(-1.0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(shown(8.64e15).as_deref(), Some("9999-12-30T22:00:00.999Z"));
        assert_eq!(shown(8.7e15), None);
    }
}
