//! Tests of the translation through its public functions. Cases are data: files below `tests/cases`, and the
//! recorded traffic of the repository; what comes out of them is kept in snapshots.

mod embeddings;
mod limits;
mod lines;
mod models;
mod properties;
mod recordings;
mod replay;
mod replies;
mod requests;
mod support;
mod twins;
