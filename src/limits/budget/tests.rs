use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::RetryBudget;

fn granted(budget: &RetryBudget, now: Instant, asked: usize) -> usize {
    (0..asked).filter(|_| budget.withdraw(now)).count()
}

fn deposit(budget: &RetryBudget, now: Instant, count: usize) {
    (0..count).for_each(|_| budget.deposit(now));
}

fn after(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn ten_a_second_are_always_there() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    for second in 0..30 {
        assert_eq!(granted(&budget, after(start, second), 100), 10, "second {second}");
    }
}

#[test]
fn a_fifth_of_the_requests_of_ten_seconds() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    deposit(&budget, start, 600);
    deposit(&budget, after(start, 5), 400);
    assert_eq!(granted(&budget, after(start, 5), 1000), 200);
    assert_eq!(granted(&budget, after(start, 6), 1000), 10, "only the floor");
    // The first 600 are out of the window, and so is nothing that was taken: 80 were due, 210 were had.
    assert_eq!(granted(&budget, after(start, 10), 1000), 10);
    deposit(&budget, after(start, 20), 500);
    assert_eq!(granted(&budget, after(start, 20), 1000), 100);
}

#[test]
fn a_long_pause_forgets_what_was_before() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    deposit(&budget, start, 10_000);
    assert_eq!(granted(&budget, after(start, 100_000), 1000), 10);
}

#[test]
fn nothing_is_lost_or_granted_twice_among_threads() {
    let start = Instant::now();
    let budget = RetryBudget::new(start);
    let had: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    deposit(&budget, start, 5000);
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| granted(&budget, start, 2000))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(had, 4000);
}

proptest! {
    #[test]
    fn never_more_than_the_rule_and_never_less(
        steps in prop::collection::vec((0..4_u64, 0..300_usize, 0..60_usize), 1..40),
    ) {
        let start = Instant::now();
        let budget = RetryBudget::new(start);
        let (mut second, mut requests, mut retries) = (0, Vec::new(), Vec::new());
        for (pause, deposits, asked) in steps {
            second += pause;
            deposit(&budget, after(start, second), deposits);
            requests.extend(std::iter::repeat_n(second, deposits));
            let recent = requests.iter().filter(|&&at| at + 10 > second).count();
            for _ in 0..asked {
                let now = retries.iter().filter(|&&at| at == second).count();
                let lately = retries.iter().filter(|&&at| at + 10 > second).count();
                let is_due = now < 10 || (lately + 1) * 5 <= recent;
                prop_assert_eq!(budget.withdraw(after(start, second)), is_due);
                if is_due {
                    retries.push(second);
                }
            }
        }
    }
}
