//! `/admin/api/keys/preview`: what key lines mean, before they are stored.

use std::collections::HashMap;
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

/// Keys by address and credential.
type Twins = HashMap<(String, String), Twin>;

/// Reads the text as a batch does, and stores nothing.
pub(super) async fn preview(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Json<Value>, AdminError> {
    let mut fields = Fields::read(&body)?;
    let base = fields.base("baseUrl").unwrap_or_else(|| admin.default_base.clone());
    let text = fields.text("keys").filter(|text| !text.trim().is_empty());
    if text.is_none() {
        fields.wrong("keys", "text is required");
    }
    let warnings = fields.end()?;
    let mut twins = of_pool(&admin.store.load_backends().await?);
    let (mut lines, mut added, mut duplicates, mut errors) = (Vec::new(), 0, 0, 0);
    for read in parse_lines(&text.unwrap_or_default(), &base) {
        lines.push(match read {
            Ok(line) => {
                let shown = good(&line, &mut twins);
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

/// A credential that cannot be read is like no other.
fn of_pool(rows: &Rows) -> Twins {
    let pool = rows.backends.iter().filter(|row| row.channel_id.is_none());
    let readable = pool.filter_map(|row| Some((row, row.credential.as_ref().ok()?)));
    let known = readable.map(|(row, credential)| {
        let stored = Twin::Stored { id: row.id.clone(), name: row.name.clone() };
        ((row.base_url.clone(), credential.expose().to_owned()), stored)
    });
    known.collect()
}

fn good(line: &KeyLine, twins: &mut Twins) -> Value {
    let (base, key) = (line.base.to_string(), line.key.expose());
    let mut shown = json!({
        "line": line.line, "form": line.form.as_str(), "baseUrl": base, "key": mask(key),
        "name": display_name(&line.base, key), "duplicate": false,
    });
    match twins.get(&(base.clone(), key.to_owned())) {
        Some(twin) => {
            shown["duplicate"] = Value::Bool(true);
            shown["of"] = match twin {
                Twin::Stored { id, name } => json!({ "id": id, "name": name }),
                Twin::Line(line) => json!({ "line": line }),
            };
        }
        None => {
            twins.insert((base, key.to_owned()), Twin::Line(line.line));
        }
    }
    shown
}
