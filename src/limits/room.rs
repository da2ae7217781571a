//! Where requests wait while all that could serve them are at capacity.
//!
//! Nobody is woken to try: who gives a slot back lets those who wait try, one after the other, and only who has
//! got something wakes up. So there is no overtaking, and a wake-up cannot be lost.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

/// So often all who wait try again, for time alone may change what they can have: a pause ends, a window moves on.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

thread_local! {
    /// The room that this thread lets somebody try for. What a try gives back is no news to that room.
    static TRYING: Cell<usize> = const { Cell::new(0) };
}

/// Why there was no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many as may wait do.
    Full,
    /// The deadline passed.
    TooLong,
}

/// What happened in a room since it was made. Who was served at once is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomCounts {
    /// Served after a wait.
    pub served: u64,
    /// Refused, as the room was full.
    pub full: u64,
    /// Refused at the deadline.
    pub too_long: u64,
    /// Left before either.
    pub left: u64,
    /// All waits together, of those who were served.
    pub waited: Duration,
}

/// A bounded line of requests, first come first served. One room serves all slots that a request may choose from.
pub struct WaitingRoom {
    max: AtomicUsize,
    look_again: Duration,
    /// The length of the line; one more while a newcomer tries.
    depth: AtomicUsize,
    line: Mutex<Line>,
    served: AtomicU64,
    full: AtomicU64,
    too_long: AtomicU64,
    left: AtomicU64,
    waited_micros: AtomicU64,
}

#[derive(Default)]
struct Line {
    next: u64,
    waiters: VecDeque<Waiter>,
    /// When all tried for the sake of time.
    looked: Option<Instant>,
}

struct Waiter {
    number: u64,
    /// Tries, hands over what it got, and says whether it did.
    serve: Box<dyn FnMut() -> bool + Send>,
}

enum Entry<T> {
    Served(T),
    Full,
    Waiting(u64, oneshot::Receiver<T>),
}

impl WaitingRoom {
    /// A room for `max` at most; 0 = nobody waits.
    #[must_use]
    pub fn new(max: usize) -> Self {
        WaitingRoom {
            max: AtomicUsize::new(max),
            look_again: LOOK_AGAIN,
            depth: AtomicUsize::new(0),
            line: Mutex::default(),
            served: AtomicU64::new(0),
            full: AtomicU64::new(0),
            too_long: AtomicU64::new(0),
            left: AtomicU64::new(0),
            waited_micros: AtomicU64::new(0),
        }
    }

    /// What `try_take` gives, as soon as it gives something. Tries at once; then whenever a slot is given back
    /// and nobody who came before wants it. Try yourself only while [`WaitingRoom::depth`] is 0: else you overtake.
    ///
    /// `try_take` runs on whatever thread gives a slot back, under a lock: it must be quick and may not touch the
    /// room but by dropping slots. If the future is dropped, its place is free at once, and what it was given
    /// meanwhile goes to the next.
    ///
    /// `waited` is told how long somebody had a place in the line, however that ended; nothing of who had none.
    ///
    /// # Errors
    /// When the room is full, and at the deadline.
    pub async fn wait<T, F>(
        &self,
        deadline: Instant,
        mut try_take: F,
        waited: &(dyn Fn(Duration) + Sync),
    ) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnMut() -> Option<T> + Send + 'static,
    {
        if self.depth() == 0
            && let Some(taken) = try_take()
        {
            return Ok(taken);
        }
        let (number, mut given) = match self.enter(try_take) {
            Entry::Served(taken) => return Ok(taken),
            Entry::Waiting(number, given) => (number, given),
            Entry::Full => {
                self.full.fetch_add(1, Ordering::Relaxed);
                return Err(Refused::Full);
            }
        };
        let place = Place { room: self, number, since: Instant::now(), end: &self.left, waited };
        loop {
            let next = deadline.min(Instant::now() + self.look_again);
            match timeout_at(next, &mut given).await {
                Ok(Ok(taken)) => return Ok(place.served(taken)),
                Err(_) if next < deadline => self.look_again(),
                _ => break,
            }
        }
        self.leave(number);
        // Something may have come at the last moment.
        match given.try_recv() {
            Ok(taken) => Ok(place.served(taken)),
            Err(_) => Err(place.too_long()),
        }
    }

    /// Lets all try who wait: something changed that is no slot given back, such as a cap or a backend's health.
    /// Without it they notice within half a second.
    pub fn notify(&self) {
        self.offer_while(|| true);
    }

