mod rules;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Verdict::{ConnectFault, Fault, Neutral, Ok as Good};
use super::{Breaker, State, Trial, Verdict};

const INTERVAL: Duration = Duration::from_secs(60);

/// A breaker and its clock.
struct Bench {
    breaker: Arc<Breaker>,
    now: Instant,
}

impl Bench {
    fn new(interval: Duration) -> Self {
        let now = Instant::now();
        Bench { breaker: Arc::new(Breaker::new(now, interval, 0.0)), now }
    }

    fn down(interval: Duration) -> Self {
        let bench = Bench::new(interval);
        bench.report(&[Verdict::ConnectFault; 3]);
        assert!(!bench.is_up());
        bench
    }

    fn report(&self, verdicts: &[Verdict]) {
        for &verdict in verdicts {
            self.breaker.report(self.now, verdict);
        }
    }

    fn probe(&self, is_ok: bool) {
        self.breaker.probe(self.now, self.now, is_ok);
    }

    fn trial(&self) -> Option<Trial> {
        Trial::begin(&self.breaker, self.now)
    }

    fn cool(&self, retry_after: Option<Duration>) {
        self.breaker.cool(self.now, retry_after);
    }

    fn is_cool(&self) -> bool {
        self.breaker.is_cool(self.now)
    }

    fn note(&self, text: &str) {
        self.breaker.note_error(text);
    }

    fn pass(&mut self, seconds: f64) -> &mut Self {
        self.now += Duration::from_secs_f64(seconds);
        self
    }

    fn state(&self) -> State {
        self.breaker.state(self.now)
    }

    fn is_up(&self) -> bool {
        self.state() == State::Up
    }

    /// Seconds until the next probe.
    fn wait(&self) -> f64 {
        match self.state() {
            State::Down { probe_due } => (probe_due - self.now).as_secs_f64(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn three_failed_connections_in_a_row_take_it_down() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[ConnectFault, ConnectFault, Good, ConnectFault, ConnectFault]);
    assert!(bench.is_up());
    bench.report(&[ConnectFault]);
    assert!(!bench.is_up());
}

#[test]
fn another_fault_breaks_the_row_of_failed_connections() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[ConnectFault, ConnectFault, Fault, ConnectFault]);
    assert!(bench.is_up());
    bench.report(&[ConnectFault]);
    assert!(!bench.is_up(), "five of any kind");
}

#[test]
fn five_faults_in_a_row_take_it_down() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[Good; 100]);
    bench.report(&[Fault; 4]);
    assert!(bench.is_up());
    bench.report(&[Fault]);
    assert!(!bench.is_up());
}

#[test]
fn clients_faults_count_for_nothing_and_break_no_row() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[Neutral; 50]);
    assert!(bench.is_up());
    bench.report(&[ConnectFault, Neutral, ConnectFault, Neutral]);
    assert!(bench.is_up());
    bench.report(&[ConnectFault]);
    assert!(!bench.is_up());
}

#[test]
fn over_four_fifths_of_the_last_minute_take_it_down() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[Fault, Fault, Fault, Good, Fault]);
    assert!(bench.is_up(), "four of five are not over 80 %");
    bench.report(&[Fault]);
    assert!(!bench.is_up(), "five of six are");
}

#[test]
fn successes_before_the_first_fault_count_in_the_share() {
    let bench = Bench::new(INTERVAL);
    bench.report(&[Good; 10]);
    for _ in 0..10 {
        bench.report(&[Fault, Fault, Fault, Fault]);
        assert!(bench.is_up());
        bench.report(&[Good]);
    }
}

#[test]
fn what_is_older_than_a_minute_is_forgotten() {
    let mut bench = Bench::new(INTERVAL);
    bench.report(&[Good; 10]);
    bench.pass(30.0).report(&[Fault, Fault, Good, Fault, Fault]);
    assert!(bench.is_up());
    // Now the ten successes are out, the faults still in.
    bench.pass(31.0).report(&[Fault]);
    assert!(!bench.is_up(), "five of six");

    let mut bench = Bench::new(INTERVAL);
    bench.report(&[Fault, Fault, Good, Fault, Fault]);
    bench.pass(61.0).report(&[Good, Fault]);
    assert!(bench.is_up());
}

