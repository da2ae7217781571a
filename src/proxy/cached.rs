//! What of a request may come from a cache, and under which key. The caches themselves are in [`crate::cache`].

use wire::translate::chat::Chat;
use wire::translate::embeddings::Embedding;

use super::Context;
use crate::cache::{Key, key};
use crate::snapshot::Plan;

/// Backends that are looked at for a digest.
const DIGESTS: usize = 8;

/// How much of a reply came from a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cached {
    Hit,
    Miss,
    Partial,
}

impl Cached {
    pub(super) fn by(missing: usize, all: usize) -> Self {
        match missing {
            0 => Cached::Hit,
            _ if missing == all => Cached::Miss,
            _ => Cached::Partial,
        }
    }

    /// The value of `x-cache`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Cached::Hit => "HIT",
            Cached::Miss => "MISS",
            Cached::Partial => "PARTIAL",
        }
    }
}

/// The key of a chat request, when its reply may be kept.
pub(super) fn chat_key(context: &Context, plan: &Plan, chat: &Chat) -> Option<Key> {
    let served = known(plan, context.proxy.caches.chat.is_on())?;
    let body = chat.native.body(served);
    let digest = digest(plan, served);
    Some(key::chat(
        scope(context, served, digest.as_deref()),
        chat.native.path,
        &body,
        chat.choices,
        chat.logprobs,
    ))
}

/// The keys of all inputs, when their vectors may be kept.
pub(super) fn embedding_keys(context: &Context, plan: &Plan, embedding: &Embedding) -> Option<Vec<Key>> {
    let served = known(plan, context.proxy.caches.embeddings.is_on())?;
    let digest = digest(plan, served);
    let keys =
        key::embeddings(scope(context, served, digest.as_deref()), embedding.native.path, embedding.fields());
    Some((0..embedding.inputs).map(|at| keys.key(embedding.input(at))).collect())
}

fn scope<'r>(context: &'r Context, served: &'r str, digest: Option<&'r str>) -> key::Scope<'r> {
    let tenant = context.asker.tenant(context.snapshot.cache_scope);
    key::Scope { tenant, model: served, digest }
}

/// The version of the model on the first backend that tells it. A model that was pulled anew is another one.
fn digest(plan: &Plan, served: &str) -> Option<Box<str>> {
    let members = plan.tiers.iter().flat_map(|tier| &tier.groups).flat_map(|group| &group.members);
    members.take(DIGESTS).find_map(|target| target.backend.host.inventory.digest(served))
}

/// The model's name on the backends, for a cache that is on. Where channels map it to different models nothing is kept,
/// as it is not known beforehand which of them answers.
fn known(plan: &Plan, is_on: bool) -> Option<&str> {
    plan.served.as_deref().filter(|_| is_on)
}

/// Tokens of each input, of which only the sum is known: by length, adding up to the sum.
pub(super) fn shares(sum: u64, sizes: &[u64]) -> Vec<u64> {
    let all = sizes.iter().sum::<u64>().max(1);
    let part = |size: u64| u64::try_from(u128::from(sum) * u128::from(size) / u128::from(all)).unwrap_or(sum);
    let (mut before, mut shares) = (0, Vec::with_capacity(sizes.len()));
    for size in sizes {
        shares.push(part(before + size) - part(before));
        before += size;
    }
    shares
}
