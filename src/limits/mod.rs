//! Limits of this process: how many at once, how many in a while, how many may wait, how many retries.
//!
//! Knows nothing of tokens, models or backends: whoever owns one of these decides what it counts.

mod budget;
mod gate;
mod room;
mod window;

pub use budget::RetryBudget;
pub use gate::{SlotGuard, Slots};
pub use room::{Refused, RoomCounts, WaitingRoom};
pub use window::Window;
