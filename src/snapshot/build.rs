//! Rows become groups. Live state (caps' counts, health, inventory) is taken over by id, so that a saved setting
//! resets nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::model::{Group, Origin, RATE_PERIOD, Snapshot, Target};
use super::pattern::Patterns;
use crate::config::{BaseUrl, Config, Secret};
use crate::http::Ids;
use crate::limits::{Slots, WaitingRoom, Window};
use crate::store::{BackendRow, ChannelRow, Rows};
use crate::upstream::health::Breaker;
use crate::upstream::{Backend, Hosts, Rotation};

/// A row that no snapshot can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{kind} '{name}': {reason}")]
pub struct BadRow {
    /// `channel` or `key`.
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
    /// Longest wait of a backend that is down; 0 = nothing probes it.
    interval: Duration,
    live: Mutex<Live>,
}

#[derive(Debug, Default)]
struct Live {
    targets: HashMap<String, Arc<Target>>,
    channels: HashMap<String, (Arc<Slots>, Arc<Window>)>,
}

impl Registry {
    /// Nothing is live yet; slots that are given back wake `room`.
    #[must_use]
    pub fn new(room: Arc<WaitingRoom>, ids: Arc<Ids>, interval: Option<Duration>) -> Self {
        let interval = interval.unwrap_or_default();
        Registry { hosts: Hosts::default(), room, ids, interval, live: Mutex::default() }
    }

    /// A snapshot of these rows. What no row names any more is forgotten once no request holds it.
    ///
    /// # Errors
    /// The first row that cannot be used; nothing has changed then.
    pub fn build(&self, config: &Config, rows: &Rows) -> Result<Snapshot, BadRow> {
        let mut members: HashMap<&str, Vec<&BackendRow>> = HashMap::new();
        let mut pool = Vec::new();
        for row in &rows.backends {
            let base = row.base_url.parse::<BaseUrl>().map_err(|error| BadRow {
                kind: "key",
                name: row.name.clone(),
                reason: error.to_string(),
            })?;
            match &row.channel_id {
                Some(channel) => members.entry(channel).or_default().push(row),
                None => pool.push((row, base)),
            }
        }
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Live::default();
        let mut groups = Vec::new();
        for channel in rows.channels.iter().filter(|channel| channel.enabled) {
            let backends = members.get(channel.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            groups.push(self.channel(channel, backends, &live, &mut next)?);
        }
        for (row, base) in pool.into_iter().filter(|(row, _)| row.enabled) {
            groups.push(self.key(row, base, &live, &mut next));
        }
        if rows.channels.is_empty() && rows.backends.is_empty() {
            groups.push(self.implicit(config, &live, &mut next));
        }
        *live = next;
        Ok(Snapshot::new(config, groups))
    }

    fn channel(
        &self,
        row: &ChannelRow,
        backends: &[&BackendRow],
        old: &Live,
        next: &mut Live,
    ) -> Result<Arc<Group>, BadRow> {
        let mut targets = Vec::new();
        let mut weights = Vec::new();
        for backend in backends.iter().filter(|backend| backend.enabled) {
            let base = backend.base_url.parse().map_err(|error| BadRow {
                kind: "channel",
                name: row.name.clone(),
                reason: format!("{error}"),
            })?;
            targets.push(self.target(backend, base, old, next));
            weights.push(weight(backend.weight));
        }
        let known = old.channels.get(&row.id).cloned();
        let (slots, window) = known.unwrap_or_else(|| {
            (Arc::new(Slots::new(0, Some(&self.room))), Arc::new(Window::new(RATE_PERIOD, Instant::now())))
        });
        slots.set_cap(cap(row.max_concurrent));
        next.channels.insert(row.id.clone(), (Arc::clone(&slots), Arc::clone(&window)));
        let rate = row.rate_limit.and_then(|limit| u64::try_from(limit).ok()).map(|limit| (limit, window));
        Ok(Arc::new(Group {
            id: row.id.clone(),
            name: row.name.clone(),
            origin: Origin::Channel,
            priority: row.priority,
            weight: weight(row.weight),
            models: Patterns::new(&row.models),
            mapping: row.model_mapping.iter().cloned().collect(),
            slots,
            rate,
            rotation: Rotation::new(&weights),
            members: targets,
        }))
    }

    fn key(&self, row: &BackendRow, base: BaseUrl, old: &Live, next: &mut Live) -> Arc<Group> {
        let target = self.target(row, base, old, next);
        Arc::new(Group {
            id: row.id.clone(),
            name: row.name.clone(),
            origin: Origin::Pool,
            priority: row.priority,
            weight: weight(row.weight),
            models: Patterns::new(&row.models),
            mapping: row.model_mapping.iter().cloned().collect(),
            slots: Arc::new(Slots::new(0, Some(&self.room))),
            rate: None,
            members: vec![target],
            rotation: Rotation::new(&[1]),
        })
    }

    /// With nothing configured, the Ollama of the environment serves.
    fn implicit(&self, config: &Config, old: &Live, next: &mut Live) -> Arc<Group> {
        const ID: &str = "implicit";
        let base = config.upstream.base.clone();
        let target = self.live_target(ID, &base.to_string(), base, "", 0, old, next);
        Arc::new(Group {
            id: ID.to_owned(),
            name: target.backend.name.clone(),
            origin: Origin::Implicit,
            priority: 0,
            weight: 1,
            models: Patterns::default(),
            mapping: HashMap::new(),
            slots: Arc::new(Slots::new(0, Some(&self.room))),
            rate: None,
            members: vec![target],
            rotation: Rotation::new(&[1]),
        })
    }

    fn target(&self, row: &BackendRow, base: BaseUrl, old: &Live, next: &mut Live) -> Arc<Target> {
        // A lost credential is sent as none: the upstream's 401 and the start's report say the rest.
        let credential = row.credential.as_ref().map_or("", Secret::expose);
        self.live_target(&row.id, &row.name, base, credential, cap(row.max_concurrent), old, next)
    }

    #[expect(clippy::too_many_arguments, reason = "what identifies a target, and where it was and goes")]
    fn live_target(
        &self,
        id: &str,
        name: &str,
        base: BaseUrl,
        credential: &str,
        cap: usize,
        old: &Live,
        next: &mut Live,
    ) -> Arc<Target> {
        let known = old.targets.get(id).filter(|known| known.backend.is_same(name, &base, credential));
        let target = known.cloned().unwrap_or_else(|| {
            let breaker = Breaker::new(Instant::now(), self.interval, self.ids.chance());
            let backend = Arc::new(Backend::new(id, name, self.hosts.get(base), credential, breaker));
            Arc::new(Target { backend, slots: Arc::new(Slots::new(0, Some(&self.room))) })
        });
        target.slots.set_cap(cap);
        next.targets.insert(id.to_owned(), Arc::clone(&target));
        target
    }
}

/// The seed takes a missing or zero weight for 10.
fn weight(stored: i64) -> u32 {
    u32::try_from(stored).ok().filter(|weight| *weight > 0).unwrap_or(10)
}

/// 0 and less is no cap.
fn cap(stored: i64) -> usize {
    usize::try_from(stored).unwrap_or(0)
}
