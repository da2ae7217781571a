//! Taking over what the Node program has stored: its JSON files, logs and `.env` become rows, with a report that says
//! of each thing how well it fits. Old files are only read; [`remove_source`] alone deletes some, when asked to.
//!
//! A damaged file ends an import before anything is written. What cannot be taken over as it was is named in the report
//! and never opens more than before. Not here: who asks for an import (start, command line, admin API).

mod access;
mod channels;
mod env;
mod error;
mod files;
mod first;
mod item;
mod keys;
mod logs;
mod moment;
mod plan;
mod report;
mod text;
mod tokens;
mod usage;

pub use error::ImportError;
pub use files::{File, Files, remove_source};
pub use first::{First, REPORT, at_first_start, forgotten};
pub use plan::{Given, Plan, Surroundings, plan};
pub use report::{Fit, Line, Report, State};
