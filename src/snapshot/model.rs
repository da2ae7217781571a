//! The view itself: groups of backends in tiers, and for each model name the plan of who may serve it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::limits::Limits;
use super::pattern::{Mapping, Patterns};
use super::token::Tokens;
use crate::config::{Anonymous, Balance, CacheScope, Config, IpRules, Secret, StreamUsage, TrustProxy};
use crate::limits::{Sliding, Slots};
use crate::telemetry::Node;
use crate::upstream::{Backend, Rotation, Tally, Timeouts, Turns};

/// Plans kept; names come from clients, so there is an end to them.
const MAX_PLANS: usize = 10_000;
/// Longest name, in bytes, whose plan is kept.
const MAX_NAME: usize = 256;
/// A channel's `rateLimit` counts requests over this time.
pub(super) const RATE_PERIOD: Duration = Duration::from_secs(60);

/// A backend with its cap: live, by id, whatever snapshot points to it.
#[derive(Debug)]
pub struct Target {
    /// What the books call it. Its channel, if it has one, counts with it.
    pub node: Arc<Node>,
    pub backend: Arc<Backend>,
    pub counts: Arc<Counts>,
}

/// What runs on a backend, and what it has done. Kept when its address changes.
#[derive(Debug)]
pub struct Counts {
    pub slots: Slots,
    pub tally: Tally,
}

impl AsRef<Slots> for Counts {
    fn as_ref(&self) -> &Slots {
        &self.slots
    }
}

/// Where a group comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Channel,
    Pool,
    Implicit,
}

/// A channel with its backends, or a key of the pool as a group of one.
#[derive(Debug)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub origin: Origin,
    pub priority: i64,
    pub weight: u32,
    pub models: Patterns,
    pub mapping: Mapping,
    /// The channel's own cap, over all of its backends.
    pub slots: Arc<Slots>,
    /// Requests a minute, for channels that have a limit.
    pub rate: Option<(u64, Arc<Sliding>)>,
    pub members: Vec<Arc<Target>>,
    /// Those of the members, in their order.
    pub weights: Vec<u32>,
    pub rotation: Rotation,
}

impl Group {
    /// Whether the group may serve `model`: by its list, or because it maps it.
    #[must_use]
    pub fn serves(&self, model: &str) -> bool {
        serves(&self.models, &self.mapping, model)
    }

    /// The model's name on this group's backends.
    #[must_use]
    pub fn served<'r>(&'r self, model: &'r str) -> &'r str {
        self.mapping.get(model).unwrap_or(model)
    }

    /// Whether the channel's rate lets one more through.
    #[must_use]
    pub fn has_rate(&self, now: Instant) -> bool {
        self.rate.as_ref().is_none_or(|(limit, window)| window.look(*limit, now).remaining > 0)
    }

    /// The same with turns of its own: see [`Rotation::apart`].
    fn apart(&self) -> Group {
        Group {
            id: self.id.clone(),
            name: self.name.clone(),
            origin: self.origin,
            priority: self.priority,
            weight: self.weight,
            models: self.models.clone(),
            mapping: self.mapping.clone(),
            slots: Arc::clone(&self.slots),
            rate: self.rate.clone(),
            members: self.members.clone(),
            weights: self.weights.clone(),
            rotation: self.rotation.apart(),
        }
    }

    /// How many requests run on its members.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.members.iter().map(|member| member.counts.slots.in_flight()).sum()
    }
}

/// Whether a list of models and a mapping let `model` in.
#[must_use]
pub fn serves(models: &Patterns, mapping: &Mapping, model: &str) -> bool {
    models.admit(model) || mapping.get(model).is_some()
}

/// Groups of equal rank.
#[derive(Debug)]
pub struct Tier {
    pub groups: Vec<Arc<Group>>,
    pub rotation: Rotation,
}

/// Who may serve one model, best tier first.
#[derive(Debug)]
pub struct Plan {
    /// As clients name it; one text for all of their requests.
    pub model: Arc<str>,
    pub tiers: Vec<Arc<Tier>>,
    /// The model's name on the backends; `None` where channels map it to different ones, or nobody serves it.
    pub served: Option<String>,
}

/// How many rows a snapshot was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Configured {
    /// Keys of the pool.
    pub keys: usize,
    pub channels: usize,
    /// Of all keys, when the snapshot was made.
    pub total_requests: i64,
    pub total_tokens: i64,
    /// Of the rows.
    pub revision: i64,
}

impl Configured {
    /// Whether the Ollama of the environment serves.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.keys == 0 && self.channels == 0
    }
}

/// Everything that a request may look up.
#[derive(Debug)]
pub struct Snapshot {
    /// What is configured, what is turned off included.
    pub configured: Configured,
    /// In order of rank: channels by priority, the pool by priority, or the implicit backend alone.
    pub groups: Vec<Arc<Group>>,
    /// Ranks that are equal share a tier: (origin, priority).
    pub balance: Balance,
    /// Attempts after the first.
    pub max_retries: usize,
    /// Between two probes; `None` = none.
    pub health_interval: Option<Duration>,
    pub queue_timeout: Duration,
    /// How long backends may take.
    pub timeouts: Timeouts,
    /// Longest line of a streamed reply, in bytes.
    pub max_line: usize,
    /// The one token of the environment.
    pub api_token: Option<Secret>,
    /// Who shows it sees all metrics.
    pub metrics_token: Option<Secret>,
    /// What else clients may show.
    pub tokens: Arc<Tokens>,
    /// Whether there ever was a token, deleted ones included.
    pub had_tokens: bool,
    /// Who may call while there is none.
    pub anonymous: Anonymous,
    /// Whose word on a client's address is believed.
    pub trust_proxy: TrustProxy,
    /// Which addresses may call at all.
    pub ip_rules: IpRules,
    /// How much clients may ask.
    pub limits: Limits,
    /// Whether clients may set what makes Ollama load, reload or evict a model; `None` decides by who asks.
    pub load_options: Option<bool>,
    /// When streams tell their token counts.
    pub usage: StreamUsage,
    /// Silence after which a stream gets a comment.
    pub heartbeat: Duration,
    /// Whether replies tell where the time has gone.
    pub server_timing: bool,
    /// Of a request, and of its answer, so many bytes are kept for tokens that have it on; `None` = for none.
    pub capture: Option<usize>,
    /// Whose answers a client may get from the caches.
    pub cache_scope: CacheScope,
    /// Largest request body, unpacked.
    pub max_body_bytes: usize,
    plans: Mutex<Plans>,
    turns: Arc<AllTurns>,
}

