//! The one test binary. Each module tests the gateway through its front door, with fakes of upstreams only.

#![expect(unreachable_pub, reason = "a test binary exports nothing; pub marks what other modules may use")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed, in its helpers too")]
#![expect(clippy::print_stdout, reason = "timings are printed, never asserted")]

mod access;
mod accounting;
mod accounts;
mod admin;
mod backend;
mod bad_input;
mod cache;
mod cancel;
mod capture;
mod commands;
mod config;
mod conformance;
mod docs;
mod fake;
mod faults;
mod import;
mod log;
mod metrics;
mod nginx;
mod openapi;
mod panel;
mod request_log;
mod routes;
mod routing;
mod settings;
mod shipping;
mod shutdown;
mod store;
mod support;
mod tidy;
mod timing;
mod tls;
mod traces;
mod upgrade;
mod upstream_http;
