//! Channels and tokens by the thousand, for the panel.

use ollama2openai::access::Minted;
use ollama2openai::config::Secret;
use ollama2openai::store::{By, NewBackend, NewChannel, NewToken, Store};

const CHANNELS: usize = 1000;
const BACKENDS: usize = 2;
const TOKENS: usize = 10_000;

/// Makes them; all backends are at `upstream`.
pub(crate) async fn make(store: &Store, upstream: &str) -> anyhow::Result<()> {
    for at in 0..CHANNELS {
        let backend =
            |nth: usize| NewBackend::new(format!("gpu-{at}-{nth}"), upstream.to_owned(), Secret::new(""));
        let new = NewChannel {
            id: Some(format!("channel-id-of-36-characters-{at:08}")),
            backends: (0..BACKENDS).map(backend).collect(),
            ..NewChannel::new(format!("rack-{at}"), upstream.to_owned())
        };
        store.create_channel(&new, &By::cli()).await?;
    }
    let token = |at: usize| {
        let minted = Minted::of(format!("a token of the panel's bars, number {at}"));
        NewToken {
            quota_limit: Some(1_000_000),
            ..NewToken::new(format!("user-{at}"), minted.hash, minted.prefix, minted.last_four)
        }
    };
    store.create_tokens(&(0..TOKENS).map(token).collect::<Vec<_>>(), &By::cli()).await?;
    Ok(())
}
