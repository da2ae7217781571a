//! Signs of life: `/api/version` of each address by the clock, then its list of models. Never a request that would
//! load a model. One sleeping host delays nobody: each probe has its own deadline and runs beside the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::client::Client;
use super::health::State;

/// When each address was looked at last.
#[derive(Debug, Default)]
pub struct Rounds {
    last: HashMap<String, Instant>,
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
    /// The addresses that are due now, each with the backends that share it. `interval` is the period for those that
    /// are well; those that are down come when their breaker says so.
    pub fn due(
        &mut self,
        backends: impl Iterator<Item = Arc<Backend>>,
        interval: Duration,
        now: Instant,
        chance: impl Fn() -> f64,
    ) -> Vec<Vec<Arc<Backend>>> {
        let mut by_address: HashMap<String, Vec<Arc<Backend>>> = HashMap::new();
        for backend in backends {
            by_address.entry(backend.host.base.to_string()).or_default().push(backend);
        }
        self.last.retain(|address, _| by_address.contains_key(address));
        let is_due = |address: &String, sharing: &[Arc<Backend>], last: &HashMap<String, Instant>| {
            let is_down = |backend: &Arc<Backend>| match backend.breaker.state(now) {
                State::Down { probe_due } => now >= probe_due,
                State::Up | State::HalfOpen => false,
            };
            last.get(address).is_none_or(|at| now >= *at + interval) || sharing.iter().any(is_down)
        };
        let due: Vec<_> = by_address
            .into_iter()
            .filter(|(address, sharing)| is_due(address, sharing, &self.last))
            .collect();
        due.into_iter()
            .map(|(address, sharing)| {
                // The first look is at once; later ones are spread over the period.
                let is_first = !self.last.contains_key(&address);
                let early = if is_first { interval.mul_f64(chance()) } else { Duration::ZERO };
                self.last.insert(address, now.checked_sub(early).unwrap_or(now));
                sharing
            })
            .collect()
    }
}

/// Looks at one address with the credential of its first backend, and tells all that share it.
pub async fn look(client: &Client, sharing: &[Arc<Backend>]) -> Option<Sight> {
    let first = sharing.first()?;
    let inventory = &first.host.inventory;
    let answer = inventory.version(client, first).await;
    let now = Instant::now();
    for backend in sharing {
        backend.breaker.probe(now, answer.is_ok());
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
            let reason = failure.cause.map_or(failure.error.message, String::from);
            for backend in sharing {
                backend.breaker.note_error(now, &reason);
            }
            Err(reason)
        }
    };
    Some(Sight { name: first.host.base.to_string(), found })
}
