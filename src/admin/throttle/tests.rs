use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::{MOST, Throttle};

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Tries until it must wait; gives how often it could, and how long it waits.
fn exhaust(throttle: &mut Throttle, address: IpAddr, now: Instant) -> (u32, Duration) {
    let mut tried = 0;
    loop {
        match throttle.attempt(address, now) {
            Ok(()) => tried += 1,
            Err(wait) => return (tried, wait),
        }
    }
}

#[test]
fn five_failures_then_longer_and_longer_waits() {
    let (mut throttle, mut now) = (Throttle::default(), Instant::now());
    assert_eq!(exhaust(&mut throttle, A, now), (5, seconds(60)));
    assert_eq!(throttle.wait(A, now + seconds(59)), Some(seconds(1)));
    for wait in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        assert_eq!(exhaust(&mut throttle, A, now), (0, seconds(wait)), "even the right one");
        now += seconds(wait);
        assert_eq!(throttle.wait(A, now), None, "whoever waits so long gets through");
        assert_eq!(exhaust(&mut throttle, A, now).0, 1);
    }
    assert_eq!(exhaust(&mut throttle, A, now + seconds(3 * 3600)).0, 5, "an hour of quiet is a new start");
}

#[test]
fn four_a_minute_never_wait() {
    let (mut throttle, mut now) = (Throttle::default(), Instant::now());
    for _ in 0..10 {
        for _ in 0..4 {
            throttle.attempt(A, now).expect("four are too few");
        }
        now += seconds(60);
    }
}

#[test]
fn what_was_right_is_given_back_and_forgives_no_other() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    for _ in 0..1000 {
        throttle.attempt(A, now).expect("right ones do not count");
        throttle.forgive(A, now);
    }
    assert!(throttle.of.is_empty());
    for _ in 0..4 {
        throttle.attempt(A, now).expect("four are too few");
    }
    throttle.attempt(A, now).expect("the fifth may try");
    throttle.forgive(A, now);
    assert_eq!(exhaust(&mut throttle, A, now).0, 1, "four failures stay");
}

#[test]
fn a_household_is_one_and_neighbours_are_others() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    let of = |text: &str| text.parse::<IpAddr>().expect("an address");
    exhaust(&mut throttle, of("2001:db8:1:2::1"), now);
    assert_eq!(exhaust(&mut throttle, of("2001:db8:1:2:ffff::9"), now).0, 0);
    assert_eq!(exhaust(&mut throttle, of("2001:db8:1:3::1"), now).0, 5);
    exhaust(&mut throttle, A, now);
    assert_eq!(exhaust(&mut throttle, of("::ffff:192.0.2.1"), now).0, 0, "the same, written as v6");
}

#[test]
fn many_addresses_take_bounded_memory() {
    let (mut throttle, now) = (Throttle::default(), Instant::now());
    for number in 0..100_000_u128 {
        let address = IpAddr::V6(Ipv6Addr::from_bits((0x2001 << 112) | (number << 64)));
        throttle.attempt(address, now).expect("each is a stranger");
        assert!(throttle.of.len() <= MOST);
    }
    assert_eq!(exhaust(&mut throttle, A, now).0, 5, "one more is held as the others");
    assert_eq!(exhaust(&mut throttle, A, now + seconds(30)).0, 0);
}
