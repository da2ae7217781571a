//! A tool's parameters made acceptable: `$ref` inlined, boolean sub-schemas as `{}`, a list as top-level `type` cut
//! to one word. Everything else keeps its text, key order and numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::BufMut;

use crate::json::{Entries, Kind, MAX_DEPTH, Text, kind, write_str};

/// Inlining may add this many bytes to one schema; references beyond become `{}`.
const MAX_GROWTH: usize = 64 * 1024;
/// And this many to all schemas of a request.
pub(super) const MAX_GROWTH_OF_ALL: usize = 512 * 1024;

/// Each level is read anew, so a large and deep schema costs its size times its depth: beyond this many bytes, and
/// [`WORK_TIMES`] the schema's own, it passes as it is.
const MAX_WORK: usize = 4 * 1024 * 1024;
const WORK_TIMES: usize = 16;

/// Keys whose value is one schema.
const ONE: [&str; 9] = [
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
];
/// Keys whose value is a list of schemas.
const LIST: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
/// Keys whose value is an object of schemas.
const MAP: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Where definitions live.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// Writes the schema `root`, an object that nests at most [`MAX_DEPTH`] deep. `left` is what is left of
/// [`MAX_GROWTH_OF_ALL`].
pub(super) fn write(out: &mut Vec<u8>, root: &str, left: &mut usize) {
    let Ok(entries) = serde_json::from_str::<Entries<'_>>(root) else {
        return out.put_slice(root.as_bytes()); // unreachable for valid JSON; Ollama then judges
    };
    if entries.0.is_empty() {
        return out.put_slice(br#"{"type":"object","properties":{}}"#);
    }
    let mut inliner = Inliner::new(root, &entries, MAX_GROWTH.min(*left));
    let before = out.len();
    inliner.object(out, &entries, 0, true);
    *left = left.saturating_sub((out.len() - before).saturating_sub(root.len()));
}

struct Inliner<'a> {
    root: &'a str,
    definitions: HashMap<String, &'a str>,
    has_references: bool,
    open: Vec<&'a str>,
    budget: usize,
    work: usize,
}

