use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::Slots;

#[test]
fn a_cap_lets_in_so_many() {
    let slots = Arc::new(Slots::new(2, None));
    let one = slots.try_enter().unwrap();
    let _two = slots.try_enter().unwrap();
    assert!(slots.try_enter().is_none());
    drop(one);
    assert_eq!(slots.in_flight(), 1);
    assert!(slots.try_enter().is_some());
}

#[test]
fn no_cap_lets_in_everyone() {
    let slots = Arc::new(Slots::new(0, None));
    let all: Vec<_> = (0..1000).filter_map(|_| slots.try_enter()).collect();
    assert_eq!((all.len(), slots.in_flight()), (1000, 1000));
    drop(all);
    assert_eq!(slots.in_flight(), 0);
}

#[test]
fn a_cap_changes_while_slots_are_taken() {
    let slots = Arc::new(Slots::new(0, None));
    let mut taken: Vec<_> = (0..3).filter_map(|_| slots.try_enter()).collect();
    slots.set_cap(2);
    assert_eq!((slots.cap(), slots.in_flight()), (2, 3));
    taken.pop();
    assert!(slots.try_enter().is_none());
    taken.pop();
    taken.extend(slots.try_enter());
    assert!(slots.try_enter().is_none());
    slots.set_cap(3);
    assert!(slots.try_enter().is_some());
}

#[test]
fn a_cap_is_never_exceeded_among_threads() {
    let slots = Arc::new(Slots::new(3, None));
    let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5000 {
                    let Some(_guard) = slots.try_enter() else { continue };
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                    entered.fetch_add(1, Ordering::Relaxed);
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(entered.into_inner() > 0);
    assert_eq!(slots.in_flight(), 0);
}

proptest! {
    #[test]
    fn the_count_is_what_is_held(steps in prop::collection::vec((0..4_u8, 0..8_usize), 1..100)) {
        let slots = Arc::new(Slots::new(3, None));
        let (mut cap, mut held) = (3, Vec::new());
        for (step, number) in steps {
            match step {
                0 => {
                    cap = number;
                    slots.set_cap(cap);
                }
                1 if !held.is_empty() => drop(held.swap_remove(number % held.len())),
                _ => {
                    let has_room = cap == 0 || held.len() < cap;
                    let guard = slots.try_enter();
                    prop_assert_eq!(guard.is_some(), has_room);
                    held.extend(guard);
                }
            }
            prop_assert_eq!(slots.in_flight(), held.len());
        }
    }
}
