//! The server side of connections: accepting, limits on heads, draining. Knows HTTP, nothing of its content.

mod accept;

pub use accept::{Server, bind};
