use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Range, Ranges, TrustProxy};

fn set(texts: &[&str]) -> Ranges {
    Ranges::parse(texts.iter().copied()).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn addresses_and_ranges_of_both_families() {
    let all = set(&["10.0.0.0/8", " 203.0.113.7 ", "", "2001:db8::/32", "::1", "10.9.0.0/16"]);
    for inside in ["10.255.255.255", "10.0.0.0", "203.0.113.7", "2001:db8:ffff::1", "::1", "::ffff:10.2.3.4"]
    {
        assert!(all.contains(ip(inside)), "{inside}");
    }
    for outside in
        ["11.0.0.0", "9.255.255.255", "203.0.113.8", "2001:db9::", "::2", "::ffff:11.0.0.0", "::a00:1"]
    {
        assert!(!all.contains(ip(outside)), "{outside}");
    }
    assert!(!set(&[]).contains(ip("::1")));
    assert!(set(&["", " "]).is_empty());
}

#[test]
fn mapped_addresses_are_those_of_v4() {
    assert_eq!(set(&["::ffff:10.0.0.0/104"]), set(&["10.0.0.0/8"]));
    assert_eq!(set(&["::ffff:1.2.3.4"]), set(&["1.2.3.4/32"]));
    assert!(set(&["0.0.0.0/0"]).contains(ip("::ffff:9.9.9.9")));
    assert!(!set(&["::/0"]).contains(ip("9.9.9.9")), "families are apart");
    assert!(set(&["::/0"]).contains(ip("2001:db8::1")));
}

#[test]
fn what_is_no_range_is_told() {
    let told = |text: &str| text.parse::<Range>().unwrap_err().to_string();
    for text in ["", "host", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4 5", "01.2.3.4", "[::1]", "fe80::1%eth0"] {
        assert_eq!(told(text), format!("has `{text}`, which is no address"));
    }
    for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/256"] {
        assert_eq!(told(text), format!("has `{text}`, whose prefix is not 0 to 32"));
    }
    assert_eq!(told("::/129"), "has `::/129`, whose prefix is not 0 to 128");
    assert!(Ranges::parse(["10.0.0.1", "x"]).is_err());
}

#[test]
fn whose_word_is_believed() {
    for (text, hops) in [("true", 1), ("1", 1), ("yes", 1), ("2", 2), ("255", 255)] {
        assert_eq!(text.parse(), Ok(TrustProxy::Hops(hops)), "{text}");
    }
    for text in ["false", "0", "off", "", " "] {
        assert_eq!(text.parse(), Ok(TrustProxy::Off), "{text}");
    }
    let Ok(TrustProxy::From(ranges)) = "Loopback, uniquelocal,203.0.113.9 ,".parse() else {
        panic!("a list")
    };
    for inside in ["127.0.0.1", "::1", "192.168.3.4", "172.31.0.1", "fd00::1", "203.0.113.9"] {
        assert!(ranges.contains(ip(inside)), "{inside}");
    }
    for outside in ["172.32.0.1", "169.254.0.1", "fe80::1", "203.0.113.8"] {
        assert!(!ranges.contains(ip(outside)), "{outside}");
    }
    let Ok(TrustProxy::From(local)) = "linklocal".parse() else { panic!("a list") };
    assert!(local.contains(ip("169.254.1.1")) && local.contains(ip("fe80::1")));
    for bad in ["everyone", "256", "-1", "10.0.0.0/40", "loopback;linklocal"] {
        assert!(bad.parse::<TrustProxy>().is_err(), "{bad}");
    }
}

proptest! {
    /// Against the plain rule: the first bits are the same.
    #[test]
    fn a_set_is_the_sum_of_its_ranges(
        v4 in prop::collection::vec((any::<u32>(), 0..=32_u8), 0..12),
        v6 in prop::collection::vec((any::<u128>(), 0..=128_u8), 0..12),
        near in any::<prop::sample::Index>(),
        other in any::<u128>(),
        turned in 0..128_u32,
    ) {
        let texts: Vec<String> = v4.iter().map(|(ip, bits)| format!("{}/{bits}", Ipv4Addr::from_bits(*ip)))
            .chain(v6.iter().map(|(ip, bits)| format!("{}/{bits}", Ipv6Addr::from_bits(*ip)))).collect();
        let set = Ranges::parse(texts.iter().map(String::as_str)).unwrap();
        // One bit away from the beginning of a range, so that both answers occur.
        let four = if v4.is_empty() { other as u32 } else { v4[near.index(v4.len())].0 ^ (1 << (turned % 32)) };
        let six = if v6.is_empty() { other } else { v6[near.index(v6.len())].0 ^ (1 << turned) };
        let is_four = v4.iter().any(|(ip, bits)| (ip ^ four).leading_zeros() >= u32::from(*bits));
        prop_assert_eq!(set.contains(Ipv4Addr::from_bits(four).into()), is_four);
        prop_assert_eq!(set.contains(Ipv4Addr::from_bits(four).to_ipv6_mapped().into()), is_four);
        let six_ip = Ipv6Addr::from_bits(six);
        if six_ip.to_ipv4_mapped().is_none() {
            let is_six = v6.iter().any(|(ip, bits)| (ip ^ six).leading_zeros() >= u32::from(*bits));
            prop_assert_eq!(set.contains(six_ip.into()), is_six);
        }
    }
}
