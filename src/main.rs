//! Arguments in, exit code out.

use std::io::IsTerminal;
use std::process::ExitCode;

use ollama2openai::cli::{self, Command, Console};
use ollama2openai::config::Sources;

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let sources = Sources::from_process();
    let colour = sources.env.get("NO_COLOR").is_none_or(String::is_empty);
    let (out_colour, err_colour) = (colour && out.is_terminal(), colour && err.is_terminal());
    let mut console = Console { out: &mut out, err: &mut err, out_colour, err_colour };
    match cli::parse(std::env::args_os(), sources, &mut console) {
        Ok(Command::Done(code)) => code,
        Ok(Command::Healthcheck(address)) => cli::healthcheck(address, console.err),
        Ok(command) => {
            let _ = writeln!(console.err, "{command:?}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
