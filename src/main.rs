//! Arguments in, exit code out.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use ollama2openai::boot::{self, Look};
use ollama2openai::cli::{self, Command, Console};
use ollama2openai::config::Sources;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let sources = Sources::from_process();
    let colour = sources.env.get("NO_COLOR").is_none_or(String::is_empty);
    let (out_colour, err_colour) = (colour && out.is_terminal(), colour && err.is_terminal());
    let mut console = Console { out: &mut out, err: &mut err, out_colour, err_colour };
    let command = match cli::parse(std::env::args_os(), sources, &mut console) {
        Ok(command) => command,
        Err(_) => return ExitCode::FAILURE,
    };
    let look = Look { colour: out_colour, log_colour: err_colour };
    let ended = match command {
        Command::Done(code) => return code,
        Command::Healthcheck { address, is_tls } => return cli::healthcheck(address, is_tls, &mut err),
        Command::State { job, loaded } => cli::state(job, &loaded, &mut console),
        Command::Serve { loaded, sources } => boot::serve(loaded, sources, look, &mut out),
        Command::Demo { loaded, sources, replay } => {
            boot::demo(loaded, sources, replay.as_deref(), look, &mut out)
        }
        Command::BenchUpstream { port } => boot::bench_upstream(port, &mut out),
    };
    ended.unwrap_or_else(|error| {
        // Standard error is the last resort: there is nobody left to tell if it fails.
        let _ = writeln!(err, "error: {error:#}");
        ExitCode::FAILURE
    })
}
