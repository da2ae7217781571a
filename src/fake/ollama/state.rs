//! What a fake remembers between requests: which models are loaded, and who waits for a load.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::json::Failure;
use super::models::Model;

const KEEP_ALIVE: f64 = 300.0;
/// How long "for ever" is; real Ollama tells a date in 2319.
const FOR_EVER: f64 = 9_223_372_036.0;

#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) name: &'static str,
    /// As it was asked for.
    pub(super) num_ctx: u64,
    pub(super) ready_at: Instant,
    pub(super) expires_at: Instant,
}

#[derive(Debug)]
pub(super) struct State {
    inner: Mutex<Inner>,
    load_time: Duration,
    max_queue: usize,
    slots: usize,
}

#[derive(Debug, Default)]
struct Inner {
    /// In the order in which they were used last.
    loaded: Vec<Loaded>,
    /// When each request that waits for a load will stop waiting.
    waiting: Vec<Instant>,
    slots: BTreeMap<&'static str, Arc<Semaphore>>,
}

impl State {
    pub(super) fn new(load_time: Duration, max_queue: usize, slots: usize) -> State {
        State { inner: Mutex::default(), load_time, max_queue, slots }
    }

    /// Loads a model unless it is loaded with this context size; the time until it is ready.
    ///
    /// # Errors
    /// When too many wait for a load already.
    pub(super) fn load(
        &self,
        model: &Model,
        num_ctx: u64,
        keep_alive: Option<f64>,
    ) -> Result<Duration, Failure> {
        let now = Instant::now();
        let mut inner = self.lock(now);
        let known = inner.loaded.iter().position(|loaded| loaded.name == model.name);
        let known = known.map(|at| inner.loaded.remove(at)).filter(|loaded| loaded.num_ctx == num_ctx);
        let ready_at = known.as_ref().map_or(now + self.load_time, |loaded| loaded.ready_at);
        if known.is_none() || ready_at > now {
            if inner.waiting.len() >= self.max_queue {
                inner.loaded.extend(known);
                let text = "server busy, please try again.  maximum pending requests exceeded";
                return Err(Failure::new(503, text));
            }
            inner.waiting.push(ready_at);
        }
        let seconds = match keep_alive {
            None => KEEP_ALIVE,
            Some(seconds) if seconds < 0.0 => FOR_EVER,
            Some(seconds) => seconds.min(FOR_EVER),
        };
        let expires_at = ready_at + Duration::from_secs_f64(seconds);
        inner.loaded.insert(0, Loaded { name: model.name, num_ctx, ready_at, expires_at });
        Ok(ready_at.saturating_duration_since(now))
    }

    pub(super) fn unload(&self, model: &Model) {
        self.lock(Instant::now()).loaded.retain(|loaded| loaded.name != model.name);
    }

    /// The models that are loaded, used last first.
    pub(super) fn loaded(&self) -> Vec<Loaded> {
        self.lock(Instant::now()).loaded.clone()
    }

    /// The places at which requests for a model run.
    pub(super) fn slot(&self, model: &Model) -> Arc<Semaphore> {
        let slots = if model.can("embedding") { 1 } else { self.slots.max(1) };
        let mut inner = self.lock(Instant::now());
        Arc::clone(inner.slots.entry(model.name).or_insert_with(|| Arc::new(Semaphore::new(slots))))
    }

    fn lock(&self, now: Instant) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.loaded.retain(|loaded| loaded.expires_at > now || loaded.ready_at > now);
        inner.waiting.retain(|until| *until > now);
        inner
    }
}
