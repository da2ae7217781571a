//! Start, stop and change of version as a service manager does them, with the real program.

mod load;
mod newer;
mod notify;
mod read_only;
mod reread;
mod restart;
mod run_as;
mod sockets;
mod stop;
mod units;

use std::path::Path;
use std::process::Stdio;

use ollama2openai::fake::{Fake, Piece, Request as Seen, Script};
use tokio::process::Command;

use crate::support::ollama::{done, line, ollama, pause_ms, says, whole};
use crate::support::running::PROGRAM;

const CHAT: &str = "/v1/chat/completions";
/// Nothing listens there.
const NOBODY: (&str, &str) = ("OLLAMA_BASE_URL", "http://127.0.0.1:1");

/// Variables of a gateway whose folder is `home`, on a port of the system's choice, with these on top.
fn env(home: &Path, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let data = home.join("data").display().to_string();
    let ours = [
        ("PORT", "0"),
        ("DATA_DIR", data.as_str()),
        ("LOG_LEVEL", "info"),
        ("ADMIN_PASSWORD", "of-the-upgrade"),
        ("RATE_LIMIT_GLOBAL_ENABLED", "false"),
        ("RATE_LIMIT_IP_ENABLED", "false"),
    ];
    ours.iter().chain(more).map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The program, to be started with standard input passed to it as a socket that listens, as systemd does it.
fn on_socket(home: &Path, env: &[(String, String)], socket: &std::net::TcpListener) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", PROGRAM]);
    command.current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").envs(env.iter().cloned());
    let socket = std::os::fd::OwnedFd::from(socket.try_clone().unwrap());
    command.stdin(Stdio::from(socket));
    command
}

/// An Ollama whose streams have this many pieces, with pauses between.
async fn streaming(pieces: usize, pause: u64) -> Fake {
    ollama(move |request: &Seen| {
        if request.json().is_none_or(|json| json["stream"] != true) {
            return whole("Hi");
        }
        let piece = |at: usize| [line(&says(&format!("{at} "))), pause_ms(pause)];
        let all: Vec<Piece> = (0..pieces).flat_map(piece).chain([line(&done())]).collect();
        Script::streamed("application/x-ndjson", all)
    })
    .await
}

/// The content of a stream of [`streaming`].
fn content(pieces: usize) -> String {
    (0..pieces).map(|at| format!("{at} ")).collect()
}
