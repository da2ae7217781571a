//! The immutable view of all configuration that one request reads, from its start to its end.
//!
//! It holds `Arc`s to live state (backends, caps), so that a new snapshot resets no counter. The only place where
//! rows become runtime values; it runs no query itself.

pub mod abilities;
mod build;
pub mod fit;
mod limits;
mod live;
mod model;
mod pattern;
mod search;
mod token;
mod token_live;
pub mod unserved;

pub use build::{BadRow, IMPLICIT, Registry};
pub use limits::{Limits, Shared};
pub use live::{Current, Lasting, ReloadError, Reloader, UnwrittenTotals, levels};
pub use model::{Configured, Counts, Group, Origin, Plan, Snapshot, Target, Tier, serves};
pub use pattern::{Mapping, Patterns, canonical};
pub use search::{Pick, Search};
pub use token::{Token, TokenCounts, Tokens};
pub use token_live::{Left, Live, Place};