#[test]
fn waits_double_up_to_the_interval() {
    let mut bench = Bench::down(Duration::from_secs(20));
    for expected in [2.0, 4.0, 8.0, 16.0, 20.0, 20.0] {
        assert_eq!(bench.wait(), expected);
        bench.pass(expected).probe(false);
    }
    bench.breaker.set_interval(Duration::from_secs(1));
    assert_eq!(bench.wait(), 1.0);
}

#[test]
fn jitter_shortens_waits_by_a_fifth_at_most() {
    for (jitter, expected) in [(0.0, 2.0), (0.5, 1.8), (1.0, 1.6), (7.0, 1.6)] {
        let now = Instant::now();
        let bench = Bench { breaker: Arc::new(Breaker::new(now, INTERVAL, jitter)), now };
        bench.report(&[Fault; 5]);
        assert_eq!(bench.wait(), expected);
    }
}

#[test]
fn time_alone_does_not_open_what_is_probed() {
    let mut bench = Bench::down(INTERVAL);
    bench.pass(1000.0);
    assert!(matches!(bench.state(), State::Down { .. }));
    assert!(bench.trial().is_none());
}

#[test]
fn a_good_probe_lets_exactly_one_trial_through() {
    let mut bench = Bench::down(INTERVAL);
    bench.pass(2.0).probe(true);
    assert_eq!(bench.state(), State::HalfOpen);
    let trial = bench.trial().unwrap();
    assert!(bench.trial().is_none());
    assert_eq!(bench.state(), State::OnTrial);
    trial.report(bench.now, Good);
    assert!(bench.is_up());
    // Counters are clear: two failed connections are not three.
    bench.report(&[ConnectFault, ConnectFault]);
    assert!(bench.is_up());
}

#[test]
fn a_trial_that_takes_long_lets_another_through_and_the_last_decides() {
    let mut bench = Bench::down(INTERVAL);
    bench.pass(2.0).probe(true);
    let first = bench.trial().unwrap();
    assert_eq!(bench.pass(4.9).state(), State::OnTrial);
    assert_eq!(bench.pass(0.1).state(), State::HalfOpen);
    let last = bench.trial().unwrap();
    assert!(bench.trial().is_none());
    first.report(bench.now, Fault);
    assert_eq!(bench.state(), State::OnTrial);
    last.report(bench.now, Fault);
    assert_eq!(bench.wait(), 4.0);
}

#[test]
fn a_probe_that_began_before_it_went_down_says_nothing() {
    let mut bench = Bench::new(INTERVAL);
    let began = bench.now;
    bench.pass(1.0).report(&[Fault; 5]);
    bench.breaker.probe(began, bench.now, true);
    assert!(bench.trial().is_none());
}

#[test]
fn without_probes_time_lets_one_trial_through() {
    let mut bench = Bench::down(Duration::ZERO);
    assert_eq!(bench.wait(), 2.0);
    assert!(bench.trial().is_none());
    bench.pass(2.0);
    assert_eq!(bench.state(), State::HalfOpen);
    let trial = bench.trial().unwrap();
    assert!(bench.trial().is_none());
    trial.report(bench.now, Fault);
    assert_eq!(bench.wait(), 4.0);
    for _ in 0..10 {
        bench.pass(60.0);
        bench.trial().unwrap().report(bench.now, ConnectFault);
    }
    assert_eq!(bench.wait(), 60.0);
}

#[test]
fn a_failed_trial_waits_longer() {
    let mut bench = Bench::down(INTERVAL);
    bench.pass(2.0).probe(true);
    bench.trial().unwrap().report(bench.now, Fault);
    assert_eq!(bench.wait(), 4.0);
    assert!(bench.trial().is_none());
}

#[test]
fn a_trial_without_a_verdict_is_given_back() {
    let bench = Bench::down(INTERVAL);
    bench.probe(true);
    drop(bench.trial().unwrap());
    bench.trial().unwrap().report(bench.now, Neutral);
    assert_eq!(bench.state(), State::HalfOpen);
    bench.trial().unwrap().report(bench.now, Good);
    assert!(bench.is_up());
}

#[test]
fn an_old_trial_does_not_give_back_a_newer_one() {
    let bench = Bench::down(INTERVAL);
    bench.probe(true);
    let old = bench.trial().unwrap();
    bench.breaker.reset(bench.now);
    bench.report(&[ConnectFault; 3]);
    bench.probe(true);
    let _new = bench.trial().unwrap();
    drop(old);
    assert!(bench.trial().is_none());
}

