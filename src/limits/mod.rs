//! Limits of this process: how many at once, how many in a while, how many in a month, how many may wait, how many
//! retries.
//!
//! Knows nothing of tokens, models or backends: whoever owns one of these decides what it counts.

mod budget;
mod gate;
mod keyed;
mod quota;
mod replies;
mod room;
mod sliding;

pub use budget::RetryBudget;
pub use gate::{SlotGuard, Slots};
pub use keyed::{Keyed, network};
pub use quota::{Exhausted, Period, Quota, Reservation, Usage, period};
pub use replies::Counted;
pub use room::{Refused, RoomCounts, WaitingRoom};
pub use sliding::{Refusal, Sliding, Standing, Taken};
