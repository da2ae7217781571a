//! The members of a JSON body, taken one by one: each wrong one is named, and what nobody took is a warning.

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::asked::IfMatch;
use super::error::AdminError;
use super::near;
use super::rules::{self, MAX_COUNT, MAX_PRIORITY, MAX_TEXT};
use super::token_rules::{self, MAX_QUOTA, MAX_TOKENS_A_MINUTE};
use crate::config::BaseUrl;

/// A JSON object that is being read.
#[derive(Debug)]
pub(super) struct Fields {
    given: Map<String, Value>,
    wrong: Vec<(String, String)>,
    /// Names of the fields that the call knows.
    asked: Vec<String>,
    /// Whether it is no body.
    is_query: bool,
}

impl Fields {
    /// An empty body is an empty object.
    ///
    /// # Errors
    /// 400 for what is no JSON object.
    pub(super) fn read(body: &[u8]) -> Result<Fields, AdminError> {
        let given = match body.trim_ascii() {
            b"" => Map::new(),
            text => match serde_json::from_slice(text) {
                Ok(Value::Object(given)) => given,
                Ok(_) => return Err(AdminError::invalid("the body must be a JSON object")),
                Err(error) => return Err(AdminError::invalid(format!("the body is not JSON: {error}"))),
            },
        };
        Ok(Fields::of(given))
    }

    fn of(given: Map<String, Value>) -> Fields {
        Fields { given, wrong: Vec::new(), asked: Vec::new(), is_query: false }
    }

    /// What stands behind a question mark.
    pub(super) fn of_query(given: Map<String, Value>) -> Fields {
        Fields { is_query: true, ..Fields::of(given) }
    }

    /// As [`Fields::read`], or from a form as browsers send them. A program such as curl says "form" of anything.
    ///
    /// # Errors
    /// 400 for what is neither.
    pub(super) fn read_form(headers: &HeaderMap, body: &[u8]) -> Result<Fields, AdminError> {
        let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let is_form = kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded");
        if !is_form || body.trim_ascii().starts_with(b"{") {
            return Fields::read(body);
        }
        let pairs = form_urlencoded::parse(body);
        let given = pairs.map(|(name, value)| {
            let value = match &*value {
                "true" | "on" if name == "everywhere" => Value::Bool(true), // the one switch that forms have
                text => Value::String(text.to_owned()),
            };
            (name.into_owned(), value)
        });
        Ok(Fields::of(given.collect()))
    }

    /// Notes that a field is wrong, and gives an empty text in its place.
    pub(super) fn failed(&mut self, name: &str, wrong: impl Into<String>) -> String {
        self.wrong(name, wrong);
        String::new()
    }

    /// Notes that a field is wrong; the first that is said of it counts.
    pub(super) fn wrong(&mut self, name: &str, wrong: impl Into<String>) {
        if !self.wrong.iter().any(|(known, _)| known == name) {
            self.wrong.push((name.to_owned(), wrong.into()));
        }
    }

    /// Gives names of fields that were not read.
    ///
    /// # Errors
    /// 400 with every wrong field.
    pub(super) fn end(self) -> Result<Vec<String>, AdminError> {
        match self.wrong.is_empty() {
            true => Ok(self.given.keys().map(|name| format!("{name} {}", self.unknown(name))).collect()),
            false => Err(AdminError::fields(self.wrong)),
        }
    }

    /// As [`Fields::end`], where nothing may be passed over.
    ///
    /// # Errors
    /// 400 also for each name that was not read.
    pub(super) fn end_all(mut self) -> Result<(), AdminError> {
        let unread: Vec<_> = self.given.keys().map(|name| (name.clone(), self.unknown(name))).collect();
        unread.into_iter().for_each(|(name, wrong)| self.wrong(&name, wrong));
        self.end().map(drop)
    }

    /// As [`Fields::end`], of what is made anew.
    ///
    /// # Errors
    /// 400 also for a name that nearly is one of a right: without that right it would be made all the same, as one
    /// that may more than was meant.
    pub(super) fn end_new(mut self) -> Result<Vec<String>, AdminError> {
        let near =
            |name: &String| near::right(name, &self.asked).map(|meant| (name.clone(), meant.to_owned()));
        let near: Vec<_> = self.given.keys().filter_map(near).collect();
        for (name, meant) in near {
            self.wrong(&name, format!("is no field; did you mean {meant}?"));
        }
        self.end()
    }

