//! `/api/tags` → the objects of `/v1/models`.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::BufMut;

use crate::json::{Text, write_int, write_str};
use crate::ollama::{Ps, Tags};

/// A model as clients see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name with tag.
    pub id: String,
    /// Unix seconds of its last change; 0 when unknown.
    pub created: i64,
    /// Of its files, when the upstream tells it: another version of a model has another one.
    pub digest: Option<Box<str>>,
    pub facts: Facts,
}

/// What else a list tells of a model. Texts are the same in many entries, so a list has each of them once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// In bytes.
    pub size: Option<u64>,
    pub family: Option<Arc<str>>,
    pub parameter_size: Option<Arc<str>>,
    pub quantization: Option<Arc<str>>,
}

/// A model that an upstream has in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its name with tag.
    pub id: String,
    /// Bytes on the GPU.
    pub vram: Option<u64>,
    /// As the upstream writes it.
    pub expires_at: Option<String>,
    /// In tokens.
    pub context_length: Option<u64>,
}

/// The models of a reply of `/api/ps`; entries without a name are left out.
///
/// # Errors
/// serde's, when the reply is no such JSON.
pub fn from_ps(body: &[u8]) -> Result<Vec<Running>, serde_json::Error> {
    let mut scratch = String::new();
    let ps: Ps<'_> = crate::ollama::parse(body, &mut scratch)?;
    let running = ps.models.unwrap_or_default().into_iter().filter_map(|loaded| {
        Some(Running {
            id: loaded.model.or(loaded.name)?.as_str().to_owned(),
            vram: loaded.size_vram.map(|count| count.0),
            expires_at: loaded.expires_at.map(|at| at.as_str().to_owned()),
            context_length: loaded.context_length.map(|count| count.0).filter(|length| *length > 0),
        })
    });
    Ok(running.filter(|running| !running.id.is_empty()).collect())
}

/// The models of a reply of `/api/tags`; entries without a name are left out.
///
/// # Errors
/// serde's, when the reply is no such JSON.
pub fn from_tags(body: &[u8]) -> Result<Vec<Model>, serde_json::Error> {
    let mut scratch = String::new();
    let tags: Tags<'_> = crate::ollama::parse(body, &mut scratch)?;
    let mut known = HashSet::<Arc<str>>::new();
    let mut once = |text: Option<String>| {
        let text = text.filter(|text| !text.is_empty())?;
        let known = known.get(text.as_str()).cloned().unwrap_or_else(|| {
            let new: Arc<str> = text.into();
            known.insert(Arc::clone(&new));
            new
        });
        Some(known)
    };
    let models = tags.models.unwrap_or_default().into_iter().filter_map(|tag| {
        let details = tag.details();
        let facts = Facts {
            size: tag.size.map(|size| size.0).filter(|size| *size > 0),
            family: once(details.family),
            parameter_size: once(details.parameter_size),
            quantization: once(details.quantization_level),
        };
        let id = tag.model.or(tag.name)?.as_str().to_owned();
        let created =
            tag.modified_at.as_ref().map(Text::as_str).and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let digest = tag.digest.as_ref().map(|digest| digest.as_str().into());
        Some(Model { id, created: created.map_or(0, jiff::Timestamp::as_second), digest, facts })
    });
    Ok(models.filter(|model| !model.id.is_empty()).collect())
}

impl Model {
    /// Writes the object under the name `id`, which may be another spelling of the model's own.
    pub fn write(&self, out: &mut impl BufMut, id: &str) {
        out.put_slice(br#"{"id":"#);
        write_str(out, id);
        out.put_slice(br#","object":"model","created":"#);
        write_int(out, self.created);
        out.put_slice(br#","owned_by":"#);
        write_str(out, owner(&self.id));
        out.put_u8(b'}');
    }
}

/// The namespace of a name: `u` of `u/b:1` and of `host/u/b:1`, else `library`.
fn owner(id: &str) -> &str {
    id.rsplit('/').nth(1).unwrap_or("library")
}

/// Writes `{"object":"list","data":[…]}`.
#[must_use]
pub fn list<'r>(models: impl IntoIterator<Item = &'r Model>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.put_slice(br#"{"object":"list","data":["#);
    for (at, model) in models.into_iter().enumerate() {
        if at > 0 {
            out.put_u8(b',');
        }
        model.write(&mut out, &model.id);
    }
    out.put_slice(b"]}");
    out
}

/// Whether two names mean the same model to Ollama: case does not count, and no tag means `:latest`.
#[must_use]
pub fn same_name(one: &str, other: &str) -> bool {
    let (one, other) = (untagged(one), untagged(other));
    one.0.eq_ignore_ascii_case(other.0) && one.1.eq_ignore_ascii_case(other.1)
}

fn untagged(name: &str) -> (&str, &str) {
    match name.rsplit_once(':') {
        // a colon before the last slash belongs to a host's port
        Some((base, tag)) if !tag.contains('/') && !tag.is_empty() => (base, tag),
        _ => (name, "latest"),
    }
}
