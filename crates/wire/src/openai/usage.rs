//! `usage` of chat and text completions.

use std::time::Duration;

use bytes::BufMut;

use crate::json::write_int;

/// Token counts of one reply. A count that Ollama left out is zero, as in Ollama's own `/v1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt: u64,
    /// Tokens made, thinking included.
    pub completion: u64,
    /// Prompt tokens taken from the cache, where the upstream says it.
    pub cached: Option<u64>,
    /// How long the upstream has computed, loading of the model not counted; zero when it does not say. No client is told.
    pub gpu: Duration,
}

impl Usage {
    /// Adds another choice of the same prompt: its prompt counts once.
    pub fn add_choice(&mut self, other: Usage) {
        self.prompt = self.prompt.max(other.prompt);
        self.completion = self.completion.saturating_add(other.completion);
        self.cached = self.cached.max(other.cached);
        self.gpu += other.gpu;
    }

    /// Adds a choice of another prompt.
    pub fn add_prompt(&mut self, other: Usage) {
        self.prompt = self.prompt.saturating_add(other.prompt);
        self.completion = self.completion.saturating_add(other.completion);
        self.cached = match (self.cached, other.cached) {
            (None, None) => None,
            (one, two) => Some(one.unwrap_or(0).saturating_add(two.unwrap_or(0))),
        };
        self.gpu += other.gpu;
    }

    /// Writes the JSON object.
    pub fn write(self, out: &mut impl BufMut) {
        out.put_slice(br#"{"prompt_tokens":"#);
        write_int(out, self.prompt);
        out.put_slice(br#","completion_tokens":"#);
        write_int(out, self.completion);
        out.put_slice(br#","total_tokens":"#);
        write_int(out, self.prompt.saturating_add(self.completion));
        if let Some(cached) = self.cached {
            out.put_slice(br#","prompt_tokens_details":{"cached_tokens":"#);
            write_int(out, cached);
            out.put_slice(b"}");
        }
        out.put_slice(b"}");
    }
}
