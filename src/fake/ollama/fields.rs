//! The fields of a request body read as Go reads them: `null` is absent, another type is refused in its words.

use serde_json::{Map, Value};

use super::json::Failure;

pub(super) type Object = Map<String, Value>;

/// The object of a body; what follows it is not looked at.
pub(super) fn parse(body: &[u8]) -> Result<Object, Failure> {
    if body.is_empty() {
        return Err(Failure::new(400, "missing request body"));
    }
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        Some(Ok(Value::Object(fields))) => Ok(fields),
        Some(Ok(Value::Null)) => Ok(Object::new()),
        Some(Ok(other)) => Err(Failure::new(400, mismatch(&other, "", "ChatRequest", "api.ChatRequest"))),
        None => Err(Failure::new(400, "unexpected EOF")),
        Some(Err(error)) if error.is_eof() => Err(Failure::new(400, "unexpected EOF")),
        Some(Err(error)) => Err(Failure::new(400, syntax(body, &error))),
    }
}

fn syntax(body: &[u8], error: &serde_json::Error) -> String {
    let line = body.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let at = error.column().saturating_sub(1).min(line.len());
    let c = String::from_utf8_lossy(&line[at..]).chars().next().unwrap_or(' ');
    let place = match error.to_string() {
        text if text.contains("key must be a string") => "looking for beginning of object key string",
        text if text.contains("expected `,` or `}`") => "after object key:value pair",
        text if text.contains("expected `,` or `]`") => "after array element",
        text if text.contains("expected `:`") => "after object key",
        _ => "looking for beginning of value",
    };
    format!("invalid character '{c}' {place}")
}

fn mismatch(value: &Value, path: &str, holder: &str, wanted: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if path.is_empty() {
        return format!("json: cannot unmarshal {found} into Go value of type {wanted}");
    }
    format!("json: cannot unmarshal {found} into Go struct field {holder}.{path} of type {wanted}")
}

/// Reads the fields of one Go struct.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The struct that Go names in its errors.
    pub(super) holder: &'a str,
    /// Where these fields stand, with a dot at the end, or empty.
    pub(super) prefix: &'a str,
    pub(super) fields: &'a Object,
}

impl<'a> Reader<'a> {
    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn refuse(&self, name: &str, value: &Value, wanted: &str) -> Failure {
        Failure::new(400, mismatch(value, &format!("{}{name}", self.prefix), self.holder, wanted))
    }

    /// A text, empty when absent.
    pub(super) fn text(&self, name: &str) -> Result<String, Failure> {
        match self.raw(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.refuse(name, other, "string")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.refuse(name, other, "bool")),
        }
    }

    /// A whole number, 0 when absent.
    pub(super) fn integer(&self, name: &str) -> Result<i64, Failure> {
        match self.raw(name) {
            None => Ok(0),
            Some(value) => value.as_i64().ok_or_else(|| self.refuse(name, value, "int")),
        }
    }

    /// An array, empty when absent; `wanted` is what Go calls it.
    pub(super) fn array(&self, name: &str, wanted: &str) -> Result<&'a [Value], Failure> {
        match self.raw(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(self.refuse(name, other, wanted)),
        }
    }

    /// An object, if present.
    pub(super) fn object(&self, name: &str, wanted: &str) -> Result<Option<&'a Object>, Failure> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(other) => Err(self.refuse(name, other, wanted)),
        }
    }

    /// The bytes of base64 texts.
    pub(super) fn images(&self, name: &str) -> Result<Vec<Vec<u8>>, Failure> {
        let items = self.array(name, "[]api.ImageData")?;
        let decoded = items.iter().map(|item| {
            let text = item.as_str().ok_or_else(|| self.refuse(name, item, "api.ImageData"))?;
            super::image::decode(text)
                .map_err(|at| Failure::new(400, format!("illegal base64 data at input byte {at}")))
        });
        decoded.collect()
    }
}

/// Reads `keep_alive` in seconds; negative means for ever.
pub(super) fn keep_alive(value: Option<&Value>) -> Result<Option<f64>, Failure> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(Value::String(text)) => go_duration(text).map(Some),
        Some(Value::Bool(_)) => Err(Failure::new(400, "Unsupported type: 'bool'")),
        Some(Value::Array(_)) => Err(Failure::new(400, "Unsupported type: '[]interface {}'")),
        Some(_) => Err(Failure::new(400, "Unsupported type: 'map[string]interface {}'")),
    }
}

fn go_duration(text: &str) -> Result<f64, Failure> {
    let invalid = || Failure::new(400, format!("time: invalid duration {text:?}"));
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0.0);
    }
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let scale = match &rest[..unit] {
            "" => return Err(Failure::new(400, format!("time: missing unit in duration {text:?}"))),
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            unit => {
                return Err(Failure::new(400, format!("time: unknown unit {unit:?} in duration {text:?}")));
            }
        };
        seconds += number * scale;
        rest = &rest[unit..];
    }
    Ok(sign * seconds)
}
