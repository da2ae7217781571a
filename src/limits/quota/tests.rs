use std::sync::{Arc, Barrier};

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Exhausted, Quota, Reservation};

const UTC: TimeZone = TimeZone::UTC;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn may() -> Timestamp {
    at("2026-05-20T12:00:00Z")
}

fn june() -> Timestamp {
    at("2026-06-01T00:00:00Z")
}

fn quota() -> Arc<Quota> {
    Arc::new(Quota::new(may(), &UTC))
}

fn reserve(quota: &Arc<Quota>, limit: u64, prompt: u64, completion: u64) -> Result<Reservation, Exhausted> {
    quota.reserve(Some(limit), prompt, completion, may(), &UTC)
}

/// Used and reserved.
fn now(quota: &Quota) -> (u64, u64) {
    let usage = quota.usage(may(), &UTC);
    (usage.used, usage.reserved)
}

#[test]
fn what_is_reserved_is_settled_with_what_it_cost() {
    let quota = quota();
    let one = reserve(&quota, 1000, 100, 400).unwrap();
    assert_eq!((one.completion(), now(&quota)), (Some(400), (0, 500)));
    one.settle(130);
    assert_eq!(now(&quota), (130, 0));
    let two = reserve(&quota, 1000, 100, 400).unwrap();
    two.settle(900);
    assert_eq!(now(&quota), (1030, 0), "the estimate was too low");
    assert_eq!(
        reserve(&quota, 1000, 1, 1).unwrap_err(),
        Exhausted { limit: 1000, needs: 2, left: 0, resets_at: june() }
    );
    assert!(reserve(&quota, 2000, 1, 1).is_ok(), "a limit that was raised");
}

#[test]
fn a_reply_is_cut_to_what_is_left() {
    let quota = quota();
    reserve(&quota, 1000, 0, 1000).unwrap().settle(700);
    let cut = reserve(&quota, 1000, 100, 4096).unwrap();
    assert_eq!((cut.completion(), now(&quota)), (Some(200), (700, 300)));
    assert_eq!(reserve(&quota, 1000, 0, 0).unwrap_err().left, 0, "nothing is left, not even for nothing");
    drop(cut);
    assert_eq!(reserve(&quota, 1000, 299, 4096).unwrap().completion(), Some(1));
    assert_eq!(reserve(&quota, 1000, 300, 0).unwrap().completion(), Some(0), "embeddings have no reply");
    assert_eq!(reserve(&quota, 1000, 300, 4096).unwrap_err().left, 300, "no token is left for the reply");
    assert_eq!(reserve(&quota, 1000, 301, 0).unwrap_err().left, 300);
    assert!(reserve(&quota, 1000, u64::MAX, u64::MAX).is_err());
}

#[test]
fn without_a_limit_all_fits_and_is_counted() {
    let quota = quota();
    let free = quota.reserve(None, 5, u64::MAX, may(), &UTC).unwrap();
    assert_eq!(free.completion(), None);
    free.settle(12);
    assert_eq!(now(&quota), (12, 0));
    assert_eq!(reserve(&quota, 10, 1, 1).unwrap_err().left, 0);
}

#[test]
fn what_is_dropped_costs_nothing() {
    let quota = quota();
    drop(reserve(&quota, 100, 10, 90).unwrap());
    let result = std::panic::catch_unwind(|| {
        let _held = reserve(&quota, 100, 10, 90).unwrap();
        panic!("a request that failed");
    });
    assert!(result.is_err());
    assert_eq!(now(&quota), (0, 0));
    assert!(reserve(&quota, 100, 10, 90).is_ok());
}

