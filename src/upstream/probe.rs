//! Signs of life: `/api/version` of each address by the clock, then its list of models. Never a request that would
//! load a model. One sleeping host delays nobody: each probe has its own deadline and runs beside the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::client::Client;
use super::health::State;
use super::inventory::is_sign_of_life;

/// The least time between two looks at an address that a request has asked for.
const REST: Duration = Duration::from_secs(3);

/// When each address is looked at.
#[derive(Debug, Default)]
pub struct Rounds {
    known: HashMap<String, Round>,
}

#[derive(Debug, Default)]
struct Round {
    /// The backends at the address.
    sharing: Vec<Arc<Backend>>,
    /// When the last look began.
    looked: Option<Instant>,
    /// When the next probe is due; `None` = there was none.
    next: Option<Instant>,
    is_running: bool,
}

/// A look that is due.
#[derive(Debug)]
pub struct Due {
    /// The address, for [`Rounds::done`].
    pub address: String,
    /// The backends that share it; one at least.
    pub sharing: Vec<Arc<Backend>>,
    /// Whether only its list of models is read anew.
    pub only_list: bool,
}

/// What a probe of an address found.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The address.
    pub name: String,
    /// Its version and models, or why there are none.
    pub found: Result<(String, Vec<String>), String>,
}

impl Rounds {
    /// These are the backends from now on.
    pub fn set(&mut self, backends: impl Iterator<Item = Arc<Backend>>) {
        self.known.values_mut().for_each(|round| round.sharing.clear());
        for backend in backends {
            self.known.entry(backend.host.base.to_string()).or_default().sharing.push(backend);
        }
        self.known.retain(|_, round| round.is_running || !round.sharing.is_empty());
    }

    /// The looks that are due now; none of an address where one runs. `interval` is the period of those that are
    /// well, `None` probes nothing; those that are down come when their breaker says so. A list that a 404 has
    /// shown to be wrong is read in any case.
    pub fn due(&mut self, interval: Option<Duration>, now: Instant, chance: impl Fn() -> f64) -> Vec<Due> {
        let mut due = Vec::new();
        for (address, round) in &mut self.known {
            if round.is_running || round.sharing.is_empty() {
                continue;
            }
            // The period may have become shorter.
            let latest = round.looked.zip(interval).map(|(looked, interval)| looked + interval);
            round.next = round.next.map(|next| latest.map_or(next, |latest| next.min(latest)));
            let has_rested = round.looked.is_none_or(|looked| now >= looked + REST);
            let doubts = |backend: &Arc<Backend>| backend.host.inventory.is_doubted();
            let is_probe = interval.is_some() && round.is_due(has_rested, now);
            let is_doubted = has_rested && round.sharing.iter().any(doubts);
            if !(is_probe || is_doubted) {
                continue;
            }
            if let Some(interval) = interval.filter(|_| is_probe) {
                // The first look is at once; later ones are spread over the period.
                let early = if round.next.is_none() { interval.mul_f64(chance()) } else { Duration::ZERO };
                round.next = Some(now + interval - early);
            }
            (round.looked, round.is_running) = (Some(now), true);
            due.push(Due { address: address.clone(), sharing: round.sharing.clone(), only_list: !is_probe });
        }
        due
    }

    /// A look has ended.
    pub fn done(&mut self, address: &str) {
        if let Some(round) = self.known.get_mut(address) {
            round.is_running = false;
        }
    }
}

impl Round {
    fn is_due(&self, has_rested: bool, now: Instant) -> bool {
        let asks = |backend: &Arc<Backend>| match backend.breaker.state(now) {
            State::Down { probe_due } => now >= probe_due,
            // It is not known to be down, but the last who asked it could not connect.
            State::Up => has_rested && !backend.host.inventory.is_up(),
            State::HalfOpen | State::OnTrial => false,
        };
        self.next.is_none_or(|next| now >= next) || self.sharing.iter().any(asks)
    }
}

/// Looks at one address with the credential of its first backend, and tells all that share it.
pub async fn look(client: &Client, sharing: &[Arc<Backend>]) -> Option<Sight> {
    let first = sharing.first()?;
    let inventory = &first.host.inventory;
    let began = Instant::now();
    let answer = inventory.version(client, first).await;
    let now = Instant::now();
    let is_alive = is_sign_of_life(&answer);
    for backend in sharing {
        backend.breaker.probe(began, now, is_alive);
    }
    let found = match answer {
        Ok(version) => {
            let models = inventory
                .models(client, first)
                .await
                .map(|models| models.iter().map(|model| model.id.clone()).collect::<Vec<_>>());
            Ok((version, models.unwrap_or_default()))
        }
        Err(failure) => {
            let reason = failure.cause().map_or_else(|| failure.error.message.clone(), str::to_owned);
            for backend in sharing {
                backend.breaker.note_error(&reason);
            }
            Err(reason)
        }
    };
    Some(Sight { name: first.host.base.to_string(), found })
}
