//! Sockets that systemd, or whoever starts the gateway, has opened for it: they outlive it, so that no connection is
//! refused while another version starts.

use anyhow::Context as _;
use listenfd::ListenFd;

use crate::app::Passed;

/// What was passed to this process by `LISTEN_FDS`.
///
/// # Errors
/// When one of them is no socket of TCP that listens.
pub(super) fn taken() -> anyhow::Result<Passed> {
    let mut passed = ListenFd::from_env();
    let mut tcp = Vec::new();
    for at in 0..passed.len() {
        let taken = passed.take_tcp_listener(at).context("LISTEN_FDS: only sockets of TCP can be served")?;
        tcp.extend(taken);
    }
    Ok(Passed { tcp })
}
