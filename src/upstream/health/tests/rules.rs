use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::Verdict::{self, ConnectFault, Fault, Neutral, Ok as Good};
use super::super::{State, Trial};
use super::{Bench, INTERVAL};

/// What the rules say, from a plain list of all that happened.
fn should_be_down(history: &[(u64, Verdict)]) -> bool {
    let counted: Vec<_> = history.iter().filter(|(_, verdict)| *verdict != Neutral).collect();
    let row =
        |wanted: &[Verdict]| counted.iter().rev().take_while(|(_, verdict)| wanted.contains(verdict)).count();
    let Some((now, _)) = counted.last().filter(|(_, verdict)| *verdict != Good) else { return false };
    let recent: Vec<_> = counted.iter().filter(|(at, _)| at / 5 + 12 > now / 5).collect();
    let faults = recent.iter().filter(|(_, verdict)| *verdict != Good).count();
    let share = recent.len() >= 5 && faults * 5 > recent.len() * 4;
    row(&[ConnectFault]) >= 3 || row(&[ConnectFault, Fault]) >= 5 || share
}

proptest! {
    #[test]
    fn it_goes_down_exactly_when_the_rules_say(
        events in prop::collection::vec((0..20_u64, prop_oneof![
            4 => Just(Good), 3 => Just(Fault), 2 => Just(ConnectFault), 1 => Just(Neutral),
        ]), 1..120),
    ) {
        let bench = Bench::new(INTERVAL);
        let (mut at, mut history) = (0, Vec::new());
        for (pause, verdict) in events {
            at += pause;
            let now = bench.now + Duration::from_secs(at);
            bench.breaker.report(now, verdict);
            history.push((at, verdict));
            prop_assert_eq!(bench.breaker.state(now) != State::Up, should_be_down(&history), "{:?}", history);
            if bench.breaker.state(now) != State::Up {
                break;
            }
        }
    }

    #[test]
    fn no_trial_begins_within_five_seconds_of_another_and_always_a_way_back(
        steps in prop::collection::vec(0..8_u8, 1..200), probed in any::<bool>(),
    ) {
        let mut bench = Bench::new(if probed { INTERVAL } else { Duration::ZERO });
        let mut trial: Option<(Trial, Instant)> = None;
        for step in steps {
            match step {
                0 => {
                    bench.pass(30.0);
                }
                1 => bench.report(&[Fault; 5]),
                2 => bench.probe(true),
                3 => bench.probe(false),
                4 => trial = None,
                5 => bench.report(&[Good]),
                6 => drop(Trial::last_resort(&bench.breaker)),
                _ => if let Some(next) = bench.trial() {
                    let is_over = |since: &Instant| bench.now >= *since + Duration::from_secs(5);
                    prop_assert!(trial.as_ref().is_none_or(|(_, since)| is_over(since)));
                    trial = Some((next, bench.now));
                },
            }
            if bench.is_up() {
                trial = None;
            }
        }
        drop(trial);
        bench.pass(60.0).probe(true);
        if !bench.is_up() {
            bench.trial().expect("leave for one").report(bench.now, Good);
        }
        prop_assert!(bench.is_up());
    }
}
