//! What the gateway tells of itself: logs, and the record of a request, from which all accounts of it are made.

mod log;
pub mod metrics;
mod record;
mod trace;

pub use log::{batched, init, set_level, tell};
pub use metrics::{Metrics, Presence};
pub use record::{Attempt, Consumer, Node, Record};
pub use trace::{Batch, Sampler, Trace, Traces};
