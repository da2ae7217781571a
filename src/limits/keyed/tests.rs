use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::{Keyed, network};

const MINUTE: Duration = Duration::from_secs(60);

fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number).into()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn keys_do_not_count_for_each_other() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 1000, start);
    let take = |key| windows.take(&v4(key), 2, 1, start);
    assert_eq!(take(1).unwrap().standing.remaining, 1);
    assert_eq!(windows.look(&v4(1), 2, start).remaining, 1);
    assert_eq!(
        (windows.look(&v4(9), 2, start).remaining, windows.len()),
        (2, 1),
        "who looks is not remembered"
    );
    assert!(take(1).is_ok());
    let refused = take(1).unwrap_err();
    assert!(take(2).is_ok());
    assert!(windows.take(&v4(1), 2, 1, start + refused.retry_after.unwrap()).is_ok());
}

#[test]
fn settling_reaches_the_window_of_its_key() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 1000, start);
    let taken = windows.take(&"a", 100, 80, start).unwrap();
    windows.take(&"b", 100, 80, start).unwrap();
    windows.settle(&"a", &taken, 10, start);
    windows.settle(&"nobody", &taken, 10, start);
    assert_eq!(windows.look(&"a", 100, start).remaining, 90);
    assert_eq!((windows.look(&"b", 100, start).remaining, windows.len()), (20, 2));
}

#[test]
fn a_million_addresses_take_bounded_memory_and_free_nobody() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 4096, start);
    let offenders: Vec<IpAddr> = (0..100).map(v4).collect();
    for offender in &offenders {
        while windows.take(offender, 60, 1, start).is_ok() {}
    }
    for number in 0..1_000_000 {
        let now = start + Duration::from_micros(u64::from(number));
        assert!(windows.take(&v4(1000 + number), 60, 1, now).is_ok());
    }
    assert!(windows.len() <= 4096, "{} are remembered", windows.len());
    let remembered = windows.shards.iter().map(|shard| shard.lock().unwrap().places.len());
    assert_eq!(remembered.sum::<usize>(), windows.len(), "what is forgotten leaves nothing behind");
    let later = start + Duration::from_secs(2);
    for offender in &offenders {
        assert!(windows.take(offender, 60, 1, later).is_err(), "{offender} was freed by the flood");
    }
}

#[test]
fn the_idle_are_forgotten_first() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 160, start);
    // More than any shard holds, so that all are full.
    for number in 0..2000 {
        windows.take(&v4(number), 60, 1, start).unwrap();
    }
    let later = start + Duration::from_secs(120);
    for number in 5000..5002 {
        windows.take(&v4(number), 60, 1, later).unwrap();
    }
    for number in 5000..5002 {
        assert_eq!(windows.look(&v4(number), 60, later).remaining, 59);
    }
    assert_eq!(windows.len(), 160);
    assert_eq!(windows.sweep(later), 2);
    assert_eq!(windows.len(), 2);
    assert_eq!(windows.look(&v4(5001), 60, later).remaining, 59, "what is left is still found");
    assert_eq!(windows.sweep(later + Duration::from_secs(120)), 0);
    assert!(windows.is_empty());
}

#[test]
fn threads_share_the_limits() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 64, start);
    let had: usize = std::thread::scope(|scope| {
        let ask = || (0..4000).filter(|at| windows.take(&(at % 8), 50, 1, start).is_ok()).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(had, 8 * 50);
}

#[test]
fn even_no_room_at_all_is_some() {
    let start = Instant::now();
    let windows = Keyed::new(MINUTE, 0, start);
    for number in 0..100 {
        assert!(windows.take(&number, 1, 1, start).is_ok());
    }
    assert!(windows.len() <= 16);
}

#[test]
fn what_addresses_are_counted_by() {
    assert_eq!(network(ip("203.0.113.7")), ip("203.0.113.7"));
    assert_eq!(network(ip("::ffff:203.0.113.7")), ip("203.0.113.7"));
    assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    assert_ne!(network(ip("2001:db8:1:3::1")), network(ip("2001:db8:1:2::1")));
}
