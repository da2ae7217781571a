//! `user`: accounts of people who manage the gateway.

use serde_json::json;

use super::find::{find, find_all};
use super::options::Options;
use super::{Told, args, password, show};
use crate::admin::{hash, stored_user};
use crate::cli::args::JSON;
use crate::config::Config;
use crate::store::{By, FIRST, NewPassword, NewUser, Role, Store, UserChange, UserRow};

/// What is to be done with accounts.
#[derive(Debug)]
pub(super) enum Job {
    List {
        json: bool,
    },
    Add {
        name: String,
        role: Role,
        must_change: bool,
    },
    /// Another password, or that of the setting.
    Password {
        which: String,
        must_change: bool,
        configured: bool,
    },
    Role {
        which: String,
        role: Role,
    },
    Each {
        which: Vec<String>,
        what: Each,
    },
}

/// What is to be done with each of several accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Each {
    Enable,
    Disable,
    Delete,
    SignOut,
}

pub(super) fn read(name: &str, options: &mut Options<'_>) -> Job {
    let which = options.which();
    let each = |what| Job::Each { which: which.clone(), what };
    match name {
        "add" => Job::Add {
            name: options.account().unwrap_or_default(),
            role: options.role().unwrap_or(Role::Viewer),
            must_change: options.flag(args::MUST_CHANGE),
        },
        "passwd" => Job::Password {
            which: which.concat(),
            must_change: options.flag(args::MUST_CHANGE),
            configured: options.flag(args::CONFIGURED),
        },
        "role" => Job::Role { which: which.concat(), role: options.role().unwrap_or(Role::Viewer) },
        "enable" => each(Each::Enable),
        "disable" => each(Each::Disable),
        "delete" => each(Each::Delete),
        "sign-out" => each(Each::SignOut),
        _ => Job::List { json: options.flag(JSON) },
    }
}

pub(super) async fn run(job: Job, config: &Config) -> anyhow::Result<Told> {
    let store = Store::open(&config.data_dir, config.secret_key.as_ref()).await?;
    let told = done(job, &store).await;
    store.close().await;
    told.map(Told::out)
}

async fn done(job: Job, store: &Store) -> anyhow::Result<String> {
    let rows = store.users().await?;
    let all: Vec<&UserRow> = rows.iter().collect();
    let changed = match job {
        Job::List { json: true } => {
            let users: Vec<_> = all.iter().map(|row| stored_user(row)).collect();
            return Ok(format!("{:#}\n", json!({ "users": users })));
        }
        Job::List { json: false } => return Ok(show::users(&all)),
        Job::Each { which, what } => return each(store, &find_all(&all, &which)?, what).await,
        Job::Add { name, role, must_change } => {
            anyhow::ensure!(rows.iter().all(|row| row.name != name), "an account named {name:?} exists");
            let password_hash = hash(&password::read(&name)?)?;
            let new = NewUser { name, role, enabled: true, password_hash, must_change };
            store.create_user(&new, &By::cli()).await?
        }
        Job::Password { which, must_change, configured } => {
            let row = find(&all, &which)?;
            anyhow::ensure!(
                !configured || row.name == FIRST,
                "--configured is for the account {FIRST} alone"
            );
            let hash = if configured { None } else { Some(hash(&password::read(&row.name)?)?) };
            store.set_password(&row.id, &NewPassword { hash, must_change }, None, None, &By::cli()).await?
        }
        Job::Role { which, role } => {
            let row = find(&all, &which)?;
            let change = UserChange { role: Some(role), ..UserChange::default() };
            store.update_user(&row.id, change, Some(row.revision), &By::cli()).await?
        }
    };
    Ok(show::users(&[&changed]))
}

async fn each(store: &Store, rows: &[&UserRow], what: Each) -> anyhow::Result<String> {
    let mut out = String::new();
    for row in rows {
        let toggle = |on| UserChange { enabled: Some(on), ..UserChange::default() };
        let done = match what {
            Each::Enable => {
                store.update_user(&row.id, toggle(true), None, &By::cli()).await.map(|_| "enabled")
            }
            Each::Disable => {
                store.update_user(&row.id, toggle(false), None, &By::cli()).await.map(|_| "disabled")
            }
            Each::Delete => store.delete_user(&row.id, None, &By::cli()).await.map(|()| "deleted"),
            Each::SignOut => store.end_sessions(&row.id, &By::cli()).await.map(|_| "signed out"),
        };
        out.push_str(&format!("{} {} {}\n", done?, row.id, row.name));
    }
    Ok(out)
}
