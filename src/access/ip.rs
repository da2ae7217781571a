//! Which addresses may call at all.

use super::Caller;
use crate::config::{IpMode, IpRules};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Everything but what follows.
    Clients,
    /// The panel and its API, below `/admin`.
    Admin,
    /// `/health`, `/livez`, `/readyz`: open to all.
    Health,
}

/// Whether `caller` may go there. A whitelist always lets a program of this machine into the panel, so that there is a
/// way back.
#[must_use]
pub fn admits(rules: &IpRules, caller: Caller, area: Area) -> bool {
    match rules.mode {
        _ if area == Area::Health => true,
        IpMode::Disabled => true,
        IpMode::Whitelist => {
            rules.whitelist.contains(caller.address) || (area == Area::Admin && caller.is_loopback)
        }
        IpMode::Blacklist => !rules.blacklist.contains(caller.address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ranges;

    fn rules(mode: IpMode, whitelist: &[&str], blacklist: &[&str]) -> IpRules {
        let parse = |list: &[&str]| Ranges::parse(list.iter().copied()).unwrap();
        IpRules { mode, whitelist: parse(whitelist), blacklist: parse(blacklist) }
    }

    fn from(address: &str) -> Caller {
        let address: std::net::IpAddr = address.parse().unwrap();
        Caller { address, is_loopback: address.is_loopback() }
    }

    #[test]
    fn lists_count_only_in_their_mode() {
        let lists = |mode| rules(mode, &["10.0.0.0/8", "2001:db8::/64"], &["10.1.0.0/16", "198.51.100.1"]);
        for (mode, address, admitted) in [
            (IpMode::Disabled, "198.51.100.1", true),
            (IpMode::Whitelist, "10.1.2.3", true),
            (IpMode::Whitelist, "::ffff:10.1.2.3", true),
            (IpMode::Whitelist, "2001:db8::7", true),
            (IpMode::Whitelist, "2001:db8:0:1::7", false),
            (IpMode::Whitelist, "203.0.113.1", false),
            (IpMode::Blacklist, "203.0.113.1", true),
            (IpMode::Blacklist, "10.1.2.3", false),
            (IpMode::Blacklist, "::ffff:198.51.100.1", false),
        ] {
            for area in [Area::Clients, Area::Admin] {
                assert_eq!(
                    admits(&lists(mode), from(address), area),
                    admitted,
                    "{mode:?} {address} {area:?}"
                );
            }
            assert!(admits(&lists(mode), from(address), Area::Health));
        }
    }

    #[test]
    fn a_whitelist_leaves_a_way_back_on_this_machine() {
        let empty = rules(IpMode::Whitelist, &[], &[]);
        assert!(admits(&empty, from("127.0.0.1"), Area::Admin));
        assert!(admits(&empty, from("::1"), Area::Admin));
        assert!(!admits(&empty, from("127.0.0.1"), Area::Clients));
        assert!(!admits(&empty, from("10.0.0.1"), Area::Admin), "an empty whitelist admits nobody else");
        let behind_a_proxy = Caller { is_loopback: false, ..from("127.0.0.1") };
        assert!(!admits(&empty, behind_a_proxy, Area::Admin), "a proxy on this machine is no program of it");
    }
}
