//! All that tells of requests tells the same: what clients saw, the log, the request log and its files, usage, the
//! dashboard, `/metrics` and traces. Also while what they write to is away, and whatever clients call things.

mod agree;
mod books;
mod clients;
mod faults;
mod locked;
mod names;
mod program;
mod rare;
mod scraped;
mod spans;
mod upstreams;
mod used;

const PASSWORD: &str = "the-password-of-the-tests";
const CHAT: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
const MODELS: &str = "/v1/models";
