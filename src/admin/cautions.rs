//! What whoever runs the gateway should know of who gets in, and who does not, or soon will not: told at the start, and on the dashboard.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

use super::Admin;
use crate::access::{Area, Caller, admits};
use crate::config::Standing;
use crate::store::{FIRST, StoreError};

/// A certificate that ends within this time is told of: one that is renewed by itself was renewed before.
const CERTIFICATE_SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A word for programs, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caution {
    pub kind: &'static str,
    pub text: String,
}

/// The default password on an address that only this machine reaches, and on others.
const LOCAL: &str = "the password of the account admin is admin123, which everybody knows: it opens nothing but its own \
    change, to programs of this machine only. Change it in the panel, or by `ollama2openai user passwd admin`";
const OPEN: &str = "nobody can sign in to the panel from another machine: ADMIN_PASSWORD is not set, and admin123, the \
    password without it, which everybody knows, opens nothing but its own change, to programs of this machine only. \
    Set ADMIN_PASSWORD and start again, or run `ollama2openai user passwd admin`";
/// One that nobody could type in the panel.
const SHORT: &str = "ADMIN_PASSWORD has fewer than 8 characters and is soon guessed: set a longer one";

/// All that is true now.
///
/// # Errors
/// Those of the database.
pub async fn cautions(admin: &Admin) -> Result<Vec<Caution>, StoreError> {
    let out = shut_out(&admin.reloader.settings()).map(|text| Caution { kind: "shut_out", text });
    let certificate =
        admin.ledger.metrics.certificate_end.get().and_then(|end| certificate(end, Timestamp::now()));
    Ok(password(admin).await?.into_iter().chain(out).chain(certificate).collect())
}

/// Of one that has ended, or will soon.
fn certificate(end: i64, now: Timestamp) -> Option<Caution> {
    let end = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
    let left = end.duration_since(now);
    if left.is_negative() {
        let text = format!(
            "the certificate ended at {end}: clients refuse to connect. Put a new one in the file of TLS_CERT; it is \
             read at once"
        );
        return Some(Caution { kind: "certificate_ended", text });
    }
    let text = format!("the certificate ends at {end}, and no new one is there yet");
    (left < CERTIFICATE_SOON).then_some(Caution { kind: "certificate_ending", text })
}

async fn password(admin: &Admin) -> Result<Option<Caution>, StoreError> {
    let Some(first) = admin.store.user_named(FIRST).await?.filter(|first| first.enabled) else {
        return Ok(None);
    };
    if admin.passwords.is_default(&first) {
        let is_local = admin.reloader.settings().config.listen.host.is_loopback();
        let text = if is_local { LOCAL } else { OPEN };
        return Ok(Some(Caution { kind: "default_password", text: text.to_owned() }));
    }
    if admin.passwords.is_short(&first) {
        let text = SHORT.to_owned();
        return Ok(Some(Caution { kind: "weak_password", text }));
    }
    let configured = admin.reloader.configured();
    let row = configured.origins.iter().find(|row| row.name == "ADMIN_PASSWORD");
    let given = row.filter(|row| row.is_given() && first.password_hash.is_some());
    Ok(given.map(|row| {
        let text = format!(
            "ADMIN_PASSWORD ({}) does not count: the account admin has a password of its own since it was changed. \
             `ollama2openai user passwd admin --configured` lets the setting hold again",
            row.origin
        );
        Caution { kind: "password_ignored", text }
    }))
}

/// When not even a program of this machine reaches `/admin`, nobody may be left who can mend it there.
#[must_use]
pub fn shut_out(now: &Standing) -> Option<String> {
    let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    let is_out = |address: &IpAddr| {
        !admits(&now.config.access.ip_rules, Caller { address: *address, is_loopback: true }, Area::Admin)
    };
    let address = here.iter().find(|address| is_out(address))?;
    let is_saved = ["IP_ACCESS_MODE", "IP_BLACKLIST"].into_iter().any(|name| now.row(name).origin == "saved");
    let way = match is_saved {
        true => "`ollama2openai settings reset IP_ACCESS_MODE IP_BLACKLIST` goes back to what is configured",
        false => "take it out of IP_BLACKLIST, or set IP_ACCESS_MODE",
    };
    Some(format!("the rules of addresses keep {address} out, of /admin too: {way}"))
}
