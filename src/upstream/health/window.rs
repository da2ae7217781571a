//! Successes and faults of the last minute, in slots of five seconds.

use std::time::Duration;

/// The width of a slot.
pub(super) const SLOT: Duration = Duration::from_secs(5);
/// The running slot and those before it: 55 s to 60 s.
const SLOTS: usize = 12;
/// Fewer requests say nothing.
const MIN_REQUESTS: u64 = 5;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Number of the slot since the breaker was made.
    number: u64,
    ok: u64,
    faults: u64,
}

/// Counts by slot; an old slot is overwritten when its place is needed.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: [Slot; SLOTS],
}

impl Window {
    /// Counts successes within slot `number`.
    pub(super) fn succeed(&mut self, number: u64, count: u64) {
        if let Some(slot) = self.slot(number) {
            slot.ok += count;
        }
    }

    /// Counts a fault within slot `number`.
    pub(super) fn fault(&mut self, number: u64) {
        if let Some(slot) = self.slot(number) {
            slot.faults += 1;
        }
    }

    /// Over 80 % faults among at least 5 requests, as seen from slot `number`.
    pub(super) fn is_bad(&self, number: u64) -> bool {
        let recent = self.slots.iter().filter(|slot| slot.number + SLOTS as u64 > number);
        let (ok, faults) = recent.fold((0, 0), |(ok, faults), slot| (ok + slot.ok, faults + slot.faults));
        let requests = ok + faults;
        requests >= MIN_REQUESTS && faults * 5 > requests * 4
    }

    /// All successes and faults that are remembered.
    #[cfg(test)]
    pub(super) fn total(&self) -> (u64, u64) {
        self.slots.iter().fold((0, 0), |(ok, faults), slot| (ok + slot.ok, faults + slot.faults))
    }

    /// The slot with that number; `None` when it is older than the window.
    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let place = usize::try_from(number % SLOTS as u64).unwrap_or_default();
        let slot = &mut self.slots[place];
        if slot.number < number {
            *slot = Slot { number, ..Slot::default() };
        }
        (slot.number == number).then_some(slot)
    }
}