impl<'a> Inliner<'a> {
    fn new(root: &'a str, entries: &Entries<'a>, growth: usize) -> Self {
        let mut definitions = HashMap::new();
        let mut budget = growth;
        for section in DEFINITIONS {
            let Some(raw) = entries.get(section).map(|raw| raw.get()) else { continue };
            budget += raw.len();
            for (name, schema) in serde_json::from_str::<Entries<'a>>(raw).unwrap_or_default().0 {
                definitions.insert(format!("#/{section}/{name}"), schema.get());
            }
        }
        let has_references = memchr::memmem::find(root.as_bytes(), b"\"$ref\"").is_some();
        let work = root.len().saturating_mul(WORK_TIMES).saturating_add(MAX_WORK);
        Inliner { root, definitions, has_references, open: Vec::new(), budget, work }
    }

    /// Whether `raw` may be read once more.
    fn affords(&mut self, raw: &str) -> bool {
        let left = self.work.checked_sub(raw.len());
        self.work = left.unwrap_or(0);
        left.is_some()
    }

    fn schema(&mut self, out: &mut Vec<u8>, raw: &'a str, depth: usize) {
        match kind(raw) {
            Kind::Bool | Kind::Null => out.put_slice(b"{}"),
            Kind::Object if depth > MAX_DEPTH => out.put_slice(b"{}"),
            Kind::Object if !self.affords(raw) => out.put_slice(raw.as_bytes()),
            Kind::Object => match serde_json::from_str::<Entries<'a>>(raw) {
                Ok(entries) => self.object(out, &entries, depth, false),
                Err(_) => out.put_slice(b"{}"),
            },
            _ => out.put_slice(raw.as_bytes()),
        }
    }

    fn object(&mut self, out: &mut Vec<u8>, entries: &Entries<'a>, depth: usize, top: bool) {
        let pointer = entries.get("$ref").and_then(|raw| serde_json::from_str::<Text<'a>>(raw.get()).ok());
        let Some(pointer) = pointer else { return self.keys(out, entries, depth, top) };
        let Some(target) = self.resolve(pointer.as_str()) else { return out.put_slice(b"{}") };
        let is_open = self.open.iter().any(|open| std::ptr::eq(*open, target));
        if is_open || target.len() > self.budget || depth > MAX_DEPTH {
            return out.put_slice(b"{}");
        }
        let Ok(mut merged) = serde_json::from_str::<Entries<'a>>(target) else { return out.put_slice(b"{}") };
        let names = merged.0.iter().enumerate().map(|(at, (name, _))| (name.clone(), at));
        let places: HashMap<Cow<'a, str>, usize> = names.collect();
        for (name, value) in entries.0.iter().filter(|(name, _)| name != "$ref") {
            match places.get(name) {
                Some(&at) => merged.0[at].1 = value,
                None => merged.0.push((name.clone(), value)),
            }
        }
        self.budget -= target.len();
        self.open.push(target);
        self.object(out, &merged, depth + 1, top);
        self.open.pop();
    }

    fn keys(&mut self, out: &mut Vec<u8>, entries: &Entries<'a>, depth: usize, top: bool) {
        out.put_u8(b'{');
        let mut first = true;
        for (name, value) in &entries.0 {
            let (name, raw) = (name.as_ref(), value.get());
            if self.has_references && DEFINITIONS.contains(&name) {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.put_u8(b',');
            }
            write_str(out, name);
            out.put_u8(b':');
            match kind(raw) {
                Kind::Array if top && name == "type" => out.put_slice(one_type(raw).as_bytes()),
                Kind::Bool if name == "additionalProperties" => out.put_slice(raw.as_bytes()),
                Kind::Array if LIST.contains(&name) || name == "items" => self.list(out, raw, depth + 1),
                Kind::Object if MAP.contains(&name) => self.map(out, raw, depth + 1),
                _ if ONE.contains(&name) => self.schema(out, raw, depth + 1),
                _ => out.put_slice(raw.as_bytes()),
            }
        }
        out.put_u8(b'}');
    }

    fn list(&mut self, out: &mut Vec<u8>, raw: &'a str, depth: usize) {
        let schemas = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw).unwrap_or_default();
        out.put_u8(b'[');
        for (at, schema) in schemas.into_iter().enumerate() {
            if at > 0 {
                out.put_u8(b',');
            }
            self.schema(out, schema.get(), depth);
        }
        out.put_u8(b']');
    }

    fn map(&mut self, out: &mut Vec<u8>, raw: &'a str, depth: usize) {
        out.put_u8(b'{');
        for (at, (name, schema)) in
            serde_json::from_str::<Entries<'a>>(raw).unwrap_or_default().0.iter().enumerate()
        {
            if at > 0 {
                out.put_u8(b',');
            }
            write_str(out, name);
            out.put_u8(b':');
            self.schema(out, schema.get(), depth);
        }
        out.put_u8(b'}');
    }

    /// The schema at a pointer such as `#/$defs/Address` (RFC 6901); other documents are out of reach.
    fn resolve(&mut self, pointer: &str) -> Option<&'a str> {
        if let Some(target) = self.definitions.get(pointer) {
            return Some(target);
        }
        let path = pointer.strip_prefix('#').filter(|path| path.is_empty() || path.starts_with('/'))?;
        let mut at = self.root;
        for token in path.split('/').skip(1) {
            if !self.affords(at) {
                return None;
            }
            let token = percent_decoded(token).replace("~1", "/").replace("~0", "~");
            at = match kind(at) {
                Kind::Object => serde_json::from_str::<Entries<'a>>(at).ok()?.get(&token)?.get(),
                Kind::Array => {
                    let items = serde_json::from_str::<Vec<&'a serde_json::value::RawValue>>(at).ok()?;
                    items.get(token.parse::<usize>().ok()?)?.get()
                }
                _ => return None,
            };
        }
        (kind(at) == Kind::Object).then_some(at)
    }
}

/// The first type of a list that is not null; Ollama takes only one word at the top.
fn one_type(raw: &str) -> String {
    let types = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw).unwrap_or_default();
    let first = types.iter().map(|raw| raw.get()).find(|raw| kind(raw) == Kind::Text && *raw != "\"null\"");
    first.unwrap_or("\"object\"").to_owned()
}

fn percent_decoded(token: &str) -> String {
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code =
            (byte == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
