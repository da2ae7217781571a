//! The two servers that are compared: the gateway with a token and its default log, nginx with its default access
//! log. Both write their log to a file.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::client::Face;
use crate::process::Server;

/// A limit that no run reaches.
const NEVER: &str = "1000000000";
/// What the gateway asks of its clients.
pub(crate) const TOKEN: &str = "sk-bench-0123456789abcdef0123456789abcdef";

/// For changes while it runs.
pub(crate) const ADMIN_PASSWORD: &str = "bench-password";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `ollama2openai`.
    Gateway,
    /// What it is compared with: nginx, for what passing bytes costs at least, or another build of the gateway.
    Measure,
}

impl Kind {
    pub(crate) const BOTH: [Kind; 2] = [Kind::Gateway, Kind::Measure];
}

/// Where programs and files are.
#[derive(Debug)]
pub(crate) struct Place {
    /// The gateway's binary.
    pub(crate) gateway: PathBuf,
    /// nginx's binary.
    pub(crate) nginx: PathBuf,
    /// Another gateway, to be measured in place of nginx.
    pub(crate) against: Option<PathBuf>,
    /// For configuration and logs; removed at the end.
    pub(crate) folder: PathBuf,
    /// Where the fake Ollama listens.
    pub(crate) upstream: SocketAddr,
}

impl Place {
    /// What the clients of a server speak.
    pub(crate) fn face(&self, kind: Kind) -> Face {
        match kind {
            Kind::Measure if self.against.is_none() => Face::Native,
            _ => Face::OpenAi,
        }
    }

    /// Starts a server; it may need a moment before it answers.
    pub(crate) fn start(&self, kind: Kind) -> anyhow::Result<(Server, SocketAddr)> {
        let folder = self.folder.join(format!("{kind:?}").to_lowercase());
        fs::create_dir_all(&folder)?;
        let addr = free_address()?;
        let gateway = match kind {
            Kind::Gateway => Some(&self.gateway),
            Kind::Measure => self.against.as_ref(),
        };
        let server = if let Some(gateway) = gateway {
            Server::start(gateway, &[], &self.env(addr), &folder)?
        } else {
            let file = folder.join("nginx.conf");
            fs::write(&file, nginx_config(&folder, addr, self.upstream)?)?;
            let file = file.to_string_lossy().into_owned();
            Server::start(&self.nginx, &["-c", &file], &[], &folder)?
        };
        Ok((server, addr))
    }

    fn env(&self, addr: SocketAddr) -> Vec<(&'static str, String)> {
        vec![
            ("PORT", addr.port().to_string()),
            ("API_TOKEN", TOKEN.to_owned()),
            ("OLLAMA_BASE_URL", format!("http://{}", self.upstream)),
            // Counted, but never reached.
            ("RATE_LIMIT_GLOBAL_MAX", NEVER.to_owned()),
            ("RATE_LIMIT_IP_MAX", NEVER.to_owned()),
        ]
    }

    /// Starts a gateway whose logs are on as they are by default, or off: no lines, no rows, nothing in memory. Metrics and
    /// usage have no switch.
    pub(crate) fn start_logging(&self, is_on: bool) -> anyhow::Result<(Server, SocketAddr)> {
        let folder = self.folder.join(if is_on { "logs-on" } else { "logs-off" });
        fs::create_dir_all(&folder)?;
        let addr = free_address()?;
        let mut env = self.env(addr);
        if !is_on {
            let off = [("REQUEST_LOG", "false"), ("LOG_LEVEL", "error"), ("LOG_RECENT_MAX", "0")];
            env.extend(off.map(|(name, value)| (name, value.to_owned())));
        }
        Ok((Server::start(&self.gateway, &[], &env, &folder)?, addr))
    }

    /// Starts a gateway on the database in `data` of a folder. Nothing probes its backends by the clock.
    pub(crate) fn start_with_data(&self, folder: &Path) -> anyhow::Result<(Server, SocketAddr)> {
        let addr = free_address()?;
        let env = [
            ("PORT", addr.port().to_string()),
            ("ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
            ("HEALTH_CHECK_INTERVAL", "0".to_owned()),
            ("RATE_LIMIT_GLOBAL_MAX", NEVER.to_owned()),
            ("RATE_LIMIT_IP_MAX", NEVER.to_owned()),
        ];
        Ok((Server::start(&self.gateway, &[], &env, folder)?, addr))
    }
}

/// A port that was free a moment ago.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// One worker, kept-alive connections to the upstream, the default access log, no buffering of streams.
fn nginx_config(folder: &Path, addr: SocketAddr, upstream: SocketAddr) -> anyhow::Result<String> {
    let dir = folder.display();
    // Workers of a root's nginx become `nobody`, who may not write here.
    let user = if fs::metadata(folder)?.uid() == 0 { "user root;" } else { "" };
    Ok(format!(
        "{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 20000; }}
http {{
    access_log {dir}/access.log combined;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    keepalive_requests 100000000;
    tcp_nodelay on;
    upstream ollama {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}
    proxy_http_version 1.1;
    proxy_set_header Connection '';
    server {{
        listen {addr};
        location /api/ {{ proxy_pass http://ollama; }}
        location /stream/ {{ proxy_pass http://ollama/; proxy_buffering off; proxy_read_timeout 300s; }}
    }}
}}
"
    ))
}