    /// What follows the name of one that was not read. Fields are spelled exactly; who writes `baseURL` is told of
    /// `baseUrl`.
    fn unknown(&self, name: &str) -> String {
        let same = self.asked.iter().find(|asked| asked.eq_ignore_ascii_case(name)).map(String::as_str);
        match same.or_else(|| near::right(name, &self.asked).filter(|_| !self.is_query)) {
            Some(meant) if self.is_query => format!("is no filter; did you mean {meant}?"),
            Some(meant) => format!("is no field; did you mean {meant}?"),
            None if self.is_query => "is no filter".to_owned(),
            None => "is no field that can be set".to_owned(),
        }
    }

    /// The members whose name is `known`, taken in their order.
    pub(super) fn take_known<K>(&mut self, known: impl Fn(&str) -> Option<K>) -> Vec<(K, String, Value)> {
        let (taken, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.given).into_iter().partition(|(name, _)| known(name).is_some());
        self.given = left.into_iter().collect();
        taken.into_iter().filter_map(|(name, value)| Some((known(&name)?, name, value))).collect()
    }

    fn take<T>(&mut self, name: &str, form: &str, read: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        self.asked.push(name.to_owned());
        let value = self.given.remove(name)?;
        let read = read(value);
        if read.is_none() {
            self.wrong(name, format!("must be {form}"));
        }
        read
    }

    /// A text on one line; `null` is as if absent.
    pub(super) fn one_line(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        self.line(name, &text);
        Some(text)
    }

