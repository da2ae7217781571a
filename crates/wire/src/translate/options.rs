//! Sampling and load-time options. What a client did not send is not sent either: the Modelfile rules (policy 1).

use std::borrow::Cow;

use bytes::BufMut;

use super::Rules;
use crate::json::{Kind, MAX_DEPTH, deeper_than, kind, quoted, write_str};
use crate::openai::{ApiError, Common, Stop};

/// Ollama knows some thirty; each one is looked up among the others.
const MAX_OPTIONS: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Number,
    Bool,
    Texts,
}

/// Options that Ollama knows. A wrong type is refused here, as Ollama would answer it with a 500.
const KNOWN: [(&str, Type); 24] = [
    ("temperature", Type::Number),
    ("top_k", Type::Number),
    ("top_p", Type::Number),
    ("min_p", Type::Number),
    ("typical_p", Type::Number),
    ("tfs_z", Type::Number),
    ("repeat_last_n", Type::Number),
    ("repeat_penalty", Type::Number),
    ("presence_penalty", Type::Number),
    ("frequency_penalty", Type::Number),
    ("mirostat", Type::Number),
    ("mirostat_eta", Type::Number),
    ("mirostat_tau", Type::Number),
    ("seed", Type::Number),
    ("num_predict", Type::Number),
    ("num_keep", Type::Number),
    ("stop", Type::Texts),
    ("num_ctx", Type::Number),
    ("num_batch", Type::Number),
    ("num_gpu", Type::Number),
    ("main_gpu", Type::Number),
    ("num_thread", Type::Number),
    ("draft_num_predict", Type::Number),
    ("use_mmap", Type::Bool),
];

/// Options that make Ollama load or reload a model (`ollama-protocol`, fact 10), and two that have no place here
/// but that clients put here to the same end.
const LOADING: [&str; 9] = [
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "use_mmap",
    "num_thread",
    "draft_num_predict",
    "shift",
    "keep_alive",
];

/// Where a body says how long its reply may be, or would say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LimitAt {
    at: usize,
    /// Bytes that a new value replaces.
    old: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    /// The value alone.
    Value,
    /// A member of the options that are there.
    Member,
    /// Options of its own.
    Options,
}

impl LimitAt {
    /// The same place in a body with so many bytes before it.
    pub(super) fn behind(self, bytes: usize) -> Self {
        LimitAt { at: self.at + bytes, ..self }
    }

    pub(super) fn write(&mut self, body: &mut Vec<u8>, tokens: u64) {
        let text = match self.form {
            Form::Value => tokens.to_string(),
            Form::Member => format!("\"num_predict\":{tokens},"),
            Form::Options => format!(",\"options\":{{\"num_predict\":{tokens}}}"),
        };
        body.splice(self.at..self.at + self.old, text.bytes());
        self.old = text.len();
    }
}

/// The options of one request as they go to Ollama, and the names of those that were not allowed.
#[derive(Debug, Default)]
pub(super) struct Chosen<'r> {
    values: Vec<(&'r str, Cow<'r, str>)>,
    keep_alive: Option<&'r str>,
    shift: Option<bool>,
    pub(super) ignored: Vec<&'static str>,
}

impl<'r> Chosen<'r> {
    /// Gathers options; dedicated fields win over `options`, OpenAI's over private ones.
    pub(super) fn gather(common: &Common<'r, 'r>, rules: Rules) -> Result<Self, ApiError> {
        let mut chosen = Chosen::default();
        if common.options.is_some_and(|options| options.0.len() > MAX_OPTIONS) {
            return Err(ApiError::invalid(
                "options",
                format!("'options' may hold at most {MAX_OPTIONS} entries"),
            ));
        }
        for (name, value) in common.options.into_iter().flat_map(|options| &options.0) {
            chosen.take_private(name, value.get(), rules)?;
        }
        for (name, number) in common.numbers {
            if let Some(number) = number {
                chosen.set(name, Cow::Borrowed(number.0), rules);
            }
        }
        if let Some(limit) = common.max_tokens {
            chosen.set("num_predict", Cow::Owned(limit.to_string()), rules);
        }
        if let Some(stop) = common.stop.filter(|stop| !stop.0.is_empty()) {
            chosen.set("stop", Cow::Owned(list(stop)), rules);
        }
        if let Some(keep_alive) = common.keep_alive
            && chosen.allowed("keep_alive", rules)
        {
            chosen.keep_alive = Some(keep_alive.0);
        }
        if let Some(shift) = common.shift
            && chosen.allowed("shift", rules)
        {
            chosen.shift = Some(shift);
        }
        Ok(chosen)
    }

