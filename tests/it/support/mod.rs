//! What every test module uses: a gateway that is started and stopped, a raw HTTP client, waiting with a
//! deadline. Not here: assertions about what the gateway answers.
//!
//! ```ignore
//! let gateway = Gateway::start(&[("OLLAMA_BASE_URL", &fake.url())]).await;
//! let reply = gateway.post("/v1/chat/completions", &json!({"model": "m", "messages": []})).await;
//! assert_eq!(reply.status, 400);
//! let mut stream = gateway.stream("/v1/chat/completions", &json!({"model": "m", "stream": true})).await;
//! let first = stream.next().await;
//! drop(stream); // the client leaves
//! ```

pub mod admin;
pub mod child;
pub mod client;
mod gateway;
pub mod http;
pub mod ollama;
pub mod running;
pub mod sse;
mod tests;
pub mod tls;
pub mod wait;

pub use gateway::{Gateway, home_with_tokens};
