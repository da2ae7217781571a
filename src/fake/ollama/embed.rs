//! Vectors made from the words of a text: the same text gives the same vector, texts that share words give
//! vectors that are near.

use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Object, Reader, keep_alive};
use super::json::{self, Failure, nanos, object, put_number};
use super::models::{self, Model};
use super::service::Ollama;
use super::text::{count, hash, mix, pieces};
use crate::fake::script::Script;

const NO_EMBEDDINGS: &str = "This server does not support embeddings. Start it with `--embeddings`";
const TOO_LONG: &str = "the input length exceeds the context length";

impl Ollama {
    pub(super) fn embed(&self, fields: &Object) -> Result<Script, Failure> {
        let read = Reader { holder: "EmbedRequest", prefix: "", fields };
        let name = read.text("model")?;
        let inputs = match read.raw("input") {
            None => Vec::new(),
            Some(Value::String(text)) if text.is_empty() => Vec::new(),
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                texts.ok_or_else(|| Failure::new(400, "invalid input type"))?
            }
            Some(_) => return Err(Failure::new(400, "invalid input type")),
        };
        let truncate = read.flag("truncate")?.unwrap_or(true);
        let dimensions = usize::try_from(read.integer("dimensions")?).unwrap_or(0);
        let keep = keep_alive(read.raw("keep_alive"))?;
        let model = self.embedder(&name)?;
        let load = self.state.load(model, model.context, keep)?;
        let reply = |vectors: Vec<Value>| [("model", name.as_str().into()), ("embeddings", vectors.into())];
        if inputs.is_empty() {
            return Ok(json::whole(&object(reply(Vec::new()))).after(load));
        }
        if !model.can("embedding") {
            return Err(Failure::new(501, NO_EMBEDDINGS));
        }
        let (mut vectors, mut tokens) = (Vec::new(), 0);
        for input in &inputs {
            let length = count(input) + 2;
            if length > model.context && !truncate {
                return Err(Failure::new(400, TOO_LONG));
            }
            tokens += length.min(model.context);
            vectors.push(rounded(&vector(input, model, dimensions)));
        }
        let time = load + self.options.token_delay * 2;
        let mut fields: Map<String, Value> =
            reply(vectors).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        put_number(&mut fields, "total_duration", nanos(time + Duration::from_micros(tokens + 900)));
        put_number(&mut fields, "load_duration", nanos(load + Duration::from_micros(700)));
        put_number(&mut fields, "prompt_eval_count", tokens);
        let slot = Some(self.state.slot(model));
        Ok(Script { slot, ..json::whole(&Value::Object(fields)).after(time) })
    }

    pub(super) fn embeddings(&self, fields: &Object) -> Result<Script, Failure> {
        let read = Reader { holder: "EmbeddingRequest", prefix: "", fields };
        let name = read.text("model")?;
        let prompt = read.text("prompt")?;
        if name.is_empty() {
            return Err(Failure::new(400, "model is required"));
        }
        let model = self.embedder(&name)?;
        let load = self.state.load(model, model.context, keep_alive(read.raw("keep_alive"))?)?;
        let reply = |vector: Value| json::whole(&object([("embedding", vector)])).after(load);
        if prompt.is_empty() {
            return Ok(reply(Value::Array(Vec::new())));
        }
        if !model.can("embedding") {
            return Err(Failure::new(500, NO_EMBEDDINGS));
        }
        if count(&prompt) + 2 > model.context {
            return Err(Failure::new(500, TOO_LONG));
        }
        // This old route gives the vector as the runner made it, not of length one.
        let vector: Vec<f64> = vector(&prompt, model, 0).iter().map(|x| x * 5.25).collect();
        Ok(reply(rounded(&vector)))
    }

    fn embedder(&self, name: &str) -> Result<&'static Model, Failure> {
        if name.is_empty() {
            return Err(Failure::new(404, "model '' not found"));
        }
        if let Some((status, text)) = models::refused(name) {
            return Err(Failure::new(status, text));
        }
        let missing = || Failure::new(404, format!("model {name:?} not found, try pulling it first"));
        let model = models::find(self.models, name).ok_or_else(missing)?;
        super::service::unbroken(model)?;
        Ok(model)
    }
}

/// The vector of a text, of length one, cut to `dimensions` when that is less than it has.
fn vector(text: &str, model: &Model, dimensions: usize) -> Vec<f64> {
    let mut sum = vec![0.0; model.embedding];
    let limit = usize::try_from(model.context).unwrap_or(usize::MAX);
    for piece in std::iter::once("[CLS]").chain(pieces(text)).take(limit) {
        let word = piece.trim().to_lowercase();
        let weight = if word.len() > 3 { 1.0 } else { 0.3 };
        let mut seed = hash(&word);
        for value in &mut sum {
            seed = mix(seed);
            *value += weight * ((seed >> 40) as f64 / f64::from(1 << 23) - 1.0);
        }
    }
    if (1..sum.len()).contains(&dimensions) {
        sum.truncate(dimensions);
    }
    let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
    sum.iter().map(|x| x / length).collect()
}

/// With about the digits that 32 bits have.
fn rounded(vector: &[f64]) -> Value {
    vector.iter().map(|x| Value::from((x * 1e8).round() / 1e8)).collect()
}
