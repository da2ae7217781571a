//! `/admin/api/settings/access-control`: the rules of addresses in one call, as in the Node program, and a test of an
//! address before they are saved.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use bytes::Bytes;
use serde_json::{Value, json};

use super::asked::{Asked, IfMatch};
use super::error::AdminError;
use super::fields::Fields;
use super::settings::{Change, Wish, put, warnings_of, with};
use super::shown_settings::access_control;
use super::visitor::Visitor;
use super::{Admin, auth};
use crate::access::{Area, Caller, admits};
use crate::config::{IpMode, Ranges, Standing, items, setting};

type Answer = Result<Json<Value>, AdminError>;

pub(super) async fn save(
    State(admin): State<Arc<Admin>>,
    Extension(who): Extension<auth::Caller>,
    Extension(visitor): Extension<Visitor>,
    if_match: IfMatch,
    asked: Asked,
    body: Bytes,
) -> Answer {
    let is_check = asked.switch("check")?;
    let mut fields = Fields::read(&body)?;
    let changes = rules(&mut fields);
    let expected = fields.revision(if_match);
    let may_lock_out = fields.flag("confirm").unwrap_or(false);
    let unread = fields.end()?;
    let done = put(&admin, (&who, &visitor), &changes, Wish { may_lock_out, is_check, expected }).await?;
    let rules = access_control(&done.now);
    let mut answer = done.answer(unread);
    answer["accessControl"] = rules;
    Ok(Json(answer))
}

/// The parts of the rules that are given; each list replaces the former one.
fn rules(fields: &mut Fields) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change = |name, text: String| {
        let setting = setting(name).expect("it is a setting");
        setting.to_save(&text).map(|text| changes.push((setting, Some(text))))
    };
    fields.never_null("mode", "disabled, whitelist or blacklist");
    if let Some(mode) = fields.text("mode")
        && let Err(wrong) = change("IP_ACCESS_MODE", mode)
    {
        fields.wrong("mode", wrong);
    }
    for list in ["whitelist", "blacklist"] {
        fields.never_null(
            list,
            "a list; an empty one is none, and POST /admin/api/settings goes back to what is configured",
        );
    }
    for (field, name) in [("whitelist", "IP_WHITELIST"), ("blacklist", "IP_BLACKLIST")] {
        let Some(list) = fields.texts(field) else { continue };
        let mut is_good = true;
        for (at, item) in list.iter().enumerate() {
            if let Err(bad) = Ranges::parse([item.as_str()]) {
                is_good = false;
                fields.wrong(&format!("{field}[{at}]"), bad.to_string());
            }
        }
        if is_good && let Err(wrong) = change(name, list.join(",")) {
            fields.wrong(field, wrong);
        }
    }
    changes
}

pub(super) async fn check_query(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    Asked(mut fields): Asked,
) -> Answer {
    let caller = visitor.caller();
    let ip = fields.text("ip");
    let tested = address(&mut fields, ip, caller);
    let unread = fields.end()?;
    Ok(Json(report(&admin.reloader.settings(), (tested, caller), unread)))
}

/// Rules that are given are tested in place of those in force.
pub(super) async fn check(
    State(admin): State<Arc<Admin>>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Answer {
    let mut fields = Fields::read(&body)?;
    let caller = visitor.caller();
    let ip = fields.text("ip");
    let tested = address(&mut fields, ip, caller);
    let changes = rules(&mut fields);
    let unread = fields.end()?;
    let standing = with(&admin, &admin.reloader.settings(), &changes);
    Ok(Json(report(&standing, (tested, caller), unread)))
}

/// Who comes from this address; the caller, where none is given.
fn address(fields: &mut Fields, ip: Option<String>, caller: Caller) -> Caller {
    let Some(ip) = ip else { return caller };
    match ip.trim().parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            Caller { address, is_loopback: address.is_loopback() }
        }
        Err(_) => {
            fields.wrong("ip", "must be an address, such as 203.0.113.7 or 2001:db8::7");
            caller
        }
    }
}

/// What an address may do under these rules, and which of their entries says so.
fn report(standing: &Standing, (tested, caller): (Caller, Caller), unread: Vec<String>) -> Value {
    let rules = &standing.config.access.ip_rules;
    let list = match rules.mode {
        IpMode::Disabled => None,
        IpMode::Whitelist => Some("IP_WHITELIST"),
        IpMode::Blacklist => Some("IP_BLACKLIST"),
    };
    let holds = |item: &&str| Ranges::parse([*item]).is_ok_and(|range| range.contains(tested.address));
    let rule = list.and_then(|list| items(&standing.row(list).value).find(holds));
    let may = |who: Caller| {
        json!({
            "ip": who.address, "clients": admits(rules, who, Area::Clients),
            "admin": admits(rules, who, Area::Admin),
        })
    };
    let mut answer = may(tested);
    answer["rule"] = json!(rule);
    answer["you"] = may(caller);
    answer["accessControl"] = access_control(standing);
    let warnings = warnings_of(rules, caller).into_iter().chain(unread);
    answer["warnings"] = json!(warnings.collect::<Vec<_>>());
    answer
}
