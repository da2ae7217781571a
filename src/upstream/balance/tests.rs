use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::{MAX_TURNS, Rotation, Turns, least_busy, parts, take_least_busy};

fn all(_: usize) -> bool {
    true
}

fn counts(picks: &[usize], candidates: usize) -> Vec<u64> {
    let mut counts = vec![0; candidates];
    for &index in picks {
        counts[index] += 1;
    }
    counts
}

#[test]
fn fifty_to_ten_is_five_to_one_in_every_window_of_six() {
    let rotation = Rotation::new(&[50, 10]);
    let picks: Vec<usize> = (0..600).filter_map(|_| rotation.pick(all)).collect();
    for window in picks.windows(6) {
        assert_eq!(counts(window, 2), [5, 1], "{window:?}");
    }
}

#[test]
fn equal_weights_go_round_from_the_first() {
    let rotation = Rotation::new(&[7, 7, 7]);
    let picks: Vec<usize> = (0..7).filter_map(|_| rotation.pick(all)).collect();
    assert_eq!(picks, [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn nobody_is_picked_from_nobody() {
    assert_eq!(Rotation::new(&[]).pick(all), None);
    assert_eq!(Rotation::new(&[]).iter_from_next().count(), 0);
    assert_eq!(Rotation::new(&[1, 2, 3]).pick(|_| false), None);
    assert_eq!(Rotation::new(&[0]).pick(all), Some(0));
}

#[test]
fn each_is_asked_once() {
    let rotation = Rotation::new(&[4000, 1, 1, 90]);
    for _ in 0..50 {
        let mut asked = Vec::new();
        assert_eq!(rotation.pick(|index| (asked.push(index), false).1), None);
        asked.sort_unstable();
        assert_eq!(asked, [0, 1, 2, 3]);
    }
}

#[test]
fn the_others_keep_their_shares_while_one_is_out() {
    let rotation = Rotation::new(&[4, 2, 1, 1]);
    let picks: Vec<usize> = (0..400).filter_map(|_| rotation.pick(|index| index != 0)).collect();
    assert_eq!(counts(&picks, 4), [0, 200, 100, 100]);
}

#[test]
fn the_others_keep_their_shares_behind_a_giant() {
    let rotation = Rotation::new(&[4000, 60, 30, 6]);
    let picks: Vec<usize> = (0..9600).filter_map(|_| rotation.pick(|index| index != 0)).collect();
    assert_eq!(counts(&picks, 4), [0, 6000, 3000, 600]);
}

#[test]
fn groups_with_their_own_turns_do_not_disturb_each_other() {
    let rotation = Rotation::new(&[1, 1, 1, 1]);
    let (low, high) = (Turns::default(), Turns::default());
    let mut picks = Vec::new();
    for _ in 0..100 {
        picks.extend(rotation.pick_by(&low, |index| index < 2));
        picks.extend(rotation.pick_by(&high, |index| index >= 2));
    }
    assert_eq!(counts(&picks, 4), [50, 50, 50, 50]);
}

#[test]
fn shares_are_exact_among_threads() {
    let rotation = Rotation::new(&[5, 3, 1, 1]);
    let picked: [AtomicUsize; 4] = Default::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2500 {
                    let index = rotation.pick(|index| index != 1).unwrap();
                    picked[index].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let picked = picked.map(AtomicUsize::into_inner);
    // Whole rounds of seven, and the last one cut anywhere.
    for (count, share) in picked.into_iter().zip([5, 0, 1, 1]) {
        let exact = 10_000 * share / 7;
        assert!(count.abs_diff(exact) <= 2 * share, "{picked:?}");
    }
}

#[test]
fn sums_above_the_limit_are_scaled_down() {
    let scaled = parts(&[4_000_000_000, 1_000_000_000, 1]);
    assert_eq!(scaled, [3277, 819, 1]);
    assert_eq!(parts(&[1; 5000]).iter().sum::<u64>(), 5000);
    assert!(parts(&[u32::MAX; 3]).iter().all(|&part| part == 1));
}

#[test]
fn the_least_busy_is_found_by_share() {
    let least = |candidates: &[(usize, usize, u32)]| least_busy(candidates.iter().copied());
    assert_eq!(least(&[]), None);
    assert_eq!(least(&[(3, 0, 1), (1, 0, 9)]), Some(3), "the first of equals");
    assert_eq!(least(&[(0, 3, 2), (1, 1, 1)]), Some(1));
    assert_eq!(least(&[(0, 2, 2), (1, 1, 1)]), Some(0));
    assert_eq!(least(&[(0, 1, 0), (1, 2, 3)]), Some(1), "a weight of 0 counts as 1");
    assert_eq!(least(&[(0, usize::MAX, u32::MAX), (1, usize::MAX - 1, u32::MAX)]), Some(1));
}

fn weights() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        prop::collection::vec(0..20_u32, 1..12),
        prop::collection::vec(any::<u32>(), 1..40),
        prop::collection::vec(Just(1), 1..200),
    ]
}

proptest! {
    #[test]
    fn the_sequence_is_exact_and_smooth(weights in weights()) {
        let parts = parts(&weights);
        let sum: u64 = parts.iter().sum();
        prop_assert!(sum <= MAX_TURNS + 2 * weights.len() as u64);
        let rotation = Rotation::new(&weights);
        let mut had = vec![0_u64; weights.len()];
        for turn in 1..=sum {
            had[rotation.pick(all).unwrap()] += 1;
            if sum < 300 || turn % 61 == 0 || turn == sum {
                for (had, part) in had.iter().zip(&parts) {
                    let share = turn * part;
                    prop_assert!(had * sum + sum > share && had * sum < share + sum, "turn {turn}");
                }
            }
        }
        prop_assert_eq!(had, parts);
    }

    #[test]
    fn every_window_as_long_as_the_sequence_holds_the_weights(
        weights in prop::collection::vec(0..20_u32, 1..8), skip in 0..1000_usize,
    ) {
        let parts = parts(&weights);
        let sum: u64 = parts.iter().sum();
        let rotation = Rotation::new(&weights);
        for _ in 0..skip {
            let _ = rotation.pick(all);
        }
        let picks: Vec<usize> = (0..sum).filter_map(|_| rotation.pick(all)).collect();
        prop_assert_eq!(counts(&picks, weights.len()), parts);
    }

    #[test]
    fn only_the_available_are_picked_and_none_of_them_starves(
        weights in weights(), seed in prop::collection::vec(any::<bool>(), 200), before in 0..500_usize,
    ) {
        let up = |index: usize| seed[index % seed.len()];
        let rotation = Rotation::new(&weights);
        for turn in 0..before {
            // Availability that changes all the time.
            let _ = rotation.pick(|index| (index + turn) % 3 == 0);
        }
        let sum: u64 = parts(&weights).iter().sum();
        let picks: Vec<usize> = (0..sum).filter_map(|_| rotation.pick(up)).collect();
        prop_assert!(picks.iter().all(|&index| up(index)));
        let counts = counts(&picks, weights.len());
        for index in (0..weights.len()).filter(|&index| up(index)) {
            prop_assert!(counts[index] > 0, "{index} of {}", weights.len());
        }
        prop_assert_eq!(picks.is_empty(), !(0..weights.len()).any(up));
    }

    #[test]
    fn the_order_names_everyone_once_and_begins_with_the_next(weights in weights(), before in 0..300_usize) {
        let (rotation, twin) = (Rotation::new(&weights), Rotation::new(&weights));
        for _ in 0..before {
            let _ = rotation.pick(all);
            let _ = twin.pick(all);
        }
        let mut order: Vec<usize> = rotation.iter_from_next().collect();
        prop_assert_eq!(Some(order[0]), twin.pick(all));
        order.sort_unstable();
        prop_assert_eq!(order, (0..weights.len()).collect::<Vec<_>>());
        prop_assert_eq!(rotation.pick(all), twin.pick(all), "one turn was taken");
    }

    #[test]
    fn the_least_busy_is_the_minimum(candidates in prop::collection::vec((0..1000_usize, 1..100_u32), 1..20)) {
        let found = least_busy(candidates.iter().enumerate().map(|(index, &(busy, weight))| (index, busy, weight)));
        let (busy, weight) = candidates[found.unwrap()];
        for (other, share) in candidates {
            prop_assert!(busy as u64 * u64::from(share) <= other as u64 * u64::from(weight));
        }
    }

    #[test]
    fn the_next_ones_are_offered_by_their_load(
        loads in prop::collection::vec((0..1000_usize, 1..100_u32), 0..60), stop in 0..60_usize,
    ) {
        let all: Vec<_> = loads.iter().enumerate().map(|(index, &(busy, weight))| (index, busy, weight)).collect();
        let mut offered = Vec::new();
        let taken = take_least_busy(all, |index| {
            offered.push(index);
            offered.len() > stop
        });
        prop_assert_eq!(taken, offered.get(stop).copied());
        prop_assert_eq!(offered.len(), loads.len().min(stop + 1));
        for pair in offered.windows(2) {
            let ((one, one_weight), (other, other_weight)) = (loads[pair[0]], loads[pair[1]]);
            let (left, right) = (one as u64 * u64::from(other_weight), other as u64 * u64::from(one_weight));
            prop_assert!(left < right || (left == right && pair[0] < pair[1]), "ties keep their order");
        }
    }
}
