//! `manual FOLDER` writes what a package holds beside the program: `man/*.1`, one page for each command, and
//! `completions/` for four shells. A crate of its own, so that the program carries none of it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate_to};
use ollama2openai::cli;

const SHELLS: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        return said("the folder to write to is missing");
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => said(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "so a program says why it fails")]
fn said(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}

/// Writes everything below `folder`.
fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    clap_mangen::generate_to(documented(), man)?;
    let mut command = cli::command();
    for shell in SHELLS {
        generate_to(shell, &mut command, "ollama2openai", &completions)?;
    }
    Ok(())
}

/// The command line with the settings on the page of the program alone: each command takes them all, and forty pages
/// would repeat them.
fn documented() -> Command {
    let command = cli::command().mut_args(|arg| arg.global(false));
    command.disable_help_subcommand(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a command and of all below it: `key add` for `ollama2openai key add`.
    fn names(command: &Command, before: &str) -> Vec<String> {
        let below = command.get_subcommands().flat_map(|sub| {
            let name = format!("{before} {}", sub.get_name()).trim().to_owned();
            let mut all = names(sub, &name);
            all.push(name);
            all
        });
        below.collect()
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn man_pages_and_completions_name_every_command() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path()).expect("everything can be written");
        let all = names(&cli::command(), "");
        assert!(all.len() > 40 && all.contains(&"key add".to_owned()), "{all:?}");
        for name in &all {
            let page = text(&folder.path().join(format!("man/ollama2openai-{}.1", name.replace(' ', "-"))));
            assert!(page.contains(".SH SYNOPSIS"), "{name}");
        }
        let files = ["ollama2openai.bash", "_ollama2openai", "ollama2openai.fish", "_ollama2openai.ps1"];
        for file in files {
            let completions = text(&folder.path().join("completions").join(file));
            for word in all.iter().flat_map(|name| name.split(' ')) {
                assert!(completions.contains(word), "{word} is not in {file}");
            }
            assert!(completions.contains("request-timeout"), "settings are in {file}");
        }
    }

    #[test]
    fn settings_are_explained_once_on_the_page_of_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path()).expect("everything can be written");
        let page = |name: &str| text(&folder.path().join("man").join(name));
        assert!(page("ollama2openai.1").contains("request\\-timeout"));
        assert!(!page("ollama2openai-key-add.1").contains("request\\-timeout"));
    }
}
