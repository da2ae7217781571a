//! Sets of addresses: single ones and CIDR ranges, v4 and v6. A v4 address that is mapped into v6 is that v4 address.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// One address, or a CIDR range of them. Bits behind the prefix do not count: `10.1.2.3/8` is `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
}

/// Why a text is no [`Range`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    #[error("has `{0}`, which is no address")]
    Address(String),
    #[error("has `{text}`, whose prefix is not 0 to {most}")]
    Prefix { text: String, most: u8 },
}

/// A set of addresses that answers in the logarithm of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    /// First and last of each, in order and apart from each other.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl FromStr for Range {
    type Err = BadRange;

    fn from_str(text: &str) -> Result<Self, BadRange> {
        let text = text.trim();
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| BadRange::Address(text.to_owned()))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |bits: &&str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = match bits {
            None => most,
            Some(bits) => Some(bits)
                .filter(is_number)
                .and_then(|bits| bits.parse::<u8>().ok())
                .filter(|bits| *bits <= most)
                .ok_or_else(|| BadRange::Prefix { text: text.to_owned(), most })?,
        };
        Ok(Range::new(address, bits))
    }
}

impl Range {
    fn new(address: IpAddr, bits: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let behind = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
                let address = address.to_bits();
                Range {
                    first: Ipv4Addr::from_bits(address & !behind).into(),
                    last: Ipv4Addr::from_bits(address | behind).into(),
                }
            }
            // A range within the mapped addresses is one of v4.
            IpAddr::V6(address) if bits >= 96 && address.to_ipv4_mapped().is_some() => {
                Range::new(address.to_canonical(), bits - 96)
            }
            IpAddr::V6(address) => {
                let behind = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
                let address = address.to_bits();
                Range {
                    first: Ipv6Addr::from_bits(address & !behind).into(),
                    last: Ipv6Addr::from_bits(address | behind).into(),
                }
            }
        }
    }
}

impl Ranges {
    /// A set of texts, each an address or a range. Blanks round them and empty ones do not count.
    ///
    /// # Errors
    /// The first text that is neither.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, BadRange> {
        let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty());
        texts.map(str::parse).collect()
    }

    /// Whether `address` is one of them. Families are apart: `::/0` is no v4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => holds(&self.v4, address.to_bits()),
            IpAddr::V6(address) => holds(&self.v6, address.to_bits()),
        }
    }

    /// Whether no address is one of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }
}

impl FromIterator<Range> for Ranges {
    fn from_iter<I: IntoIterator<Item = Range>>(ranges: I) -> Self {
        let mut set = Ranges::default();
        for range in ranges {
            match (range.first, range.last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => set.v4.push((first.to_bits(), last.to_bits())),
                (IpAddr::V6(first), IpAddr::V6(last)) => set.v6.push((first.to_bits(), last.to_bits())),
                _ => unreachable!("a range is of one family"),
            }
        }
        join(&mut set.v4);
        join(&mut set.v6);
        set
    }
}

fn holds<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let next = ranges.partition_point(|(first, _)| *first <= address);
    next.checked_sub(1).is_some_and(|at| address <= ranges[at].1)
}

/// Sorts, and makes one of those that overlap.
fn join<T: Ord + Copy>(ranges: &mut Vec<(T, T)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let overlaps = next.0 <= kept.1;
        if overlaps {
            kept.1 = kept.1.max(next.1);
        }
        overlaps
    });
}

/// `TRUST_PROXY`: whose word on a client's address is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TrustProxy {
    /// Nobody's: the client is who connects.
    #[default]
    Off,
    /// So many proxies stand before the gateway, at least one.
    Hops(u8),
    /// Proxies are known by their addresses.
    From(Ranges),
}

const NAMED: [(&str, &[&str]); 3] = [
    ("loopback", &["127.0.0.0/8", "::1"]),
    ("linklocal", &["169.254.0.0/16", "fe80::/10"]),
    ("uniquelocal", &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
];

impl FromStr for TrustProxy {
    type Err = BadRange;

    /// `true` (one hop), `false`, a number of hops, or a list of addresses, ranges and names of ranges.
    fn from_str(text: &str) -> Result<Self, BadRange> {
        let text = text.trim();
        let hops = super::value::switch(text).map(u8::from).or_else(|| text.parse().ok());
        match hops {
            Some(0) => return Ok(TrustProxy::Off),
            Some(hops) => return Ok(TrustProxy::Hops(hops)),
            None => {}
        }
        let mut ranges = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match NAMED.iter().find(|(name, _)| item.eq_ignore_ascii_case(name)) {
                Some((_, texts)) => {
                    ranges.extend(texts.iter().map(|text| text.parse::<Range>().expect("it is a range")));
                }
                None => ranges.push(item.parse()?),
            }
        }
        Ok(if ranges.is_empty() { TrustProxy::Off } else { TrustProxy::From(ranges.into_iter().collect()) })
    }
}
