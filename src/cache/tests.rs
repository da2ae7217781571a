use std::time::{Duration, Instant};

use super::{Cache, Caches, Key, Replies, Vector, key};
use crate::config::{self, CacheRule};

const MINUTE: Duration = Duration::from_secs(60);

fn rule(max_entries: usize) -> CacheRule {
    CacheRule { is_on: true, max_entries, max_age: MINUTE }
}

fn key(number: usize) -> Key {
    let scope = key::Scope { tenant: "", model: "m", digest: None };
    key::embeddings(scope, "/api/embed", b"}").key(&number.to_le_bytes())
}

fn vector(bytes: usize) -> Vector {
    Vector::new(&"1".repeat(bytes), 1)
}

#[test]
fn a_value_is_found_until_it_is_too_old() {
    let (cache, now) = (Cache::new(rule(10)), Instant::now());
    cache.put(key(1), vector(3), now);
    assert_eq!(cache.get(&key(1), now + MINUTE - Duration::from_nanos(1)).unwrap().text(), "111");
    assert!(cache.get(&key(1), now + MINUTE).is_none());
    let stats = cache.stats();
    assert_eq!(
        (stats.hits, stats.misses, stats.evictions, stats.size),
        (1, 1, 0, 0),
        "it is gone, not evicted"
    );
}

#[test]
fn there_are_never_more_entries_than_allowed() {
    for most in [1, 2, 3, 33, 500, 5000] {
        let (cache, now) = (Cache::new(rule(most)), Instant::now());
        for number in 0..most * 2 {
            cache.put(key(number), vector(3), now);
            assert!(cache.stats().size <= most, "{} of {most}", cache.stats().size);
        }
        let stats = cache.stats();
        assert_eq!(stats.evictions as usize, most * 2 - stats.size);
        assert!(stats.size >= most * 9 / 10, "{} of {most}: the room is used", stats.size);
        let found = (0..most * 2).filter(|&number| cache.get(&key(number), now).is_some()).count();
        assert_eq!(found, stats.size);
    }
}

#[test]
fn a_cache_that_is_not_full_forgets_nothing() {
    let (cache, now) = (Cache::new(rule(1000)), Instant::now());
    (0..1000).for_each(|number| cache.put(key(number), vector(20_000), now));
    assert!((0..1000).all(|number| cache.get(&key(number), now).is_some()));
}

#[test]
fn there_are_never_more_bytes_than_allowed() {
    const SIZE: usize = 1 << 20;
    let (cache, now) = (Cache::new(rule(100)), Instant::now());
    let most = usize::try_from(cache.stats().max_bytes).unwrap();
    assert_eq!(most, 100 * (128 << 10));
    (0..30).for_each(|number| cache.put(key(number), vector(SIZE), now));
    assert!(cache.stats().size <= most / SIZE, "{} of {SIZE} bytes", cache.stats().size);
    assert!(cache.stats().size >= most / SIZE - 1);
    let before = cache.stats();
    cache.put(key(99), vector(most), now);
    assert_eq!(cache.stats(), before, "a value as large as the cache drives nothing out");
    assert_eq!(Cache::<Vector>::new(rule(1)).stats().max_bytes, 4 << 20);
    assert_eq!(Cache::<Vector>::new(rule(100_000_000)).stats().max_bytes, 256 << 20);
}

#[test]
fn clear_forgets_values_and_counts() {
    let (cache, now) = (Cache::new(rule(1)), Instant::now());
    (0..3).for_each(|number| cache.put(key(number), vector(3), now));
    assert!((0..3).any(|number| cache.get(&key(number), now).is_some()));
    cache.clear();
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.evictions, stats.size), (0, 0, 0, 0));
    assert!((0..3).all(|number| cache.get(&key(number), now).is_none()));
}

#[test]
fn a_cache_that_is_off_keeps_and_counts_nothing() {
    let off = [
        CacheRule { is_on: false, ..rule(10) },
        CacheRule { max_entries: 0, ..rule(10) },
        CacheRule { max_age: Duration::ZERO, ..rule(10) },
    ];
    for rule in off {
        let (cache, now) = (Cache::new(rule), Instant::now());
        cache.put(key(1), vector(3), now);
        assert!(!cache.is_on() && cache.get(&key(1), now).is_none(), "{rule:?}");
        let stats = cache.stats();
        assert_eq!((stats.misses, stats.size, stats.max_size), (0, 0, rule.max_entries));
    }
}

#[test]
fn the_report_has_the_fields_of_the_seed() {
    let off = CacheRule { is_on: false, ..rule(1000) };
    let (caches, now) = (
        Caches::new(&config::Caches { scope: config::CacheScope::Token, chat: off, embeddings: rule(5000) }),
        Instant::now(),
    );
    for number in 0..10 {
        assert!(caches.embeddings.get(&key(number), now).is_none());
        caches.embeddings.put(key(number), vector(3), now);
        (0..4).for_each(|_| drop(caches.embeddings.get(&key(number), now)));
    }
    let expected = serde_json::json!({
        "enabled": {"embeddings": true, "chat": false},
        "embeddings": {"hits": 40, "misses": 10, "evictions": 0, "size": 10, "maxSize": 5000, "hitRate": "80.00%",
            "maxBytes": 256 << 20},
        "chat": {"hits": 0, "misses": 0, "evictions": 0, "size": 0, "maxSize": 1000, "hitRate": "0%", "maxBytes": 0},
        "totalItems": 10
    });
    assert_eq!(serde_json::to_value(caches.report()).unwrap(), expected);
    caches.clear();
    assert_eq!(caches.report().total_items, 0);
}

#[test]
fn everything_that_a_key_is_made_of_changes_it() {
    let plain = key::Scope { tenant: "", model: "m", digest: None };
    let scopes = [
        plain,
        key::Scope { tenant: "m", model: "", ..plain },
        key::Scope { model: "n", ..plain },
        key::Scope { digest: Some("sha256:1"), ..plain },
    ];
    let mut keys = Vec::new();
    for scope in scopes {
        for endpoint in ["/api/chat", "/api/generate"] {
            for choices in [1, 2] {
                for logprobs in [false, true] {
                    keys.push(key::chat(scope, endpoint, b"{}", choices, logprobs));
                    keys.push(key::chat(scope, endpoint, b"{ }", choices, logprobs));
                }
            }
        }
        for (fields, input) in
            [("}", "\"a\""), ("}", "\"b\""), (",\"dimensions\":2}", "\"a\""), ("}\"", "a\"")]
        {
            keys.push(key::embeddings(scope, "/api/embed", fields.as_bytes()).key(input.as_bytes()));
        }
    }
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
    assert_eq!(key::chat(plain, "/api/chat", b"{}", 1, false), keys[0], "the same is the same");
}

#[test]
fn what_is_kept_is_never_printed() {
    let replies = Replies::new(&[b"a secret answer".as_slice()]);
    let cache = Cache::new(rule(10));
    cache.put(key(1), replies.clone(), Instant::now());
    let printed = format!("{replies:?} {:?} {cache:?} {:?}", Vector::new("[0.25]", 1), key(1));
    assert!(!printed.contains("secret") && !printed.contains("0.25"), "{printed}");
    assert_eq!(replies.answers()[0].as_ref(), b"a secret answer");
}