    /// Any text; `null` is as if absent.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name, "a text", |value| match value {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text)),
            _ => None,
        });
        text.flatten()
    }

    /// Notes that a field is wrong which is there and `null`, where that would mean nothing.
    pub(super) fn never_null(&mut self, name: &str, form: &str) {
        if self.given.get(name).is_some_and(Value::is_null) {
            self.wrong(name, format!("must be {form}"));
        }
    }

    /// A time that is yet to come, as it is stored; `null` is none.
    pub(super) fn future(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        match time(&text) {
            None => self.wrong(name, "must be a time, as in 2026-01-31T08:00:00Z, or a date"),
            Some(time) if time <= format!("{:.3}", Timestamp::now()) => self.wrong(name, "is in the past"),
            Some(time) => return Some(time),
        }
        None
    }

    /// A name for people: neither empty nor long, on one line.
    pub(super) fn name(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let read = rules::name(&text);
        read.inspect_err(|wrong| self.wrong(name, wrong)).ok()
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, "true or false", |value| value.as_bool())
    }

    /// A whole number of `min` to `max`; `null` is 0.
    pub(super) fn number(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let form = format!("a whole number from {min} to {max}");
        self.take(name, &form, |value| match value {
            Value::Null => Some(0),
            value => value.as_i64().filter(|number| (min..=max).contains(number)),
        })
    }

    pub(super) fn priority(&mut self) -> Option<i64> {
        self.number("priority", -MAX_PRIORITY, MAX_PRIORITY)
    }

    /// 0 is 10, as in the Node program.
    pub(super) fn weight(&mut self) -> Option<i64> {
        self.number("weight", 0, MAX_COUNT).map(rules::weight)
    }

    pub(super) fn max_concurrent(&mut self) -> Option<i64> {
        self.number("maxConcurrent", 0, MAX_COUNT)
    }

    /// 0 and `null` are no limit.
    pub(super) fn rate_limit(&mut self) -> Option<Option<i64>> {
        self.limit("rateLimit", MAX_COUNT)
    }

    pub(super) fn tokens_per_minute(&mut self) -> Option<Option<i64>> {
        self.limit("tokensPerMinute", MAX_TOKENS_A_MINUTE)
    }

    /// Tokens a month.
    pub(super) fn quota(&mut self) -> Option<Option<i64>> {
        self.limit("quotaLimit", MAX_QUOTA)
    }

    fn limit(&mut self, name: &str, max: i64) -> Option<Option<i64>> {
        self.number(name, 0, max).map(|limit| Some(limit).filter(|limit| *limit > 0))
    }

    /// A list of texts; `null` is an empty one.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        self.texts_up_to(name, MAX_TEXT)
    }

    /// A list of at most so many texts.
    pub(super) fn texts_up_to(&mut self, name: &str, most: usize) -> Option<Vec<String>> {
        let form = format!("a list of at most {most} texts");
        let list = self.take(name, &form, |value| match value {
            Value::Null => Some(Vec::new()),
            Value::Array(items) if items.len() <= most => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        })?;
        for (at, text) in list.iter().enumerate() {
            self.line(&format!("{name}[{at}]"), text);
        }
        Some(list)
    }

    /// A list of names and patterns of models.
    pub(super) fn patterns(&mut self, name: &str) -> Option<Vec<String>> {
        let list = self.texts(name)?;
        for (at, text) in list.iter().enumerate() {
            if let Err(wrong) = rules::pattern(text) {
                self.wrong(&format!("{name}[{at}]"), wrong);
            }
        }
        if let Err(wrong) = rules::patterns(&list) {
            self.wrong(name, wrong);
        }
        Some(list)
    }

    /// A list of addresses and CIDR ranges.
    pub(super) fn ranges(&mut self, name: &str) -> Option<Vec<String>> {
        let list = self.texts(name)?;
        for (at, text) in list.iter().enumerate() {
            if let Err(wrong) = token_rules::range(text) {
                self.wrong(&format!("{name}[{at}]"), wrong);
            }
        }
        Some(list.into_iter().map(|text| text.trim().to_owned()).collect())
    }

    /// When a token ends; `null` and an empty text are never.
    pub(super) fn expiry(&mut self, name: &str, has: Option<&str>) -> Option<Option<String>> {
        let text = self.take(name, "a time or null", |value| match value {
            Value::Null => Some(String::new()),
            Value::String(text) => Some(text),
            _ => None,
        })?;
        token_rules::expiry(&text, has).inspect_err(|wrong| self.wrong(name, wrong)).ok()
    }

    /// Text on any number of lines; `null` is an empty one.
    pub(super) fn note(&mut self, name: &str) -> Option<String> {
        let text = self.take(name, "a text", |value| match value {
            Value::Null => Some(String::new()),
            Value::String(text) => Some(text),
            _ => None,
        })?;
        token_rules::note(&text).inspect_err(|wrong| self.wrong(name, wrong)).ok().map(|()| text)
    }

    /// Any object that is not too large; `null` is an empty one.
    pub(super) fn metadata(&mut self, name: &str) -> Option<Map<String, Value>> {
        let object = self.take(name, "an object", |value| match value {
            Value::Null => Some(Map::new()),
            Value::Object(object) => Some(object),
            _ => None,
        })?;
        token_rules::metadata(&object).inspect_err(|wrong| self.wrong(name, wrong)).ok().map(|()| object)
    }

    /// Names to names; `null` is an empty mapping.
    pub(super) fn mapping(&mut self, name: &str) -> Option<Vec<(String, String)>> {
        let list: Vec<(String, String)> =
            self.take(name, "an object of texts, as in {\"gpt-4\":\"llama3.3:70b\"}", |value| match value {
                Value::Null => Some(Vec::new()),
                Value::Object(items) => {
                    items.into_iter().map(|(from, to)| Some((from, to.as_str()?.to_owned()))).collect()
                }
                _ => None,
            })?;
        if list.len() > MAX_TEXT {
            self.wrong(name, format!("must have at most {MAX_TEXT} names"));
        }
        for (from, to) in &list {
            self.line(&format!("{name}.{}", clipped(from)), to);
            self.line(name, from);
            if from.trim().is_empty() || to.trim().is_empty() {
                self.wrong(name, "must map names to names, and none of them may be empty");
            }
        }
        Some(list)
    }

    /// An object of anything; `null` is an empty one.
    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.take(name, "an object", |value| match value {
            Value::Null => Some(Map::new()),
            Value::Object(object) => Some(object),
            _ => None,
        })
    }

    /// A base URL, normalised.
    pub(super) fn base(&mut self, name: &str) -> Option<BaseUrl> {
        let text = self.text(name).filter(|text| !text.trim().is_empty())?;
        match text.parse() {
            Ok(base) => Some(base),
            Err(bad) => {
                self.wrong(name, bad.to_string());
                None
            }
        }
    }

    /// The revision that a change was made to, if body or head say so.
    pub(super) fn revision(&mut self, IfMatch(of_head): IfMatch) -> Option<i64> {
        let of_body = self.take("revision", "a whole number", |value| value.as_i64());
        if of_head.is_some() && of_body.is_some() && of_head != of_body {
            self.wrong("If-Match", "must not differ from revision");
        }
        of_head.or(of_body)
    }

    fn line(&mut self, name: &str, text: &str) {
        if let Err(wrong) = rules::line(text) {
            self.wrong(name, wrong);
        }
    }
}

/// Enough of a name to find it.
fn clipped(name: &str) -> &str {
    &name[..name.floor_char_boundary(100)]
}

/// A time with its zone, or a date, which is its midnight in UTC: as times are stored.
pub(super) fn time(text: &str) -> Option<String> {
    Some(format!("{:.3}", rules::moment(text).ok()?))
}
