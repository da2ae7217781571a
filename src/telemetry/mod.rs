//! What the gateway tells of itself. Logs for now; metrics and traces have their place here.

mod log;

pub use log::{init, set_level};
