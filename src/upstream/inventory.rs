//! What is known of a backend: its models and what they can do. It advises; it never blocks a request.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;
use wire::ollama::{Show, Version};
use wire::translate::models::{self, Model, Running};

use super::backend::Backend;
use super::client::Client;
use super::failures;
use super::read::{Reading, read_error, read_whole};
use crate::http::{Blame, Failure, Outcome};

/// No list is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer about a model's capabilities is believed.
const BELIEF: Duration = Duration::from_secs(300);
/// How long it is not asked again after a failure.
const DOUBT: Duration = Duration::from_secs(60);
/// How long a 404 counts more than a list that says otherwise.
const GRUDGE: Duration = Duration::from_secs(60);
/// Most models remembered.
const MAX_MODELS: usize = 1024;
/// `/api/show` answers with whole tensor lists.
const MAX_ANSWER: usize = 64 << 20;

/// What a model can do, as `/api/show` says (`/api/tags` is wrong for models without a Go template).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    names: Vec<String>,
    context_length: Option<u64>,
}

impl Capabilities {
    /// Whether `capability` is among them.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.names.iter().any(|known| known == capability)
    }

    /// All of them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The longest context that it was made for, in tokens.
    #[must_use]
    pub fn context_length(&self) -> Option<u64> {
        self.context_length
    }
}

const ABSENT: u64 = 1;
const PRESENT: u64 = 2;
const ANSWERS: u64 = ABSENT | PRESENT;

/// Of a model's name as it is written, without its lowest bits.
fn hash(model: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    model.hash(&mut hasher);
    hasher.finish() & !ANSWERS
}

/// The memory of one backend. What each request reads comes first.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Inventory {
    /// The last question and what the lists say of it, so that thousands of backends need not be gone through for it
    /// again and again: the hash of the model's name, in its lowest bits [`ABSENT`] or [`PRESENT`]; 0 = nothing.
    answer: AtomicU64,
    is_up: AtomicBool,
    /// Whether there ever was a sign of life.
    is_known: AtomicBool,
    /// A 404 has shown the list to be wrong, and nobody has read it since.
    is_doubted: AtomicBool,
    lists: Mutex<Lists>,
    capabilities: Mutex<HashMap<String, Known>>,
    version: Mutex<Option<Arc<str>>>,
    /// When it was asked last whether it lives.
    looked: Mutex<Option<Timestamp>>,
    running: Mutex<Option<(Arc<[Running]>, Instant)>>,
}

/// Which models are there, as far as is known.
#[derive(Debug, Default)]
struct Lists {
    last: Option<Listed>,
    /// Models that turned out to be missing, whatever the list says.
    missing: Vec<Missing>,
}

/// The last list.
#[derive(Debug, Clone)]
struct Listed {
    models: Arc<[Model]>,
    at: Instant,
}

/// What a 404 has shown.
#[derive(Debug)]
struct Missing {
    model: String,
    at: Instant,
    /// No list said so: one that names the model again does not make it true.
    is_news: bool,
}

#[derive(Debug, Clone)]
struct Known {
    until: Instant,
    capabilities: Option<Arc<Capabilities>>,
}

impl Lists {
    fn has(&self, model: &str) -> Option<bool> {
        let denies =
            |missing: &Missing| missing.at.elapsed() < GRUDGE && models::same_name(&missing.model, model);
        match self.missing.iter().any(denies) {
            true => Some(false),
            false => self.last.as_ref().map(|listed| names(&listed.models, model)),
        }
    }
}

fn names(list: &[Model], model: &str) -> bool {
    list.iter().any(|known| models::same_name(&known.id, model))
}

impl Inventory {
    /// The models that the backend lists now; its last answer stands in for one that fails or takes longer than 2 s.
    ///
    /// # Errors
    /// Why the list failed, when there was never an answer.
    pub async fn models(&self, client: &Client, backend: &Backend) -> Result<Arc<[Model]>, Failure> {
        self.is_doubted.store(false, Ordering::Relaxed);
        let fresh = get(client, backend, "/api/tags", None).await.and_then(|body| {
            let models = models::from_tags(&body).map_err(|error| unreadable(&error))?;
            Ok(Arc::from(models))
        });
        let mut lists = self.lists_to_change();
        match fresh {
            Ok(models) => {
                lists.last = Some(Listed { models: Arc::clone(&models), at: Instant::now() });
                // A list that still names what a 404 has denied lies on.
                lists.missing.retain(|missing| missing.is_news && names(&models, &missing.model));
                Ok(models)
            }
            Err(failure) => lists.last.as_ref().map(|listed| Arc::clone(&listed.models)).ok_or(failure),
        }
    }