    /// How many wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    /// How many may wait.
    #[must_use]
    pub fn max(&self) -> usize {
        self.max.load(Ordering::Relaxed)
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> RoomCounts {
        RoomCounts {
            served: self.served.load(Ordering::Relaxed),
            full: self.full.load(Ordering::Relaxed),
            too_long: self.too_long.load(Ordering::Relaxed),
            left: self.left.load(Ordering::Relaxed),
            waited: Duration::from_micros(self.waited_micros.load(Ordering::Relaxed)),
        }
    }

    /// Changes how many may wait. Nobody is sent away.
    pub fn set_max(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Lets those who wait try, in order, while there is something to give.
    pub(super) fn offer_while(&self, is_left: impl Fn() -> bool) {
        // With the fence in `enter`: either this sees the newcomer, or its try sees what was given back.
        fence(Ordering::SeqCst);
        if self.depth.load(Ordering::Relaxed) == 0 || TRYING.get() == self.address() {
            return;
        }
        let mut served = Vec::new();
        let mut line = self.lock();
        let trying = self.begin_trying();
        let mut at = 0;
        while at < line.waiters.len() && is_left() {
            if (line.waiters[at].serve)() { served.extend(line.waiters.remove(at)) } else { at += 1 }
        }
        self.depth.store(line.waiters.len(), Ordering::Relaxed);
        drop(trying);
        drop(line);
        // What their closures hold is let go without the lock.
        drop(served);
    }

    /// The last try without a wait, and a place at the end of the line.
    fn enter<T, F>(&self, mut try_take: F) -> Entry<T>
    where
        T: Send + 'static,
        F: FnMut() -> Option<T> + Send + 'static,
    {
        let mut line = self.lock();
        let depth = line.waiters.len();
        self.depth.store(depth + 1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let trying = self.begin_trying();
        let taken = try_take();
        drop(trying);
        if let Some(taken) = taken {
            self.depth.store(depth, Ordering::Relaxed);
            return Entry::Served(taken);
        }
        if depth >= self.max() {
            self.depth.store(depth, Ordering::Relaxed);
            return Entry::Full;
        }
        let (sender, given) = oneshot::channel();
        let mut sender = Some(sender);
        let serve = move || match try_take() {
            // Who is just leaving takes nothing.
            Some(taken) => sender.take().is_some_and(|sender| sender.send(taken).is_ok()),
            None => false,
        };
        line.next += 1;
        let number = line.next;
        line.waiters.push_back(Waiter { number, serve: Box::new(serve) });
        Entry::Waiting(number, given)
    }

    /// Lets all try, unless somebody saw to that a moment ago.
    fn look_again(&self) {
        let now = Instant::now();
        let mut line = self.lock();
        let is_due = line.looked.is_none_or(|looked| now >= looked + self.look_again);
        if is_due {
            line.looked = Some(now);
        }
        drop(line);
        if is_due {
            self.notify();
        }
    }

    fn leave(&self, number: u64) {
        let mut line = self.lock();
        let place = line.waiters.binary_search_by_key(&number, |waiter| waiter.number);
        let waiter = place.ok().and_then(|place| line.waiters.remove(place));
        self.depth.store(line.waiters.len(), Ordering::Relaxed);
        drop(line);
        drop(waiter);
    }

    fn begin_trying(&self) -> Trying {
        Trying { before: TRYING.replace(self.address()) }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WaitingRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitingRoom").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

struct Trying {
    before: usize,
}

impl Drop for Trying {
    fn drop(&mut self) {
        TRYING.set(self.before);
    }
}

/// A place in the line, left on drop.
struct Place<'r> {
    room: &'r WaitingRoom,
    number: u64,
    since: Instant,
    /// What is counted at the end.
    end: &'r AtomicU64,
    waited: &'r (dyn Fn(Duration) + Sync),
}

impl Place<'_> {
    fn served<T>(mut self, taken: T) -> T {
        self.end = &self.room.served;
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.room.waited_micros.fetch_add(micros, Ordering::Relaxed);
        taken
    }

    fn too_long(mut self) -> Refused {
        self.end = &self.room.too_long;
        Refused::TooLong
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.end.fetch_add(1, Ordering::Relaxed);
        (self.waited)(self.since.elapsed());
        self.room.leave(self.number);
    }
}
