//! The immutable view of all configuration that one request reads, from its start to its end.
//!
//! It holds `Arc`s to live state (backends, caps), so that a new snapshot resets no counter. The only place where
//! rows become runtime values; it runs no query itself.

mod build;
mod limits;
mod live;
mod model;
mod pattern;
mod token;
mod token_live;

pub use build::{BadRow, IMPLICIT, Registry};
pub use limits::{Limits, Shared};
pub use live::{Current, Lasting, ReloadError, Reloader};
pub use model::{Configured, Counts, Group, Origin, Plan, Snapshot, Target, Tier};
pub use pattern::Patterns;
pub use token::{Token, TokenCounts, Tokens};
pub use token_live::{Live, Place};
