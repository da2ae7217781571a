//! The rules of the house that a compiler does not hold: who imports whom, sizes, words, paths, links and
//! the list of dependencies. Each rule is a function from a file to its offences, and is shown to find one.
//!
//! Not here: formatting and lints, which rustfmt and clippy hold.

mod imports;
mod links;
mod listed;
mod rust;
mod shape;
mod words;

use std::path::Path;

/// Folders and files that are built, installed, recorded or a person's own, not written for the project.
const NOT_OURS: [&str; 12] = [
    "target",
    "node_modules",
    "__pycache__",
    "data",
    "cases",
    "corpus",
    "snapshots",
    "dist",
    "shots",
    "schema.d.ts",
    ".git",
    ".env",
];

/// One written file of the project: its path from the root, with slashes, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    fn is_below(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(&format!("{folder}/")))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of text that was written by hand, in order.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project can be listed") {
            let path = entry.expect("a folder of the project can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                if !name.starts_with('.') || name == ".ci" {
                    folders.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).expect("it was found below the root");
                files.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the project was not found");
    files
}

/// Fails when a rule finds an offence in a file of the project; prints them all.
#[track_caller]
fn hold(rule: impl Fn(&File) -> Vec<String>) {
    let offences: Vec<String> = files()
        .iter()
        .flat_map(|file| {
            let found = rule(file).into_iter();
            found.map(|offence| format!("{}:{offence}", file.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

/// The offences of one rule in a file made up for a test.
fn offences(rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    rule(&File { path: path.to_owned(), text: text.to_owned() })
}

/// Lines with their numbers, from one.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}
