//! Options of keys, channels and tokens, checked by the rules of the admin API. Every wrong one is named.

use std::path::PathBuf;

use clap::ArgMatches;
use serde_json::{Map, Value};

use super::args;
use crate::admin::rules::{self, MAX_COUNT, MAX_PRIORITY};
use crate::admin::token_rules::{self, MAX_QUOTA, MAX_TOKENS_A_MINUTE};
use crate::config::BaseUrl;
use crate::store::{Role, TokenChange};

/// The options of one command that is being read.
#[derive(Debug)]
pub(super) struct Options<'m> {
    matches: &'m ArgMatches,
    wrong: Vec<String>,
}

impl<'m> Options<'m> {
    pub(super) fn new(matches: &'m ArgMatches) -> Self {
        Options { matches, wrong: Vec::new() }
    }

    /// What was read, or every mistake.
    pub(super) fn end<T>(self, read: T) -> Result<T, Vec<String>> {
        if self.wrong.is_empty() { Ok(read) } else { Err(self.wrong) }
    }

    /// Notes a mistake of the whole command.
    pub(super) fn wrong(&mut self, wrong: impl Into<String>) {
        self.wrong.push(wrong.into());
    }

    fn note(&mut self, option: &str, wrong: &str) {
        self.wrong.push(format!("--{option} {wrong}"));
    }

    pub(super) fn flag(&self, option: &str) -> bool {
        self.matches.try_get_one::<bool>(option).ok().flatten().copied().unwrap_or_default()
    }