    fn take_private(&mut self, name: &'r str, value: &'r str, rules: Rules) -> Result<(), ApiError> {
        let refuse = |expected: &str| {
            let param = format!("options.{name}");
            Err(ApiError::invalid(param, format!("'options.{name}': expected {expected}"))
                .with_code("invalid_type"))
        };
        let found = kind(value);
        if found == Kind::Null {
            return Ok(());
        }
        let value = match KNOWN.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind) {
            Some(Type::Number) if found != Kind::Number => return refuse("a number"),
            Some(Type::Number) if !value.parse().is_ok_and(f64::is_finite) => {
                return refuse("a number in range");
            }
            Some(Type::Bool) if found != Kind::Bool => return refuse("true or false"),
            Some(Type::Texts) => match serde_json::from_str::<Stop<'_>>(value) {
                Ok(stop) if stop.0.is_empty() => return Ok(()),
                Ok(stop) => Cow::Owned(list(&stop)),
                Err(_) => return refuse("a string or an array of strings"),
            },
            None if deeper_than(value, MAX_DEPTH) => return refuse("less nesting"),
            _ => Cow::Borrowed(value),
        };
        self.set(name, value, rules);
        Ok(())
    }

    fn set(&mut self, name: &'r str, value: Cow<'r, str>, rules: Rules) {
        if !self.allowed(name, rules) {
            return;
        }
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.values.push((name, value)),
        }
    }

    fn allowed(&mut self, name: &str, rules: Rules) -> bool {
        let Some(loading) = LOADING.iter().find(|loading| **loading == name).filter(|_| !rules.load_options)
        else {
            return true;
        };
        if !self.ignored.contains(loading) {
            self.ignored.push(loading);
        }
        false
    }

    /// How long the reply may be, if that was said.
    pub(super) fn limit(&self) -> Option<u64> {
        let (_, value) = self.values.iter().find(|(name, _)| *name == "num_predict")?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of f64 saturate")]
        value.parse::<f64>().ok().filter(|limit| *limit >= 1.0).map(|limit| limit as u64)
    }

    /// Writes `,"options":{…}`, `,"keep_alive":…` and `,"shift":…`, each only if set.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> LimitAt {
        let mut limit = LimitAt { at: out.len(), old: 0, form: Form::Options };
        if !self.values.is_empty() {
            out.put_slice(b",\"options\":{");
            limit = LimitAt { at: out.len(), old: 0, form: Form::Member };
            for (at, (name, value)) in self.values.iter().enumerate() {
                if at > 0 {
                    out.put_u8(b',');
                }
                write_str(out, name);
                out.put_u8(b':');
                if *name == "num_predict" {
                    limit = LimitAt { at: out.len(), old: value.len(), form: Form::Value };
                }
                out.put_slice(value.as_bytes());
            }
            out.put_u8(b'}');
        }
        if let Some(keep_alive) = self.keep_alive {
            out.put_slice(b",\"keep_alive\":");
            out.put_slice(keep_alive.as_bytes());
        }
        if let Some(shift) = self.shift {
            out.put_slice(if shift { b",\"shift\":true" } else { b",\"shift\":false" });
        }
        limit
    }
}

fn list(stop: &Stop<'_>) -> String {
    let texts: Vec<_> = stop.0.iter().map(|text| quoted(text.as_str())).collect();
    format!("[{}]", texts.join(","))
}

/// The JSON text for `think`: the private field, else the effort word (`reasoning.effort` before
/// `reasoning_effort`); `None` when neither was sent. Source: Ollama's own `/v1` and policy 7.
pub(super) fn think<'r>(
    think: Option<crate::openai::Think<'r>>,
    efforts: [(&'static str, Option<&str>); 2],
) -> Result<Option<&'r str>, ApiError> {
    if let Some(think) = think {
        return Ok(Some(think.0));
    }
    let Some((field, effort)) = efforts.into_iter().find_map(|(field, effort)| Some((field, effort?))) else {
        return Ok(None);
    };
    Ok(Some(match effort {
        "" => return Ok(None),
        "none" => "false",
        "minimal" | "low" => "\"low\"",
        "medium" => "\"medium\"",
        "high" => "\"high\"",
        "xhigh" | "ultra" | "max" => "\"max\"",
        _ => {
            let words = "none, minimal, low, medium, high, xhigh, max";
            return Err(ApiError::invalid(
                field,
                format!("'{field}': unknown effort; expected one of {words}"),
            ));
        }
    }))
}
