//! HTTP's own matters, the same for every surface: failures as replies, bodies in and out, ids, headers.
//!
//! Knows nothing of models, backends or tokens.

mod body;
mod caller;
mod failure;
pub mod headers;
mod ids;
mod intake;

pub use body::{Body, Held};
pub use caller::{Peer, check_host, credential, is_loopback};
pub use failure::{Blame, Failure, Limit, Outcome, Retry};
pub use ids::{Ids, request_id};
pub use intake::{discard_small, read_body};

/// A reply of the gateway.
pub type Reply = ::http::Response<Body>;