    pub(super) fn text(&self, option: &str) -> Option<&'m str> {
        self.matches.try_get_one::<String>(option).ok().flatten().map(String::as_str)
    }

    /// All texts of an option that may be repeated; none when it was not given.
    pub(super) fn texts(&self, option: &str) -> Option<Vec<&'m str>> {
        Some(self.matches.try_get_many::<String>(option).ok().flatten()?.map(String::as_str).collect())
    }

    pub(super) fn file(&self, option: &str) -> Option<PathBuf> {
        self.matches.try_get_one::<PathBuf>(option).ok().flatten().cloned()
    }

    /// A text that `read` reads, or says what is wrong with.
    pub(super) fn parsed<T>(
        &mut self,
        option: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(option)?;
        read(text).inspect_err(|wrong| self.note(option, wrong)).ok()
    }

    /// The file that the whole command is about.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.file(args::FILE)
    }

    pub(super) fn which(&self) -> Vec<String> {
        self.texts(args::WHICH).unwrap_or_default().into_iter().map(str::to_owned).collect()
    }

    pub(super) fn name(&mut self) -> Option<String> {
        let read = rules::name(self.text(args::NAME)?);
        read.inspect_err(|wrong| self.note(args::NAME, wrong)).ok()
    }

    pub(super) fn base(&mut self) -> Option<BaseUrl> {
        let read = self.text(args::BASE)?.parse::<BaseUrl>();
        read.inspect_err(|wrong| self.note(args::BASE, &wrong.to_string())).ok()
    }

    pub(super) fn weight(&mut self) -> Option<i64> {
        self.number(args::WEIGHT, 0, MAX_COUNT).map(rules::weight)
    }

    pub(super) fn priority(&mut self) -> Option<i64> {
        self.number(args::PRIORITY, -MAX_PRIORITY, MAX_PRIORITY)
    }

    pub(super) fn max_concurrent(&mut self) -> Option<i64> {
        self.number(args::CAP, 0, MAX_COUNT)
    }

    /// 0 is no limit.
    pub(super) fn rate_limit(&mut self) -> Option<Option<i64>> {
        self.limit(args::RATE, MAX_COUNT)
    }

    pub(super) fn account(&mut self) -> Option<String> {
        let read = rules::account(self.text(args::NAME)?);
        read.inspect_err(|wrong| self.note(args::NAME, wrong)).ok()
    }

    pub(super) fn role(&mut self) -> Option<Role> {
        let role = Role::read(self.text(args::ROLE)?);
        if role.is_none() {
            self.note(args::ROLE, "must be admin or viewer");
        }
        role
    }

    /// `false` or nothing.
    pub(super) fn enabled(&self) -> Option<bool> {
        self.flag(args::DISABLED).then_some(false)
    }

    pub(super) fn line(&mut self, option: &str) -> Option<String> {
        let text = self.text(option)?;
        let read = rules::line(text);
        read.inspect_err(|wrong| self.note(option, wrong)).ok().map(|()| text.to_owned())
    }

    /// A list; an empty text is no item.
    pub(super) fn list(&mut self, option: &str) -> Option<Vec<String>> {
        let texts = self.texts(option)?;
        for text in &texts {
            if let Err(wrong) = rules::line(text) {
                self.note(option, &wrong);
            }
        }
        Some(texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
    }

    pub(super) fn mapping(&mut self) -> Option<Vec<(String, String)>> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for text in self.list(args::MAP)? {
            match text.split_once('=').map(|(from, to)| (from.trim(), to.trim())) {
                Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                    if pairs.iter().any(|(known, _)| known == from) {
                        self.note(args::MAP, &format!("names {from:?} twice"));
                    }
                    pairs.push((from.to_owned(), to.to_owned()));
                }
                _ => self.note(args::MAP, "must be FROM=TO, as in gpt-4=llama3.3:70b"),
            }
        }
        Some(pairs)
    }

    /// What a token may do, but for its expiry: whether that is good depends on the one that it has.
    pub(super) fn token(&mut self) -> TokenChange {
        TokenChange {
            name: self.name(),
            enabled: self.enabled(),
            expires_at: None,
            models: self.models(),
            ips: self.checked(args::IPS, token_rules::range),
            rate_limit: self.rate_limit(),
            tokens_per_minute: self.limit(args::TOKENS, MAX_TOKENS_A_MINUTE),
            quota_limit: self.limit(args::QUOTA, MAX_QUOTA),
            max_concurrent: self.max_concurrent(),
            allow_client_options: self.switch(args::CLIENT_OPTIONS),
            capture: self.switch(args::CAPTURE),
            note: self.note_for_people(),
            metadata: self.metadata(),
            is_quota_reset: false,
        }
    }

    fn models(&mut self) -> Option<Vec<String>> {
        let list = self.checked(args::MODELS, rules::pattern)?;
        if let Err(wrong) = rules::patterns(&list) {
            self.note(args::MODELS, &wrong);
        }
        Some(list)
    }

    /// A list of which each item is checked; an empty text is no item.
    fn checked(&mut self, option: &str, check: fn(&str) -> Result<(), String>) -> Option<Vec<String>> {
        let list = self.list(option)?;
        for text in &list {
            if let Err(wrong) = check(text) {
                self.note(option, &format!("{wrong}, not {text:?}"));
            }
        }
        Some(list)
    }

    /// 0 is no limit.
    fn limit(&mut self, option: &str, max: i64) -> Option<Option<i64>> {
        self.number(option, 0, max).map(|limit| Some(limit).filter(|limit| *limit > 0))
    }

    fn switch(&mut self, option: &str) -> Option<bool> {
        let read = self.text(option)?.parse();
        read.inspect_err(|_| self.note(option, "must be true or false")).ok()
    }

    fn note_for_people(&mut self) -> Option<String> {
        let text = self.text(args::NOTE)?;
        let read = token_rules::note(text);
        read.inspect_err(|wrong| self.note(args::NOTE, wrong)).ok().map(|()| text.to_owned())
    }

    fn metadata(&mut self) -> Option<Map<String, Value>> {
        let object = match serde_json::from_str(self.text(args::METADATA)?) {
            Ok(Value::Object(object)) => object,
            _ => {
                self.note(args::METADATA, "must be a JSON object, such as '{\"team\":\"a\"}'");
                return None;
            }
        };
        token_rules::metadata(&object).inspect_err(|wrong| self.note(args::METADATA, wrong)).ok()?;
        Some(object)
    }

    pub(super) fn number(&mut self, option: &str, min: i64, max: i64) -> Option<i64> {
        let number = self.text(option)?.trim().parse().ok().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.note(option, &format!("must be a whole number from {min} to {max}"));
        }
        number
    }
}