#[test]
fn a_new_month_begins_without_a_restart() {
    let quota = quota();
    let long = reserve(&quota, 100, 10, 50).unwrap();
    reserve(&quota, 100, 10, 30).unwrap().settle(40);
    assert!(quota.reserve(Some(100), 1, 1, june() - jiff::SignedDuration::from_nanos(1), &UTC).is_err());
    let new = quota.reserve(Some(100), 1, 99, june(), &UTC).unwrap();
    long.settle(60);
    let usage = quota.usage(june(), &UTC);
    assert_eq!((usage.used, usage.reserved), (0, 100), "the old month's request costs nothing of the new");
    new.settle(70);
    assert_eq!(quota.usage(may(), &UTC).used, 70, "a clock that was set back changes nothing");
    assert_eq!(quota.usage(june(), &UTC).period.month, date(2026, 6, 1));
    assert_eq!(quota.usage(at("2026-09-03T00:00:00Z"), &UTC).used, 0);
}

#[test]
fn what_was_stored_counts_in_its_month_only() {
    let stored = |month| Quota::stored(77, month, may(), &UTC).usage(may(), &UTC).used;
    assert_eq!(stored(Some(date(2026, 5, 1))), 77);
    assert_eq!((stored(Some(date(2026, 4, 1))), stored(Some(date(2025, 5, 1))), stored(None)), (0, 0, 0));
    let quota = Quota::stored(77, Some(date(2026, 5, 1)), may(), &UTC);
    quota.reset();
    assert_eq!(now(&quota), (0, 0));
}

#[test]
fn a_hundred_at_once_do_not_overrun() {
    for (limit, prompt, completion) in [(10_000, 50, 300), (10_000, 1, 4096), (9_999, 100, 0), (1, 1, 0)] {
        let (quota, barrier) = (quota(), Barrier::new(100));
        let granted: Vec<Reservation> = std::thread::scope(|scope| {
            let ask = || {
                barrier.wait();
                reserve(&quota, limit, prompt, completion).ok()
            };
            let threads: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(now(&quota).1 <= limit);
        assert!(!granted.is_empty() && reserve(&quota, limit, prompt, completion).is_err());
        std::thread::scope(|scope| {
            for reservation in granted {
                scope.spawn(|| {
                    let cost = prompt + reservation.completion().unwrap();
                    reservation.settle(cost);
                });
            }
        });
        let (used, reserved) = now(&quota);
        assert!(used <= limit && reserved == 0, "{used} of {limit} used, {reserved} reserved");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Reserve { prompt: u64, completion: u64 },
    Settle { which: prop::sample::Index, share: u64 },
    Drop { which: prop::sample::Index },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..300_u64, 0..500_u64).prop_map(|(prompt, completion)| Step::Reserve { prompt, completion }),
        2 => (any::<prop::sample::Index>(), 0..=100_u64).prop_map(|(which, share)| Step::Settle { which, share }),
        1 => any::<prop::sample::Index>().prop_map(|which| Step::Drop { which }),
    ]
}

proptest! {
    /// If no request costs more than was set aside for it, a quota is never overrun, and the books are right.
    #[test]
    fn the_books_are_right(limit in 1..2000_u64, steps in prop::collection::vec(step(), 1..80)) {
        let quota = quota();
        let (mut open, mut used): (Vec<(Reservation, u64)>, u64) = (Vec::new(), 0);
        for step in steps {
            let reserved: u64 = open.iter().map(|(_, amount)| amount).sum();
            match step {
                Step::Reserve { prompt, completion } => {
                    let left = limit - used - reserved;
                    match reserve(&quota, limit, prompt, completion) {
                        Ok(reservation) => {
                            let cut = reservation.completion().unwrap();
                            prop_assert_eq!(cut, completion.min(left - prompt));
                            open.push((reservation, prompt + cut));
                        }
                        Err(refused) => {
                            prop_assert_eq!(refused.left, left);
                            prop_assert!(left <= prompt);
                        }
                    }
                }
                Step::Settle { which, share } if !open.is_empty() => {
                    let (reservation, amount) = open.swap_remove(which.index(open.len()));
                    let cost = amount * share / 100;
                    reservation.settle(cost);
                    used += cost;
                }
                Step::Drop { which } if !open.is_empty() => drop(open.swap_remove(which.index(open.len()))),
                _ => {}
            }
            let reserved: u64 = open.iter().map(|(_, amount)| amount).sum();
            prop_assert_eq!(now(&quota), (used, reserved));
            prop_assert!(used + reserved <= limit);
        }
    }
}
