//! `/admin/api/keys/preview`: what key lines mean, before they are stored.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde_json::{Value, json};

use super::Admin;
use super::error::AdminError;
use super::fields::Fields;
use super::keyline::{KeyLine, display_name, mask, parse_lines};
use super::sign_in::warned;
use crate::store::Rows;

/// Who has the address and the credential of a line already.
#[derive(Debug, Clone)]
enum Twin {
    /// A key of the pool.
    Stored { id: String, name: String },
    /// An earlier line.
    Line(usize),
}

/// What is there before a key is made, and the lines that were seen since.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By address and credential.
    twins: HashMap<(String, String), Twin>,
    /// Each with the last number that was put behind it.
    names: HashMap<String, usize>,
}

impl Known {
    /// The keys of the pool. A credential that cannot be read is like no other.
    pub(super) fn of(rows: &Rows) -> Known {
        let mut known = Known::default();
        for row in rows.backends.iter().filter(|row| row.channel_id.is_none()) {
            known.names.insert(row.name.clone(), 1);
            if let Ok(credential) = &row.credential {
                let stored = Twin::Stored { id: row.id.clone(), name: row.name.clone() };
                known.twins.insert((row.base_url.clone(), credential.expose().to_owned()), stored);
            }
        }
        known
    }

    /// The name that a line's key gets when it is given none. Those that look alike are numbered, as long as they are
    /// no duplicates, which are not stored.
    pub(super) fn see(&mut self, line: &KeyLine) -> String {
        self.look(line).0
    }

    fn look(&mut self, line: &KeyLine) -> (String, Option<Twin>) {
        let (base, key) = (line.base.to_string(), line.key.expose());
        let name = display_name(&line.base, key);
        match self.twins.entry((base, key.to_owned())) {
            Entry::Occupied(twin) => (name, Some(twin.get().clone())),
            Entry::Vacant(free) => {
                free.insert(Twin::Line(line.line));
                (self.number(name), None)
            }
        }
    }

    fn number(&mut self, name: String) -> String {
        let Some(mut number) = self.names.get(&name).copied() else {
            self.names.insert(name.clone(), 1);
            return name;
        };
        loop {
            number += 1;
            let next = format!("{name} {number}");
            if !self.names.contains_key(&next) {
                self.names.insert(next.clone(), 1);
                self.names.insert(name, number);
                return next;
            }
        }
    }
}

/// Reads the text as a batch does, and stores nothing.
pub(super) async fn preview(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Json<Value>, AdminError> {
    let mut fields = Fields::read(&body)?;
    let base = fields.base("baseUrl").unwrap_or_else(|| admin.default_base.clone());
    let text = fields.text("keys").filter(|text| !text.trim().is_empty());
    if text.is_none() {
        fields.wrong("keys", "text is required");
    }
    let warnings = fields.end()?;
    let mut known = Known::of(&admin.store.load_backends().await?);
    let (mut lines, mut added, mut duplicates, mut errors) = (Vec::new(), 0, 0, 0);
    for read in parse_lines(&text.unwrap_or_default(), &base) {
        lines.push(match read {
            Ok(line) => {
                let shown = good(&line, &mut known);
                let count = if shown["duplicate"] == true { &mut duplicates } else { &mut added };
                *count += 1;
                shown
            }
            Err(error) => {
                errors += 1;
                json!({ "line": error.line, "input": error.input, "error": error.reason })
            }
        });
    }
    let summary = json!({ "added": added, "duplicates": duplicates, "errors": errors });
    Ok(warned(json!({ "lines": lines, "summary": summary }), &warnings))
}

fn good(line: &KeyLine, known: &mut Known) -> Value {
    let (name, twin) = known.look(line);
    let mut shown = json!({
        "line": line.line, "form": line.form.as_str(), "baseUrl": line.base.to_string(),
        "key": mask(line.key.expose()), "name": name, "duplicate": twin.is_some(),
    });
    match twin {
        Some(Twin::Stored { id, name }) => shown["of"] = json!({ "id": id, "name": name }),
        Some(Twin::Line(line)) => shown["of"] = json!({ "line": line }),
        None => {}
    }
    shown
}
