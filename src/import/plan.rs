//! From files to what is to be stored, and what is to be said of it. Nothing is asked or written here but by
//! [`Plan::carry_out`].

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::files::{File, Files};
use super::report::{Line, Report};
use super::text::Ids;
use super::{ImportError, access, channels, env, keys, logs, tokens, usage};
use crate::config::BaseUrl;
use crate::store::{Batch, By, Store, StoreError};

/// A setting that the configuration in force gives.
#[derive(Debug, Clone)]
pub struct Given {
    pub name: String,
    /// As it may be shown: `***` for a secret.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

/// What a plan depends on beside the files.
#[derive(Debug)]
pub struct Surroundings {
    /// Where a key without an address goes.
    pub default_base: BaseUrl,
    pub now: Timestamp,
    /// The zone in which the Node program read times without one.
    pub zone: TimeZone,
    /// That of `QUOTA_TIMEZONE`, in which months of quotas begin here.
    pub quota_zone: TimeZone,
    /// What is configured beside the defaults; `None` where that is not known.
    pub given: Option<Vec<Given>>,
}

impl Surroundings {
    /// Here and now: in the zone of `TZ` or of the system. Of what is configured nothing is known.
    #[must_use]
    pub fn here(default_base: BaseUrl, quota_zone: TimeZone) -> Surroundings {
        Surroundings {
            default_base,
            now: Timestamp::now(),
            zone: TimeZone::system(),
            quota_zone,
            given: None,
        }
    }
}

/// What is to be imported.
pub struct Plan {
    pub(super) batch: Batch,
    pub(super) report: Report,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("report", &self.report).finish_non_exhaustive()
    }
}

/// What is being planned.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) batch: Batch,
    pub(super) lines: Vec<Line>,
    pub(super) secrets: Vec<File>,
    pub(super) key_ids: Ids,
    pub(super) token_ids: Ids,
}

/// Reads the files.
///
/// # Errors
/// [`ImportError::Damaged`].
pub fn plan(files: &Files, here: &Surroundings) -> Result<Plan, ImportError> {
    let mut draft = Draft::default();
    keys::read(files, here, &mut draft)?;
    channels::read(files, here, &mut draft)?;
    tokens::read(files, here, &mut draft)?;
    usage::read(files, &mut draft)?;
    access::read(files, &mut draft)?;
    logs::read(files, &mut draft)?;
    env::read(files, here, &mut draft);
    let Draft { batch, lines, secrets, .. } = draft;
    Ok(Plan { batch, report: Report::new(lines, secrets, files) })
}

impl Plan {
    /// Names and values of settings that are to be saved where none is saved yet.
    #[must_use]
    pub fn settings(&self) -> &[(String, String)] {
        &self.batch.settings
    }

    /// Stores what was planned in one transaction; without `apply` only finds out what would become of it.
    ///
    /// # Errors
    /// Those of the database; nothing has changed then.
    pub async fn carry_out(mut self, store: &Store, apply: bool, by: &By) -> Result<Report, StoreError> {
        let imported = store.import(&self.batch, apply, by).await?;
        for line in &mut self.report.lines {
            line.land(&imported);
        }
        self.report.applied = apply;
        Ok(self.report)
    }
}
