//! `import`: what the Node program has stored, from any folder.

use std::path::PathBuf;

use super::options::Options;
use super::{Told, args, place};
use crate::admin::token_rules::CLOSES;
use crate::config::{Config, Row};
use crate::import::{Files, Given, Plan, Report, Surroundings, plan, remove_source};
use crate::store::{By, Store, StoreError};

/// What is to be imported, and how.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) folder: PathBuf,
    pub(super) apply: bool,
    pub(super) logs: bool,
    pub(super) remove_source: bool,
    /// What is configured here.
    pub(super) given: Vec<Given>,
}

pub(super) fn read(options: &mut Options<'_>) -> Option<Job> {
    let job = Job {
        folder: options.path()?,
        apply: options.flag(args::APPLY),
        logs: options.flag(args::LOGS),
        remove_source: options.flag(args::REMOVE_SOURCE),
        given: Vec::new(),
    };
    if job.remove_source && !job.apply {
        options.wrong("--remove-source deletes what was imported: it needs --apply");
    }
    Some(job)
}

/// The settings that have a value of their own.
pub(super) fn given(rows: &[Row]) -> Vec<Given> {
    let said = rows.iter().filter(|row| row.is_given());
    let given = said.map(|row| Given {
        name: row.name.to_owned(),
        value: row.value.clone(),
        origin: row.origin.clone(),
    });
    given.collect()
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    let files = Files::in_folder(&job.folder, job.logs)?;
    let here = Surroundings::here(config.upstream.key_base.clone(), config.limits.zone.clone());
    let here = Surroundings { given: Some(job.given), ..here };
    let plan = plan(&files, &here)?;
    let Carried { mut report, lost, closes } = carry_out(plan, job.apply, config).await?;
    let removed = match job.remove_source && lost == 0 {
        true => remove_source(&files, &mut report),
        false => Ok(Vec::new()),
    };
    let mut told = Told::out(report.text(&place(config)));
    told.warnings.extend(closes.then(|| CLOSES.to_owned()));
    if job.remove_source && lost > 0 {
        told.failure = Some(format!(
            "nothing was deleted: {lost} credentials that are stored here cannot be read, and may be in the old \
             files only"
        ));
    }
    match removed {
        Ok(lines) => lines.iter().for_each(|line| told.out.push_str(&format!("{line}\n"))),
        Err(error) => told.failure = Some(format!("all was imported, but not deleted: {error}")),
    }
    Ok(told)
}

/// What came of it, and how many credentials that are stored cannot be read.
/// What came of a plan.
struct Carried {
    report: Report,
    /// Credentials that are stored and cannot be read.
    lost: usize,
    /// Whether tokens came where nobody needed one.
    closes: bool,
}

async fn carry_out(plan: Plan, apply: bool, config: &Config) -> anyhow::Result<Carried> {
    // To find out what would become of it, without making a database where there is none.
    let nowhere = tempfile::tempdir()?;
    let is_there = apply || Store::exists(&config.data_dir);
    let folder = if is_there { config.data_dir.as_path() } else { nowhere.path() };
    let store = Store::open(folder, config.secret_key.as_ref()).await?;
    let done = async {
        let had_tokens = store.load().await?.had_tokens;
        let report = plan.carry_out(&store, apply, &By::cli()).await?;
        let rows = store.load().await?;
        let closes = !had_tokens && rows.had_tokens && config.access.serves_anybody();
        Ok::<_, StoreError>(Carried { report, lost: rows.lost().count(), closes })
    }
    .await;
    store.close().await;
    Ok(done?)
}
