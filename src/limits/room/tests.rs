use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Refused, RoomCounts, WaitingRoom};
use crate::limits::{SlotGuard, Slots};

type Wait = Pin<Box<dyn Future<Output = Result<SlotGuard, Refused>> + Send>>;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn bench(cap: usize, max: usize) -> (Arc<WaitingRoom>, Arc<Slots>) {
    let room = Arc::new(WaitingRoom::new(max));
    let slots = Arc::new(Slots::new(cap, Some(&room)));
    (room, slots)
}

/// A request that waits for one of `slots`, in a future that owns all it needs.
fn wait_for(room: &Arc<WaitingRoom>, slots: &Arc<Slots>, deadline: Instant) -> Wait {
    let (room, slots) = (Arc::clone(room), Arc::clone(slots));
    Box::pin(async move { room.wait(deadline, move || slots.try_enter(), &|_| {}).await })
}

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn is_served(wait: &mut Wait) -> Option<SlotGuard> {
    match poll(wait) {
        Poll::Ready(Ok(guard)) => Some(guard),
        Poll::Ready(Err(refused)) => panic!("{refused:?}"),
        Poll::Pending => None,
    }
}

#[tokio::test(start_paused = true)]
async fn who_finds_a_slot_does_not_wait() {
    let (room, slots) = bench(1, 0);
    let guard = wait_for(&room, &slots, soon()).await.unwrap();
    assert_eq!((room.depth(), slots.in_flight(), room.counts()), (0, 1, RoomCounts::default()));
    drop(guard);
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let (room, slots) = bench(1, 10);
    let mut guard = slots.try_enter();
    let mut waits: Vec<Wait> = (0..5).map(|_| wait_for(&room, &slots, soon())).collect();
    assert!(waits.iter_mut().all(|wait| is_served(wait).is_none()));
    assert_eq!(room.depth(), 5);
    for turn in 0..5 {
        drop(guard.take());
        assert!(waits[1..].iter_mut().all(|wait| is_served(wait).is_none()), "turn {turn}");
        guard = is_served(&mut waits.remove(0));
        assert!(guard.is_some());
        assert_eq!(room.depth(), 4 - turn);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_room_refuses() {
    let (room, slots) = bench(1, 2);
    let _guard = slots.try_enter();
    let mut waits: Vec<Wait> = (0..2).map(|_| wait_for(&room, &slots, soon())).collect();
    assert!(waits.iter_mut().all(|wait| is_served(wait).is_none()));
    assert_eq!(wait_for(&room, &slots, soon()).await.unwrap_err(), Refused::Full);
    assert_eq!((room.depth(), room.counts().full), (2, 1));
    room.set_max(3);
    assert!(is_served(&mut wait_for(&room, &slots, soon())).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_full_room_does_not_refuse_who_finds_another_slot() {
    let (room, slots) = bench(1, 1);
    let idle = Arc::new(Slots::new(1, Some(&room)));
    let _guard = slots.try_enter();
    let mut waiting = wait_for(&room, &slots, soon());
    assert!(is_served(&mut waiting).is_none());
    assert!(wait_for(&room, &idle, soon()).await.is_ok());
    assert_eq!(room.depth(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_wait() {
    let (room, slots) = bench(1, 10);
    let _guard = slots.try_enter();
    let begin = Instant::now();
    let refused = wait_for(&room, &slots, begin + Duration::from_secs(3)).await.unwrap_err();
    assert_eq!((refused, begin.elapsed().as_secs()), (Refused::TooLong, 3));
    assert_eq!((room.depth(), room.counts().too_long), (0, 1));
    assert_eq!(wait_for(&room, &slots, begin).await.unwrap_err(), Refused::TooLong, "a deadline of the past");
}

#[tokio::test(start_paused = true)]
async fn a_slot_of_the_last_moment_is_taken() {
    let (room, slots) = bench(1, 10);
    let guard = slots.try_enter();
    let mut wait = wait_for(&room, &slots, Instant::now() + Duration::from_secs(1));
    assert!(is_served(&mut wait).is_none());
    tokio::time::advance(Duration::from_secs(5)).await;
    drop(guard);
    assert!(is_served(&mut wait).is_some());
    assert_eq!(room.counts().too_long, 0);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_frees_the_place_at_once() {
    let (room, slots) = bench(1, 2);
    let guard = slots.try_enter();
    let (mut first, mut second) = (wait_for(&room, &slots, soon()), wait_for(&room, &slots, soon()));
    assert!(is_served(&mut first).is_none() && is_served(&mut second).is_none());
    drop(first);
    assert_eq!((room.depth(), room.counts().left), (1, 1));
    drop(guard);
    assert!(is_served(&mut second).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_with_a_slot_passes_it_on() {
    let (room, slots) = bench(1, 10);
    let guard = slots.try_enter();
    let mut waits: Vec<Wait> = (0..3).map(|_| wait_for(&room, &slots, soon())).collect();
    assert!(waits.iter_mut().all(|wait| is_served(wait).is_none()));
    // The first two were given the slot, one after the other, but never looked.
    drop(guard);
    drop(waits.remove(0));
    drop(waits.remove(0));
    assert!(is_served(&mut waits[0]).is_some());
    drop(waits);
    assert_eq!((slots.in_flight(), room.depth()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn only_who_gets_something_wakes_up() {
    let (room, slots) = bench(2, 100);
    let guards = [slots.try_enter(), slots.try_enter()];
    let tries = Arc::new(AtomicUsize::new(0));
    let mut waits: Vec<Wait> = Vec::new();
    for _ in 0..50 {
        let (room, slots, tries) = (Arc::clone(&room), Arc::clone(&slots), Arc::clone(&tries));
        let try_take = move || {
            tries.fetch_add(1, Ordering::Relaxed);
            slots.try_enter()
        };
        waits.push(Box::pin(async move { room.wait(soon(), try_take, &|_| {}).await }));
        assert!(is_served(waits.last_mut().unwrap()).is_none());
    }
    let before = tries.load(Ordering::Relaxed);
    drop(guards);
    assert_eq!(tries.load(Ordering::Relaxed) - before, 2, "two slots, two tries");
    assert_eq!(room.depth(), 48);
    slots.set_cap(5);
    assert_eq!(room.depth(), 45);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_use_a_slot_does_not_block_others() {
    let (room, slots) = bench(1, 10);
    let other = Arc::new(Slots::new(1, Some(&room)));
    let (guard, _busy) = (slots.try_enter(), other.try_enter());
    let mut first = wait_for(&room, &other, soon());
    assert!(is_served(&mut first).is_none());
    let mut second = wait_for(&room, &slots, soon());
    assert!(is_served(&mut second).is_none());
    drop(guard);
    assert!(is_served(&mut second).is_some());
    assert!(is_served(&mut first).is_none());
}

#[tokio::test(start_paused = true)]
async fn two_slots_at_once_are_tried_without_end_or_deadlock() {
    let (room, outer) = bench(1, 10);
    let inner = Arc::new(Slots::new(1, Some(&room)));
    let both = {
        let (outer, inner) = (Arc::clone(&outer), Arc::clone(&inner));
        // What it gives back of a failed try is no reason to try again.
        move || Some((outer.try_enter()?, inner.try_enter()?))
    };
    let held = inner.try_enter();
    let mut wait = Box::pin(room.wait(soon(), both, &|_| {}));
    assert!(poll(&mut wait).is_pending());
    room.notify();
    assert!(poll(&mut wait).is_pending());
    drop(held);
    assert!(matches!(poll(&mut wait), Poll::Ready(Ok(_))));
    assert_eq!((outer.in_flight(), inner.in_flight()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_no_slot_is_told_by_notify() {
    let room = Arc::new(WaitingRoom::new(10));
    let ready = Arc::new(Mutex::new(0));
    let wait = |number: u32| {
        let ready = Arc::clone(&ready);
        let try_take = move || {
            let mut ready = ready.lock().unwrap();
            *ready = u32::checked_sub(*ready, 1)?;
            Some(number)
        };
        Box::pin(room.wait(soon(), try_take, &|_| {}))
    };
    let mut waits = [wait(0), wait(1), wait(2)];
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    *ready.lock().unwrap() = 2;
    room.notify();
    assert_eq!(poll(&mut waits[0]), Poll::Ready(Ok(0)));
    assert_eq!(poll(&mut waits[1]), Poll::Ready(Ok(1)));
    assert!(poll(&mut waits[2]).is_pending());
}

#[tokio::test(start_paused = true)]
async fn what_time_alone_changes_is_noticed_in_order() {
    let room = Arc::new(WaitingRoom::new(1000));
    let begin = Instant::now();
    let open = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let (room, open) = (Arc::clone(&room), Arc::clone(&open));
        tasks.spawn(async move {
            let try_take = move || {
                let mut open = open.lock().unwrap();
                (begin.elapsed() >= Duration::from_secs(3)).then(|| open.push(number))
            };
            room.wait(soon(), try_take, &|_| {}).await
        });
    }
    while let Some(ended) = tasks.join_next().await {
        assert_eq!(ended.unwrap(), Ok(()));
    }
    assert!(begin.elapsed() <= Duration::from_millis(3500), "{:?}", begin.elapsed());
    assert_eq!(*open.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn waits_are_measured() {
    let (room, slots) = bench(1, 10);
    let guard = slots.try_enter();
    let mut wait = wait_for(&room, &slots, soon());
    assert!(is_served(&mut wait).is_none());
    tokio::time::advance(Duration::from_secs(2)).await;
    drop(guard);
    assert!(is_served(&mut wait).is_some());
    let expected = RoomCounts { served: 1, waited: Duration::from_secs(2), ..RoomCounts::default() };
    assert_eq!(room.counts(), expected);
}

#[tokio::test(start_paused = true)]
async fn each_wait_is_told_however_it_ends_and_nobody_elses() {
    let (room, slots) = bench(1, 3);
    let told = Mutex::new(Vec::new());
    let tell = |wait: Duration| told.lock().unwrap().push(wait.as_secs());
    let seconds = |count| Instant::now() + Duration::from_secs(count);
    let wait = |deadline| {
        let slots = Arc::clone(&slots);
        Box::pin(room.wait(deadline, move || slots.try_enter(), &tell))
    };
    let guard = wait(seconds(9)).await.unwrap();
    let [mut served, mut late, mut leaving] = [wait(seconds(9)), wait(seconds(2)), wait(seconds(9))];
    assert!([&mut served, &mut late, &mut leaving].into_iter().all(|wait| poll(wait).is_pending()));
    assert_eq!(wait(seconds(9)).await.unwrap_err(), Refused::Full);
    let idle = Arc::new(Slots::new(1, Some(&room)));
    assert!(room.wait(seconds(9), move || idle.try_enter().is_some().then_some(()), &tell).await.is_ok());
    assert_eq!(*told.lock().unwrap(), [0; 0]);
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(leaving);
    assert_eq!(late.await.unwrap_err(), Refused::TooLong);
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(guard);
    assert!(served.await.is_ok());
    assert_eq!(*told.lock().unwrap(), [1, 2, 3]);
}

/// Many on several threads, some of whom leave at once or in the middle: all others are served, nothing is left
/// behind. A lost wake-up would end in the deadline.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost_among_threads() {
    let room = Arc::new(WaitingRoom { look_again: Duration::from_secs(600), ..WaitingRoom::new(10_000) });
    let slots = Arc::new(Slots::new(3, Some(&room)));
    let (inside, served) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for number in 0..2000 {
        let (inside, served) = (Arc::clone(&inside), Arc::clone(&served));
        let wait = wait_for(&room, &slots, soon());
        tasks.spawn(async move {
            if number % 5 == 0 {
                let mut wait = pin!(wait);
                let _ = tokio::time::timeout(Duration::from_micros(number), &mut wait).await;
                return;
            }
            let _guard = wait.await.expect("served before the deadline");
            assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
            for _ in 0..number % 4 {
                tokio::task::yield_now().await;
            }
            inside.fetch_sub(1, Ordering::SeqCst);
            served.fetch_add(1, Ordering::Relaxed);
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    assert_eq!(served.load(Ordering::Relaxed), 1600);
    assert_eq!((room.depth(), slots.in_flight()), (0, 0));
}
