//! Rows become groups. Live state (caps' counts, health, inventory) is taken over by id, so that a saved setting
//! resets nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits::Limits;
use super::model::{AllTurns, Configured, Counts, Group, Origin, RATE_PERIOD, Snapshot, Target};
use super::pattern::{Mapping, Patterns};
use super::token::Tokens;
use crate::config::{BaseUrl, Config, Secret};
use crate::http::Ids;
use crate::limits::{Sliding, Slots, WaitingRoom};
use crate::store::{BackendRow, ChannelRow, Rows};
use crate::telemetry::Node;
use crate::upstream::health::Breaker;
use crate::upstream::{Backend, Hosts, Rotation, Tally};

/// Id of the backend that serves while nothing is configured.
pub const IMPLICIT: &str = "implicit";

/// A row that no snapshot can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{kind} '{name}': {reason}")]
pub struct BadRow {
    /// `backend` (of a channel), `key`, `token` or `setting`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What is wrong, for people.
    pub reason: String,
}

/// Live state by id, over all snapshots.
#[derive(Debug)]
pub struct Registry {
    hosts: Hosts,
    room: Arc<WaitingRoom>,
    ids: Arc<Ids>,
    turns: Arc<AllTurns>,
    live: Mutex<Live>,
}

/// What is live, of rows that are turned off, too.
#[derive(Debug, Default)]
struct Live {
    targets: HashMap<String, Arc<Target>>,
    channels: HashMap<String, LiveChannel>,
    tokens: Arc<Tokens>,
    limits: Option<Limits>,
}

#[derive(Debug, Clone)]
struct LiveChannel {
    slots: Arc<Slots>,
    window: Arc<Sliding>,
}

/// What identifies a backend, and its cap.
struct Identity<'r> {
    id: &'r str,
    /// Id and name.
    channel: Option<(&'r str, &'r str)>,
    name: &'r str,
    base: BaseUrl,
    credential: &'r str,
    cap: usize,
}

/// Live state while a snapshot is made: what was, and what goes on.
struct Build<'r> {
    registry: &'r Registry,
    old: &'r Live,
    /// Longest wait of a backend that is down; 0 = nothing probes it.
    interval: Duration,
    next: Live,
}

impl Registry {
    /// Nothing is live yet; slots that are given back wake `room`.
    #[must_use]
    pub fn new(room: Arc<WaitingRoom>, ids: Arc<Ids>) -> Self {
        Registry { hosts: Hosts::default(), room, ids, turns: Arc::default(), live: Mutex::default() }
    }

    /// A snapshot of these rows. What no row names any more is forgotten once no request holds it.
    ///
    /// # Errors
    /// The first row that cannot be used; nothing has changed then.
    pub fn build(&self, config: &Config, rows: &Rows) -> Result<Snapshot, BadRow> {
        let mut old = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let interval = config.routing.health_interval.unwrap_or_default();
        let mut build = Build { registry: self, old: &old, interval, next: Live::default() };
        build.next.tokens = match rows.has_tokens {
            true => Arc::new(Tokens::build(rows, &old.tokens)?),
            false => Arc::clone(&old.tokens),
        };
        let mut members: HashMap<&str, Vec<(&BackendRow, Arc<Target>)>> = HashMap::new();
        let mut pool = Vec::new();
        let names = rows.channels.iter().map(|channel| (channel.id.as_str(), channel.name.as_str()));
        let names: HashMap<_, _> = names.collect();
        for row in &rows.backends {
            let target = build.target(row, &names)?;
            match &row.channel_id {
                Some(channel) => members.entry(channel).or_default().push((row, target)),
                None => pool.push((row, target)),
            }
        }
        let mut groups = Vec::new();
        for channel in &rows.channels {
            let of_channel = members.remove(channel.id.as_str()).unwrap_or_default();
            let group = build.channel(channel, of_channel);
            if channel.enabled {
                groups.push(Arc::new(group));
            }
        }
        let configured = configured(rows, pool.iter().map(|(row, _)| *row));
        let enabled = pool.into_iter().filter(|(row, _)| row.enabled);
        groups.extend(enabled.map(|(row, target)| Arc::new(build.key(row, target))));
        if rows.channels.is_empty() && rows.backends.is_empty() {
            groups.push(Arc::new(build.implicit(config)));
        }
        let limits = Limits::new(&config.limits, old.limits.as_ref(), Instant::now());
        build.next.limits = Some(limits.clone());
        let access = (Arc::clone(&build.next.tokens), rows.had_tokens, limits);
        *old = build.next;
        Ok(Snapshot::new(config, configured, groups, Arc::clone(&self.turns), access))
    }

    /// The backend with this id, turned on or not.
    #[must_use]
    pub fn target(&self, id: &str) -> Option<Arc<Target>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).targets.get(id).cloned()
    }

    /// Requests that run on this channel.
    #[must_use]
    pub fn channel_in_flight(&self, id: &str) -> usize {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.channels.get(id).map_or(0, |channel| channel.slots.in_flight())
    }

    /// All backends that may have counts, turned on or not.
    #[must_use]
    pub fn counting(&self) -> Vec<Arc<Target>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).targets.values().map(Arc::clone).collect()
    }
}