    /// Whether `model` is there, by the last list and what 404s showed since; `None` when neither says. It ranks, it
    /// never decides.
    #[must_use]
    pub fn has(&self, model: &str) -> Option<bool> {
        let question = hash(model);
        let answer = self.answer.load(Ordering::Relaxed);
        if answer & !ANSWERS == question && answer & ANSWERS != 0 {
            return Some(answer & ANSWERS == PRESENT);
        }
        let lists = self.lists();
        let has = lists.has(model);
        // What a 404 has shown is forgotten by the clock.
        if let Some(has) = has.filter(|_| lists.missing.is_empty()) {
            let answer = if has { PRESENT } else { ABSENT };
            self.answer.store(question | answer, Ordering::Relaxed);
        }
        has
    }

    /// The digest of `model`, when the last list tells it.
    #[must_use]
    pub fn digest(&self, model: &str) -> Option<Box<str>> {
        let lists = self.lists();
        let listed = lists.last.as_ref()?.models.iter().find(|known| models::same_name(&known.id, model));
        listed?.digest.clone()
    }

    /// A 404 showed that `model` is not there, whatever the list says; the list is to be read anew.
    pub fn note_missing(&self, model: &str) {
        let mut lists = self.lists_to_change();
        let is_news = lists.has(model) != Some(false);
        lists.missing.retain(|missing| missing.at.elapsed() < GRUDGE);
        let is_known = lists.missing.iter().any(|missing| models::same_name(&missing.model, model));
        if !is_known && lists.missing.len() < MAX_MODELS {
            lists.missing.push(Missing { model: model.to_owned(), at: Instant::now(), is_news });
        }
        if is_news {
            self.is_doubted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the list is to be read anew, because a 404 has shown it to be wrong.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.is_doubted.load(Ordering::Relaxed)
    }

    /// The last list and its age, for people.
    #[must_use]
    pub fn last(&self) -> Option<(Arc<[Model]>, Duration)> {
        self.lists().last.as_ref().map(|listed| (Arc::clone(&listed.models), listed.at.elapsed()))
    }

    /// What `model` can do, or `None` when the backend does not say. Asked once in five minutes for each model.
    pub async fn capabilities(
        &self,
        client: &Client,
        backend: &Backend,
        model: &str,
    ) -> Option<Arc<Capabilities>> {
        let key = model.to_ascii_lowercase();
        let now = Instant::now();
        if let Some(known) = self.remembered(&key).filter(|known| known.until > now) {
            return known.capabilities;
        }
        let mut ask = b"{\"model\":".to_vec();
        wire::json::write_str(&mut ask, model);
        ask.push(b'}');
        let answer = get(client, backend, "/api/show", Some(ask.into())).await.ok();
        let capabilities = answer.and_then(|body| {
            let mut scratch = String::new();
            let show: Show<'_> = wire::ollama::parse(&body, &mut scratch).ok()?;
            let context_length = show.context_length();
            let names = show.capabilities?.iter().map(|name| name.as_str().to_owned()).collect();
            Some(Arc::new(Capabilities { names, context_length }))
        });
        let until = now + if capabilities.is_some() { BELIEF } else { DOUBT };
        let mut known = self.capabilities.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_MODELS {
            known.retain(|_, known| known.until > now);
        }
        if known.len() < MAX_MODELS {
            known.insert(key, Known { until, capabilities: capabilities.clone() });
        }
        capabilities
    }

    /// What `model` is known to do, without asking.
    #[must_use]
    pub fn known_capabilities(&self, model: &str) -> Option<Arc<Capabilities>> {
        let known = self.remembered(&model.to_ascii_lowercase())?;
        known.capabilities.filter(|_| known.until > Instant::now())
    }

    /// The last that was heard of it, for people.
    #[must_use]
    pub fn told_capabilities(&self, model: &str) -> Option<Arc<Capabilities>> {
        self.remembered(&model.to_ascii_lowercase())?.capabilities
    }

    /// What the backend has in memory now.
    ///
    /// # Errors
    /// Why it did not tell; nothing is known then.
    pub async fn running(&self, client: &Client, backend: &Backend) -> Result<(), Failure> {
        let told = get(client, backend, "/api/ps", None).await;
        let told = told.and_then(|body| models::from_ps(&body).map_err(|error| unreadable(&error)));
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = told.as_ref().ok().map(|told| (told.as_slice().into(), Instant::now()));
        told.map(drop)
    }

    /// What it had in memory when it was asked, and how long ago that was, for people.
    #[must_use]
    pub fn last_running(&self) -> Option<(Arc<[Running]>, Duration)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(|(running, at)| (Arc::clone(running), at.elapsed()))
    }

