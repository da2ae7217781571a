//! What an admin saved at run time, for `check-config`: read from the database, if there is one, and nothing written.

use crate::config::Loaded;
use crate::store::{Store, StoreError};

/// How a row says that it was saved.
pub(super) const ORIGIN: &str = "saved";

/// The configuration with what was saved on top; what is configured below stands in the note. A database that cannot
/// be read is a warning: the configuration itself is in order.
pub(super) fn on_top(mut loaded: Loaded) -> Loaded {
    let saved = match read(&loaded) {
        Ok(saved) => saved,
        Err(error) => {
            loaded.warnings.push(format!("what was saved at run time cannot be read: {error}"));
            return loaded;
        }
    };
    let mut now = loaded.with_saved(&saved);
    for (row, configured) in now.rows.iter_mut().zip(&loaded.origins) {
        if row.origin == ORIGIN {
            let value = if configured.value.is_empty() { "-" } else { &configured.value };
            row.note = format!("configured: {value} ({})", configured.origin);
        }
    }
    loaded.config = now.config;
    loaded.origins = now.rows;
    loaded.warnings.extend(now.warnings);
    loaded
}

fn read(loaded: &Loaded) -> Result<Vec<(String, String)>, Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let saved: Result<_, StoreError> = runtime.block_on(Store::saved_settings(&loaded.config.data_dir));
    Ok(saved?)
}