#[test]
fn old_requests_say_nothing_of_a_backend_that_went_down() {
    let mut bench = Bench::down(INTERVAL);
    bench.report(&[Good, Fault, ConnectFault, Good]);
    assert_eq!(bench.wait(), 2.0);
    bench.pass(2.0).probe(true);
    bench.report(&[Fault; 9]);
    assert_eq!(bench.state(), State::HalfOpen);
}

#[test]
fn the_last_resort_brings_it_up_and_never_further_down() {
    let bench = Bench::down(INTERVAL);
    let (one, two, three) = (
        Trial::last_resort(&bench.breaker),
        Trial::last_resort(&bench.breaker),
        Trial::last_resort(&bench.breaker),
    );
    one.report(bench.now, Fault);
    drop(two);
    assert_eq!(bench.wait(), 2.0);
    three.report(bench.now, Good);
    assert!(bench.is_up());
}

#[test]
fn probes_find_a_dead_backend_without_traffic() {
    let bench = Bench::new(INTERVAL);
    bench.probe(false);
    bench.probe(false);
    bench.probe(true);
    bench.probe(false);
    bench.probe(false);
    assert!(bench.is_up(), "a good probe ends the row");
    bench.probe(false);
    assert!(!bench.is_up());
}

#[test]
fn good_probes_do_not_hide_failing_requests() {
    let bench = Bench::new(INTERVAL);
    for _ in 0..4 {
        bench.report(&[Fault]);
        bench.probe(true);
    }
    assert!(bench.is_up());
    bench.report(&[Fault]);
    assert!(!bench.is_up());
}

#[test]
fn a_probe_that_fails_while_half_open_takes_it_down_unless_a_trial_runs() {
    let bench = Bench::down(INTERVAL);
    bench.probe(true);
    bench.probe(false);
    assert_eq!(bench.wait(), 4.0);
    bench.probe(true);
    let trial = bench.trial().unwrap();
    bench.probe(false);
    assert_eq!(bench.state(), State::OnTrial);
    trial.report(bench.now, Good);
    assert!(bench.is_up());
}

#[test]
fn reset_forgets_everything() {
    let bench = Bench::down(INTERVAL);
    bench.cool(None);
    bench.note("connection refused");
    bench.breaker.reset(bench.now);
    assert!(bench.is_up() && !bench.is_cool());
    assert!(bench.breaker.last_error().is_none());
    bench.report(&[Fault; 4]);
    assert!(bench.is_up());
}

#[test]
fn cooling_ends_when_it_was_asked_to() {
    let mut bench = Bench::new(INTERVAL);
    let asked = |seconds| Some(Duration::from_secs(seconds));
    assert!(!bench.is_cool());
    bench.cool(None);
    assert_eq!(bench.breaker.cool_until(bench.now), Some(bench.now + Duration::from_secs(5)));
    assert!(bench.is_up(), "it is not the backend's fault");
    bench.pass(4.0).cool(asked(0));
    assert!(bench.is_cool(), "never shortened");
    bench.pass(1.0);
    assert!(!bench.is_cool());
    bench.cool(asked(0));
    assert!(!bench.is_cool());
    bench.cool(asked(u64::MAX));
    bench.pass(599.0);
    assert!(bench.is_cool());
    bench.pass(1.0);
    assert!(!bench.is_cool(), "ten minutes at most");
}

#[test]
fn the_last_error_is_kept_with_its_time_and_cut() {
    let bench = Bench::new(INTERVAL);
    bench.note("first");
    let first = bench.breaker.last_error().unwrap();
    bench.note(&"é".repeat(1000));
    let last = bench.breaker.last_error().unwrap();
    assert_eq!((&*first.text, last.text.chars().count()), ("first", 300));
    assert!(first.at <= last.at && last.at <= Timestamp::now());
}

#[test]
fn no_success_is_lost_among_threads() {
    let bench = Bench::new(INTERVAL);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5000).for_each(|_| bench.report(&[Good])));
        }
        scope.spawn(|| (0..500).for_each(|_| bench.report(&[Fault, Good])));
    });
    assert!(bench.is_up());
    bench.breaker.change(bench.now, |inner, _| {
        assert_eq!(inner.window.total(), (20_500, 500));
    });
}
