//! Which addresses may call at all.

use std::str::FromStr;

use super::Caller;
use crate::config::Ranges;

/// How the lists of addresses are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: everybody may call.
    #[default]
    Disabled,
    /// Only who is in the whitelist; an empty one admits nobody.
    Whitelist,
    /// All but who is in the blacklist.
    Blacklist,
}

impl Mode {
    /// The word in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Disabled => "disabled",
            Mode::Whitelist => "whitelist",
            Mode::Blacklist => "blacklist",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let modes = [Mode::Disabled, Mode::Whitelist, Mode::Blacklist];
        let found = modes.into_iter().find(|mode| text.trim().eq_ignore_ascii_case(mode.as_str()));
        found.ok_or_else(|| format!("`{text}` is not disabled, whitelist or blacklist"))
    }
}

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

/// The rules of addresses, of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpRules {
    pub mode: Mode,
    pub whitelist: Ranges,
    pub blacklist: Ranges,
}

impl IpRules {
    /// Whether `caller` may go there. A whitelist always lets a program of this machine into the panel, so that there
    /// is a way back.
    #[must_use]
    pub fn admit(&self, caller: Caller, area: Area) -> bool {
        if area == Area::Health {
            return true;
        }
        match self.mode {
            Mode::Disabled => true,
            Mode::Whitelist => {
                self.whitelist.contains(caller.address) || (area == Area::Admin && caller.is_loopback)
            }
            Mode::Blacklist => !self.blacklist.contains(caller.address),
        }
    }

    /// Whether an admin who saves these rules would be kept out by them.
    #[must_use]
    pub fn would_lock_out(&self, admin: Caller) -> bool {
        !self.admit(admin, Area::Admin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(mode: &str, whitelist: &[&str], blacklist: &[&str]) -> IpRules {
        let parse = |list: &[&str]| Ranges::parse(list.iter().copied()).unwrap();
        IpRules { mode: mode.parse().unwrap(), whitelist: parse(whitelist), blacklist: parse(blacklist) }
    }

    fn from(address: &str) -> Caller {
        let address: std::net::IpAddr = address.parse().unwrap();
        Caller { address, is_loopback: address.is_loopback() }
    }

    #[test]
    fn lists_count_only_in_their_mode() {
        let lists = |mode| rules(mode, &["10.0.0.0/8", "2001:db8::/64"], &["10.1.0.0/16", "198.51.100.1"]);
        for (mode, address, admitted) in [
            ("disabled", "198.51.100.1", true),
            ("whitelist", "10.1.2.3", true),
            ("whitelist", "::ffff:10.1.2.3", true),
            ("whitelist", "2001:db8::7", true),
            ("whitelist", "2001:db8:0:1::7", false),
            ("whitelist", "203.0.113.1", false),
            ("Blacklist", "203.0.113.1", true),
            ("blacklist", "10.1.2.3", false),
            ("blacklist", "::ffff:198.51.100.1", false),
        ] {
            for area in [Area::Clients, Area::Admin] {
                assert_eq!(lists(mode).admit(from(address), area), admitted, "{mode} {address} {area:?}");
            }
            assert!(lists(mode).admit(from(address), Area::Health));
        }
        assert!("both".parse::<Mode>().is_err());
    }

    #[test]
    fn a_whitelist_leaves_a_way_back_on_this_machine() {
        let empty = rules("whitelist", &[], &[]);
        assert!(empty.admit(from("127.0.0.1"), Area::Admin));
        assert!(empty.admit(from("::1"), Area::Admin));
        assert!(!empty.admit(from("127.0.0.1"), Area::Clients));
        assert!(!empty.admit(from("10.0.0.1"), Area::Admin), "an empty whitelist admits nobody else");
        let behind_a_proxy = Caller { is_loopback: false, ..from("127.0.0.1") };
        assert!(!empty.admit(behind_a_proxy, Area::Admin), "a proxy on this machine is no program of it");
    }

    #[test]
    fn who_would_lock_themselves_out_is_told() {
        assert!(rules("whitelist", &["10.0.0.0/8"], &[]).would_lock_out(from("192.168.0.9")));
        assert!(!rules("whitelist", &["192.168.0.0/24"], &[]).would_lock_out(from("192.168.0.9")));
        assert!(!rules("whitelist", &[], &[]).would_lock_out(from("127.0.0.1")));
        assert!(rules("blacklist", &[], &["192.168.0.9"]).would_lock_out(from("192.168.0.9")));
        assert!(rules("blacklist", &[], &["127.0.0.0/8"]).would_lock_out(from("127.0.0.1")));
    }
}
