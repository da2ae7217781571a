//! The first start in the data folder of the Node program: what is in it is imported before there is a database.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::files::{Files, has_any};
use super::plan::{Surroundings, plan};
use super::{ImportError, Report};
use crate::config::Secret;
use crate::store::{By, Store, StoreError};

/// The file in the data folder that keeps the report.
pub const REPORT: &str = "import-report.txt";

/// What the first start has imported.
#[derive(Debug)]
pub struct First {
    pub report: Report,
    /// Where all of the report is.
    pub kept: PathBuf,
}

/// What to say at a start when files of the Node program lie in a data folder whose database never heard of an import.
///
/// # Errors
/// Those of the database.
pub async fn forgotten(data_dir: &Path, store: &Store) -> Result<Option<String>, StoreError> {
    if !has_any(data_dir) || store.had_import().await? {
        return Ok(None);
    }
    let folder = data_dir.display();
    Ok(Some(format!(
        "{folder} has files of the Node program that were not imported, as there was a database before the first \
         start: `ollama2openai import {folder}` shows what would come of them"
    )))
}

/// Imports what the Node program left in a data folder, if there is no database yet. Killed at any moment, it has done
/// nothing or all of it.
///
/// # Errors
/// Those of reading, of the report, and of the database; there is no database then.
pub async fn at_first_start(
    data_dir: &Path,
    secret: Option<&Secret>,
    here: &Surroundings,
) -> Result<Option<First>, ImportError> {
    if Store::exists(data_dir) || !has_any(data_dir) {
        return Ok(None);
    }
    let plan = plan(&Files::json_in(data_dir)?, here)?;
    let Some(staged) = Store::stage(data_dir, secret).await? else { return Ok(None) };
    let report = plan.carry_out(staged.store(), true, &By::start()).await?;
    let shown = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let kept = shown.join(REPORT);
    keep(&kept, &report.text(&shown.display().to_string()))
        .map_err(|source| ImportError::Report { path: kept.clone(), source })?;
    staged.finish().await?;
    Ok(Some(First { report, kept }))
}

fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("txt.part");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}
