//! What the gateway tells of itself: logs, and the record of a request, from which all accounts of it are made.

mod capture;
mod drops;
mod echo;
mod files;
mod journal;
mod log;
pub mod metrics;
mod model_names;
mod record;
mod trace;

pub use capture::{Capture, Captured, Captures, Facts, Redact, Redacted, RedactedText};
pub use drops::{CALM, Dropped, Losses};
pub use echo::without_request;
pub use files::{FileBounds, LineFile};
pub use journal::{DiskTrouble, Journal, JournalRules, Line, Logged};
pub use log::{Levels, batched, init, set_levels, tell};
pub use metrics::{Metrics, Presence};
pub(crate) use model_names::OTHER;
pub use model_names::{ModelNames, Naming};
pub use record::{Attempt, Call, Consumer, Node, Record};
pub use trace::{Batch, Exports, Sampler, Trace, Traces};