/// How far the turns of each tier and channel have come. Outlives snapshots, so that a saved setting does not begin
/// them anew: who is first would else be asked more often than its share.
#[derive(Debug, Default)]
pub struct AllTurns(Mutex<HashMap<[u8; 32], Arc<Turns>>>);

impl AllTurns {
    /// The turns of these candidates, in their order.
    pub(super) fn of<'r>(&self, ids: impl Iterator<Item = &'r str>) -> Arc<Turns> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MAX_PLANS {
            turns.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let mut all = Sha256::new();
        ids.for_each(|id| all.update([id.as_bytes(), b"\0"].concat()));
        Arc::clone(turns.entry(all.finalize().into()).or_default())
    }
}

#[derive(Debug, Default)]
struct Plans {
    by_model: HashMap<String, Arc<Plan>>,
    /// Models with the same candidates take turns together, so that weights hold over all of them.
    by_groups: HashMap<Vec<usize>, Arc<Tier>>,
}

impl Snapshot {
    /// The view of these groups, which need not be in order.
    #[must_use]
    pub fn new(
        config: &Config,
        configured: Configured,
        mut groups: Vec<Arc<Group>>,
        turns: Arc<AllTurns>,
        (tokens, had_tokens, limits): (Arc<Tokens>, bool, Limits),
    ) -> Self {
        groups.sort_by_key(|group| (group.origin != Origin::Channel, std::cmp::Reverse(group.priority)));
        Snapshot {
            configured,
            groups,
            balance: config.routing.balance,
            max_retries: config.routing.max_retries,
            health_interval: config.routing.health_interval,
            queue_timeout: config.routing.queue_timeout,
            timeouts: Timeouts::new(&config.upstream),
            max_line: config.upstream.max_line_bytes,
            api_token: config.access.api_token.clone(),
            metrics_token: config.access.metrics_token.clone(),
            tokens,
            had_tokens,
            limits,
            anonymous: config.access.anonymous,
            trust_proxy: config.access.trust_proxy.clone(),
            ip_rules: config.access.ip_rules.clone(),
            load_options: config.replies.client_options,
            usage: config.replies.usage,
            heartbeat: config.replies.heartbeat,
            server_timing: config.replies.server_timing,
            capture: config.capture.is_on.then_some(config.capture.max_bytes),
            cache_scope: config.caches.scope,
            max_body_bytes: config.listen.max_body_bytes,
            plans: Mutex::default(),
            turns,
        }
    }

    /// Who may serve `model`. Made at the first request for it, then looked up.
    pub fn plan(&self, model: &str) -> Arc<Plan> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.by_model.get(model) {
            return Arc::clone(plan);
        }
        if model.len() > MAX_NAME {
            return Arc::new(self.make_plan(model, &mut plans.by_groups));
        }
        if plans.by_model.len() >= MAX_PLANS {
            plans.by_model.clear();
            plans.by_groups.clear();
        }
        let plan = Arc::new(self.make_plan(model, &mut plans.by_groups));
        plans.by_model.insert(model.to_owned(), Arc::clone(&plan));
        plan
    }

    /// Who would serve `model`, for those who only look: what is picked from it takes no turn from requests, and it is not
    /// kept.
    #[must_use]
    pub fn preview(&self, model: &str) -> Plan {
        let plan = self.make_plan(model, &mut HashMap::new());
        let apart = |tier: &Arc<Tier>| {
            let groups = tier.groups.iter().map(|group| Arc::new(group.apart()));
            Arc::new(Tier { groups: groups.collect(), rotation: tier.rotation.apart() })
        };
        Plan { tiers: plan.tiers.iter().map(apart).collect(), ..plan }
    }

    fn make_plan(&self, model: &str, tiers: &mut HashMap<Vec<usize>, Arc<Tier>>) -> Plan {
        let fits = (0..self.groups.len()).filter(|&at| self.groups[at].serves(model)).collect::<Vec<_>>();
        let rank = |at: &usize| (self.groups[*at].origin, self.groups[*at].priority);
        let ranks = fits.chunk_by(|one, other| rank(one) == rank(other));
        let tier = |at: &[usize]| {
            let groups: Vec<_> = at.iter().map(|&at| Arc::clone(&self.groups[at])).collect();
            let weights: Vec<_> = groups.iter().map(|group| group.weight).collect();
            let turns = self.turns.of(groups.iter().map(|group| group.id.as_str()));
            Arc::new(Tier { rotation: Rotation::with(&weights, turns), groups })
        };
        let tiers = ranks.map(|at| Arc::clone(tiers.entry(at.to_vec()).or_insert_with(|| tier(at))));
        let mut served = fits.iter().map(|&at| self.groups[at].served(model));
        let first = served.next().filter(|first| served.all(|other| other == *first));
        Plan { model: model.into(), tiers: tiers.collect(), served: first.map(str::to_owned) }
    }

    /// Every backend once.
    pub fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.groups.iter().flat_map(|group| &group.members)
    }
}