    fn lists_to_change(&self) -> MutexGuard<'_, Lists> {
        let lists = self.lists();
        self.answer.store(0, Ordering::Relaxed);
        lists
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, key: &str) -> Option<Known> {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Whether the last sign of life was one.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    /// Whether there was a sign of life since the gateway speaks to it.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    fn note(&self, is_up: bool) {
        self.is_up.store(is_up, Ordering::Relaxed);
        self.is_known.fetch_or(is_up, Ordering::Relaxed);
    }

    /// A request could not connect: the next look comes soon, not at its time.
    pub fn note_down(&self) {
        self.note(false);
    }

    /// A request was served.
    pub fn note_up(&self) {
        if !(self.is_up() && self.has_answered()) {
            self.note(true);
        }
    }

    /// When it was asked last whether it lives, well or in vain.
    #[must_use]
    pub fn looked(&self) -> Option<Timestamp> {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The backend's version, as a sign of life.
    ///
    /// # Errors
    /// Why it did not answer.
    pub async fn version(&self, client: &Client, backend: &Backend) -> Result<String, Failure> {
        let answer = get(client, backend, "/api/version", None).await.and_then(|body| version_of(&body));
        self.note(is_sign_of_life(&answer));
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Timestamp::now());
        let version = answer?;
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.as_str().into());
        Ok(version)
    }

    /// The version that it told last, for people.
    #[must_use]
    pub fn last_version(&self) -> Option<Arc<str>> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether an address answers, be it that it does not like a credential.
pub(super) fn is_sign_of_life<T>(answer: &Result<T, Failure>) -> bool {
    answer.as_ref().err().is_none_or(|failure| matches!(failure.blame, Blame::Credential | Blame::Busy))
}

async fn get(client: &Client, backend: &Backend, path: &str, body: Option<Bytes>) -> Result<Bytes, Failure> {
    let deadline = Instant::now() + PATIENCE;
    let response = client.send(backend, path, (body, &[]), Some(PATIENCE)).await?;
    if !response.status.is_success() {
        let (status, retry_after, body) = read_error(response).await;
        let refusal = wire::translate::errors::Refusal {
            status,
            body: &body,
            retry_after,
            prompt: "model",
            asked: "",
            served: "",
        };
        return Err(failures::refused(refusal));
    }
    let reading = Reading { limit: MAX_ANSWER, idle: PATIENCE, deadline: Some((deadline, PATIENCE)) };
    read_whole(response.body, reading).await
}

/// A web server answers anything with a 200: only what tells a version is an Ollama.
fn version_of(body: &[u8]) -> Result<String, Failure> {
    let mut scratch = String::new();
    let version = wire::ollama::parse::<Version<'_>>(body, &mut scratch).ok().and_then(|told| told.version);
    let version = version.map(|version| version.as_str().to_owned()).filter(|version| !version.is_empty());
    version.ok_or_else(|| {
        let failure = Failure::new(Outcome::UpstreamStream, wire::translate::errors::not_json());
        failure.because("its answer to /api/version names no version; is it an Ollama?")
    })
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::new(Outcome::UpstreamStream, wire::translate::errors::not_json()).because(error)
}