impl Build<'_> {
    fn channel(&mut self, row: &ChannelRow, members: Vec<(&BackendRow, Arc<Target>)>) -> Group {
        let live = self.old.channels.get(&row.id).cloned().unwrap_or_else(|| LiveChannel {
            slots: Arc::new(self.slots()),
            window: Arc::new(Sliding::new(RATE_PERIOD, Instant::now())),
        });
        live.slots.set_cap(cap(row.max_concurrent));
        self.next.channels.insert(row.id.clone(), live.clone());
        let enabled: Vec<_> = members.into_iter().filter(|(backend, _)| backend.enabled).collect();
        let weights: Vec<_> = enabled.iter().map(|(backend, _)| weight(backend.weight)).collect();
        let turns = self.registry.turns.of(enabled.iter().map(|(backend, _)| backend.id.as_str()));
        Group {
            id: row.id.clone(),
            name: row.name.clone(),
            origin: Origin::Channel,
            priority: row.priority,
            weight: weight(row.weight),
            models: Patterns::new(&row.models),
            mapping: Mapping::new(&row.model_mapping),
            slots: live.slots,
            rate: row
                .rate_limit
                .and_then(|limit| u64::try_from(limit).ok())
                .map(|limit| (limit, live.window)),
            rotation: Rotation::with(&weights, turns),
            members: enabled.into_iter().map(|(_, target)| target).collect(),
            weights,
        }
    }

    fn key(&self, row: &BackendRow, target: Arc<Target>) -> Group {
        Group {
            priority: row.priority,
            weight: weight(row.weight),
            models: Patterns::new(&row.models),
            mapping: Mapping::new(&row.model_mapping),
            ..self.alone(Origin::Pool, target)
        }
    }

    /// With nothing configured, the Ollama of the environment serves.
    fn implicit(&mut self, config: &Config) -> Group {
        let base = config.upstream.base.clone();
        let name = base.to_string();
        let target =
            self.live(Identity { id: IMPLICIT, channel: None, name: &name, base, credential: "", cap: 0 });
        self.alone(Origin::Implicit, target)
    }

    /// A group of one backend, which serves every model under its own name.
    fn alone(&self, origin: Origin, target: Arc<Target>) -> Group {
        Group {
            id: target.backend.id.clone(),
            name: target.node.name.clone().into(),
            origin,
            priority: 0,
            weight: 1,
            models: Patterns::default(),
            mapping: Mapping::default(),
            slots: Arc::new(self.slots()),
            rate: None,
            members: vec![target],
            weights: vec![1],
            rotation: Rotation::new(&[1]),
        }
    }

    fn target(&mut self, row: &BackendRow, channels: &HashMap<&str, &str>) -> Result<Arc<Target>, BadRow> {
        let base = row.base_url.parse::<BaseUrl>().map_err(|error| BadRow {
            kind: if row.channel_id.is_some() { "backend" } else { "key" },
            name: row.name.clone(),
            reason: format!("its address {error}"),
        })?;
        // A lost credential is sent as none: the upstream's 401 and the start's report say the rest.
        let credential = row.credential.as_ref().map_or("", Secret::expose);
        let cap = cap(row.max_concurrent);
        Ok(self.live(Identity {
            id: &row.id,
            channel: row.channel_id.as_deref().map(|id| (id, channels.get(id).copied().unwrap_or_default())),
            name: &row.name,
            base,
            credential,
            cap,
        }))
    }

    /// The backend as it was, if it is the same place and credential.
    fn live(&mut self, now: Identity<'_>) -> Arc<Target> {
        let known = self.old.targets.get(now.id);
        let (channel, channel_name) = now.channel.unwrap_or_default();
        let node = Node {
            backend: now.id.into(),
            name: now.name.into(),
            channel: channel.into(),
            channel_name: channel_name.into(),
        };
        let target = match known.filter(|known| known.backend.is_at(&now.base, now.credential)) {
            Some(known) if *known.node == node => Arc::clone(known),
            Some(known) => Arc::new(Target {
                node: Arc::new(node),
                backend: Arc::clone(&known.backend),
                counts: Arc::clone(&known.counts),
            }),
            None => {
                let Registry { ids, hosts, .. } = self.registry;
                let breaker = Breaker::new(Instant::now(), self.interval, ids.chance());
                let backend = Arc::new(Backend::new(now.id, hosts.get(now.base), now.credential, breaker));
                let counts = || Arc::new(Counts { slots: self.slots(), tally: Tally::default() });
                let counts = known.map_or_else(counts, |known| Arc::clone(&known.counts));
                Arc::new(Target { node: Arc::new(node), backend, counts })
            }
        };
        target.counts.slots.set_cap(now.cap);
        target.backend.breaker.set_interval(self.interval);
        self.next.targets.insert(now.id.to_owned(), Arc::clone(&target));
        target
    }

    fn slots(&self) -> Slots {
        Slots::new(0, Some(&self.registry.room))
    }
}

fn configured<'r>(rows: &Rows, keys: impl Iterator<Item = &'r BackendRow>) -> Configured {
    let (channels, revision) = (rows.channels.len(), rows.revision);
    let first = Configured { channels, revision, ..Configured::default() };
    keys.fold(first, |sum, key| Configured {
        keys: sum.keys + 1,
        total_requests: sum.total_requests + key.totals.total_requests,
        total_tokens: sum.total_tokens + key.totals.total_tokens,
        ..sum
    })
}

/// The seed takes a missing or zero weight for 10.
fn weight(stored: i64) -> u32 {
    u32::try_from(stored).ok().filter(|weight| *weight > 0).unwrap_or(10)
}

/// 0 and less is no cap.
fn cap(stored: i64) -> usize {
    usize::try_from(stored).unwrap_or(0)
}
