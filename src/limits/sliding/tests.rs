use std::sync::Barrier;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Refusal, Sliding, Taken};

const MINUTE: Duration = Duration::from_secs(60);

fn after(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

/// The moments, in milliseconds, at which one who asks each `step` gets something.
fn admitted(window: &Sliding, limit: u64, start: Instant, step: u64, end: u64) -> Vec<u64> {
    let steps = (0..end).step_by(usize::try_from(step).unwrap());
    steps.filter(|at| window.take(limit, 1, after(start, *at)).is_ok()).collect()
}

#[test]
fn an_idle_window_admits_the_limit_to_sixteen_at_full_speed() {
    let start = Instant::now();
    for limit in [1, 60, 500] {
        let (window, barrier) = (Sliding::new(MINUTE, start), Barrier::new(16));
        let had: usize = std::thread::scope(|scope| {
            let ask = || {
                barrier.wait();
                (0..200).filter(|at| window.take(limit, 1, after(start, *at)).is_ok()).count()
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(had as u64, limit);
    }
}

#[test]
fn no_window_admits_more_than_the_limit_and_who_always_asks_gets_nearly_all() {
    let start = Instant::now();
    for limit in [1, 7, 60, 500] {
        let window = Sliding::new(MINUTE, start);
        let moments = admitted(&window, limit, start, 20, 20 * 60_000);
        for (at, from) in moments.iter().enumerate() {
            let inside = moments[at..].iter().take_while(|moment| **moment < from + 60_000).count();
            assert!(inside as u64 <= limit, "{inside} of {limit} in the minute from {from}");
        }
        let fair = 20 * limit * 31 / 32;
        assert!(moments.len() as u64 >= fair, "{} of {limit} a minute in 20 minutes", moments.len());
    }
}

#[test]
fn a_burst_at_the_edge_is_no_double() {
    let start = Instant::now();
    let window = Sliding::new(MINUTE, start);
    let take = |at: u64| (0..1000).filter(|_| window.take(100, 1, after(start, at)).is_ok()).count();
    assert_eq!(take(59_900), 100);
    assert_eq!((take(60_100), take(90_000), take(119_899)), (0, 0, 0));
    assert_eq!(take(119_900 + 60_000 / 31), 100);
}

#[test]
fn zero_refuses_all_and_promises_nothing() {
    let start = Instant::now();
    let window = Sliding::new(MINUTE, start);
    for weight in [0, 1, 5] {
        let refused = window.take(0, weight, start).unwrap_err();
        assert_eq!((refused.retry_after, refused.retry_after_seconds()), (None, None));
        assert_eq!((refused.standing.limit, refused.standing.remaining), (0, 0));
    }
}

#[test]
fn standing_tells_what_is_left_and_when_all_is_back() {
    let start = Instant::now();
    let window = Sliding::new(Duration::from_secs(31), start);
    assert_eq!(window.look(10, start).reset, Duration::ZERO);
    let taken = window.take(10, 1, start).unwrap();
    assert_eq!((taken.standing.limit, taken.standing.remaining), (10, 9));
    assert_eq!(taken.standing.reset, Duration::from_secs(32));
    let taken = window.take(10, 4, after(start, 5500)).unwrap();
    assert_eq!((taken.standing.remaining, taken.standing.reset), (5, Duration::from_millis(31_500)));
    assert_eq!(window.look(10, after(start, 32_000)).remaining, 6);
    let refused = window.take(10, 7, after(start, 32_000)).unwrap_err();
    assert_eq!(refused.retry_after, Some(Duration::from_secs(5)));
    let refused = window.take(10, 7, after(start, 32_400)).unwrap_err();
    assert_eq!(refused.retry_after, Some(Duration::from_millis(4600)));
    assert_eq!(window.look(3, after(start, 32_000)).remaining, 0, "a limit that was lowered");
    assert_eq!(window.look(10, after(start, 500_000)).remaining, 10);
}

#[test]
fn the_header_is_rounded_up() {
    let standing = Sliding::new(MINUTE, Instant::now()).look(1, Instant::now());
    let seconds = |millis| {
        Refusal { standing, asked: 1, retry_after: Some(Duration::from_millis(millis)) }
            .retry_after_seconds()
            .unwrap()
    };
    assert_eq!((seconds(1), seconds(1000), seconds(1001)), (1, 1, 2));
}

#[test]
fn an_estimate_is_settled_with_the_true_count() {
    let start = Instant::now();
    let window = Sliding::new(MINUTE, start);
    let remaining = |at| window.look(1000, after(start, at)).remaining;
    let big = window.take(1000, 800, start).unwrap();
    assert!(window.take(1000, 300, start).is_err());
    window.settle(&big, 100, after(start, 1000));
    assert_eq!(remaining(1000), 900, "what was not needed is given back");
    let small = window.take(1000, 100, after(start, 1000)).unwrap();
    window.settle(&small, 1500, after(start, 30_000));
    assert_eq!(remaining(30_000), 0, "debt");
    assert_eq!(remaining(70_000), 0, "what it was more counts from when it was known");
    assert_eq!(remaining(95_000), 1000);
    let late = window.take(1000, 500, after(start, 100_000)).unwrap();
    let other = window.take(1000, 500, after(start, 200_000)).unwrap();
    window.settle(&late, 0, after(start, 200_000));
    assert_eq!(remaining(200_000), 500, "what has left the window is not given back twice");
    window.settle(&other, 0, after(start, 200_001));
    assert_eq!(remaining(200_001), 1000);
}

#[test]
fn what_is_larger_than_the_limit_fits_alone() {
    let start = Instant::now();
    let window = Sliding::new(MINUTE, start);
    window.take(100, 1, start).unwrap();
    let refused = window.take(100, 5000, start).unwrap_err();
    let then = start + refused.retry_after.unwrap();
    let huge = window.take(100, u64::MAX, then).unwrap();
    assert_eq!(huge.standing.remaining, 0);
    let refused = window.take(100, 1, then).unwrap_err();
    assert!(window.take(100, 1, then + refused.retry_after.unwrap()).is_ok());
}

#[test]
fn a_clock_that_was_read_earlier_takes_nothing_back() {
    let start = Instant::now();
    let window = Sliding::new(MINUTE, after(start, 60_000));
    assert_eq!((0..20).filter(|_| window.take(10, 1, after(start, 90_000)).is_ok()).count(), 10);
    assert!(window.take(10, 1, after(start, 10_000)).is_err(), "before the window was made");
    assert!(window.take(10, 1, after(start, 89_000)).is_err());
}

#[test]
fn tiny_and_huge_windows_work() {
    let start = Instant::now();
    for window in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(u64::MAX / 4), Duration::MAX]
    {
        let sliding = Sliding::new(window, start);
        assert!(sliding.take(1, 1, start).is_ok());
        let refused = sliding.take(1, 1, start).unwrap_err();
        assert!(refused.retry_after.unwrap() > Duration::ZERO);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Pause(u64),
    Take(u64),
    Settle(prop::sample::Index, u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..20_000_u64).prop_map(Step::Pause),
        (0..60_u64).prop_map(Step::Take),
        (any::<prop::sample::Index>(), 0..60_u64).prop_map(|(which, weight)| Step::Settle(which, weight)),
    ]
}

proptest! {
    /// At most the limit in any span of the window's length, and whoever waits as long as told gets through.
    #[test]
    fn the_limit_holds_and_promises_are_kept(
        limit in 1..50_u64,
        window in prop::sample::select(vec![1_000_u64, 60_000, 61_007]),
        steps in prop::collection::vec((0..20_000_u64, 1..60_u64), 1..60),
    ) {
        let start = Instant::now();
        let sliding = Sliding::new(Duration::from_millis(window), start);
        let (mut now, mut log) = (Duration::ZERO, Vec::new());
        for (pause, weight) in steps {
            now += Duration::from_millis(pause);
            let weight = weight.min(limit);
            if let Err(refused) = sliding.take(limit, weight, start + now) {
                let wait = refused.retry_after.unwrap();
                prop_assert!(wait > Duration::ZERO && wait <= Duration::from_millis(window) * 33 / 31);
                prop_assert!(sliding.look(limit, start + now).remaining < weight, "refused without need");
                now += wait;
                prop_assert!(sliding.take(limit, weight, start + now).is_ok(), "the promise was not kept");
            }
            log.push((now, weight));
            let since = now.saturating_sub(Duration::from_millis(window));
            let inside = log.iter().filter(|(at, _)| *at > since || *at == now);
            prop_assert!(inside.map(|(_, weight)| weight).sum::<u64>() <= limit);
        }
    }

    /// With corrections, what is left is never more than the plain sum of what counts allows.
    #[test]
    fn corrections_never_make_room_that_is_not_there(steps in prop::collection::vec(step(), 1..80)) {
        let (start, limit, window) = (Instant::now(), 100, 60_000);
        let sliding = Sliding::new(Duration::from_millis(window), start);
        let mut now = 0;
        let mut open: Vec<(u64, Taken, u64)> = Vec::new();
        // When, and how much, of all that counts; a correction downwards changes the entry of its taking.
        let mut log: Vec<(u64, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Pause(pause) => now += pause,
                Step::Take(weight) => {
                    if let Ok(taken) = sliding.take(limit, weight, after(start, now)) {
                        open.push((log.len() as u64, taken, weight));
                        log.push((now, weight));
                    }
                }
                Step::Settle(which, weight) if !open.is_empty() => {
                    let (entry, taken, was) = open.swap_remove(which.index(open.len()));
                    sliding.settle(&taken, weight, after(start, now));
                    match weight.checked_sub(was) {
                        Some(more) => log.push((now, more)),
                        None => log[usize::try_from(entry).unwrap()].1 = weight,
                    }
                }
                Step::Settle(..) => {}
            }
            let counts = log.iter().filter(|(at, _)| at + window > now).map(|(_, weight)| weight).sum::<u64>();
            let remaining = sliding.look(limit, after(start, now)).remaining;
            prop_assert!(remaining <= limit.saturating_sub(counts), "{remaining} left, {counts} count");
            let older = log.iter().filter(|(at, _)| at + window * 33 / 31 > now).map(|(_, weight)| weight);
            prop_assert!(remaining >= limit.saturating_sub(older.sum()), "{remaining} left is too little");
        }
    }
}
