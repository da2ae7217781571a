//! SIGHUP: reads the configuration anew, puts it in force whole or not at all, and tells in what it differs.

use crate::app::App;
use crate::config::{self, Changed, Sources};

/// Reads the sources again. The environment is that of the start: nobody can change it from outside.
pub(super) async fn reread(app: &App, sources: &Sources) {
    let fresh = match config::load(sources) {
        Ok(fresh) => fresh,
        Err(bad) => {
            for problem in &bad.problems {
                tracing::error!("{problem}");
            }
            tracing::error!(mistakes = bad.problems.len(), "SIGHUP: {bad}; what was in force stays");
            return;
        }
    };
    let before = app.configured();
    for warning in fresh.warnings.iter().filter(|warning| !before.warnings.contains(warning)) {
        tracing::warn!("{warning}");
    }
    let reread = before.reread(fresh);
    let has_certificate = match app.configure(reread.loaded).await {
        Ok(has_certificate) => has_certificate,
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(
                "SIGHUP: the configuration cannot be put in force: {error}; what was in force stays"
            );
            return;
        }
    };
    let saved = app.settings();
    for change in &reread.changed {
        let is_saved = saved.row(change.name).origin == "saved";
        tell(change, is_saved);
    }
    // The log has said which.
    let changes = reread.changed.len() + usize::from(has_certificate);
    tracing::info!(changes, "SIGHUP: the configuration was read anew");
}

/// One change, as a line for people and as fields.
fn tell(change: &Changed, is_saved: bool) {
    let Changed { name, old, new, origin, needs_restart } = change;
    let told = match (needs_restart, is_saved) {
        (true, _) => "it counts from the next start",
        (false, true) => "a value that was saved stays in force",
        (false, false) => "it is in force",
    };
    if *needs_restart {
        tracing::warn!(setting = name, old, new, origin, "{change}: {told}");
    } else {
        tracing::info!(setting = name, old, new, origin, "{change}: {told}");
    }
}
