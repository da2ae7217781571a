//! What is bound at the start, by the settings.

use std::io;
use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::Passed;
use crate::config::Config;
use crate::serve::{Listeners, Side, bind};

/// All listeners, and what the system chose where a port was 0.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listeners: Listeners,
    pub(super) addr: SocketAddr,
    pub(super) admin_addr: Option<SocketAddr>,
}

/// # Errors
/// The system's, with what a person can do.
pub(super) fn listen(config: &Config, passed: Passed) -> anyhow::Result<Bound> {
    let listen = &config.listen;
    let mut listeners = Listeners::default();
    let side = if listen.admin.is_some() { Side::Clients } else { Side::Both };
    let wanted = SocketAddr::new(listen.host, listen.port);
    let addr = match adopt(&mut listeners, passed, side).context("a passed socket")? {
        Some(addr) => addr,
        None => tcp(&mut listeners, wanted, side, listen.reuse_port, "--port")?,
    };
    let admin = listen
        .admin
        .map(|wanted| tcp(&mut listeners, wanted, Side::Panel, listen.reuse_port, "--admin-listen"));
    let admin_addr = admin.transpose()?;
    if let Some(path) = &listen.unix {
        let added = listeners.add_unix(path, side);
        added.with_context(|| format!("cannot listen on the socket {}", path.display()))?;
    }
    Ok(Bound { listeners, addr, admin_addr })
}

/// The address of the first one that was passed.
fn adopt(listeners: &mut Listeners, passed: Passed, side: Side) -> io::Result<Option<SocketAddr>> {
    let mut first = None;
    for listener in passed.tcp {
        listener.set_nonblocking(true)?;
        first = first.or(Some(listener.local_addr()?));
        listeners.add_passed(TcpListener::from_std(listener)?, side);
    }
    Ok(first)
}

fn tcp(
    listeners: &mut Listeners,
    wanted: SocketAddr,
    side: Side,
    shared: bool,
    flag: &str,
) -> anyhow::Result<SocketAddr> {
    let listener: TcpListener = bind(wanted, shared).with_context(|| {
        format!("cannot listen on {wanted}: if another program has the port, choose another with {flag}")
    })?;
    let addr = listener.local_addr()?;
    listeners.add(listener, side);
    Ok(addr)
}
