//! How many requests at once.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::room::WaitingRoom;

/// A cap on what runs at once, with the count of what does. Both outlive snapshots.
#[derive(Debug)]
pub struct Slots {
    /// 0 = no cap.
    cap: AtomicUsize,
    taken: AtomicUsize,
    room: Option<Arc<WaitingRoom>>,
}

impl Slots {
    /// Slots up to `cap`; 0 = as many as wanted. Each one that is given back is offered to those who wait in `room`.
    #[must_use]
    pub fn new(cap: usize, room: Option<&Arc<WaitingRoom>>) -> Self {
        Slots { cap: AtomicUsize::new(cap), taken: AtomicUsize::new(0), room: room.cloned() }
    }

    /// A slot, if one is free.
    #[must_use]
    pub fn try_enter(self: &Arc<Self>) -> Option<SlotGuard> {
        SlotGuard::enter(self)
    }

    fn take(&self) -> bool {
        let cap = self.cap.load(Ordering::Relaxed);
        if cap == 0 {
            self.taken.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let enter = |taken| (taken < cap).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter).is_ok()
    }

    /// Changes the cap. What runs beyond a lower one ends by itself.
    pub fn set_cap(&self, cap: usize) {
        let before = self.cap.swap(cap, Ordering::Relaxed);
        // A reload sets every cap anew; only a change is news to those who wait.
        if let Some(room) = self.room.as_ref().filter(|_| before != cap) {
            room.notify();
        }
    }

    /// The cap; 0 = none.
    #[must_use]
    pub fn cap(&self) -> usize {
        self.cap.load(Ordering::Relaxed)
    }

    /// How many run.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether one more may run.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let cap = self.cap();
        cap == 0 || self.in_flight() < cap
    }

    /// Whether somebody may have waited for a slot that is free now. Nobody waits where there is no cap.
    fn is_sought(&self) -> bool {
        self.cap() > 0 && self.has_room()
    }
}

impl AsRef<Slots> for Slots {
    fn as_ref(&self) -> &Slots {
        self
    }
}

/// One slot, given back on drop. Keeps alive what the slots are a part of.
#[derive(Debug)]
#[must_use]
pub struct SlotGuard<T: AsRef<Slots> = Slots>(Arc<T>);

impl<T: AsRef<Slots>> SlotGuard<T> {
    /// A slot of `of`, if one is free.
    #[must_use]
    pub fn enter(of: &Arc<T>) -> Option<Self> {
        (**of).as_ref().take().then(|| SlotGuard(Arc::clone(of)))
    }
}

impl<T: AsRef<Slots>> Drop for SlotGuard<T> {
    fn drop(&mut self) {
        let slots: &Slots = (*self.0).as_ref();
        slots.taken.fetch_sub(1, Ordering::Relaxed);
        if let Some(room) = &slots.room {
            room.offer_while(|| slots.is_sought());
        }
    }
}
