//! Sizes of files and functions.

use super::rust::code_only;
use super::{File, hold, offences};

/// Files stay below this many lines.
const FILE_LINES: usize = 400;
/// Components of the panel stay below this many lines.
const COMPONENT_LINES: usize = 300;
/// Functions stay below this many lines, signature and braces included.
const FUNCTION_LINES: usize = 60;

fn file_size(file: &File) -> Vec<String> {
    let ours = file.is_below(&["src", "crates", "tests", "bench", "ui", ".ci"]);
    let lines = file.text.lines().count();
    let most = if file.has_extension(&["tsx"]) { COMPONENT_LINES } else { FILE_LINES };
    let long = ours && file.has_extension(&["rs", "py", "mjs", "js", "ts", "tsx", "sh"]) && lines >= most;
    if long { vec![format!("1: {lines} lines; files like this stay under {most}")] } else { Vec::new() }
}

fn function_sizes(file: &File) -> Vec<String> {
    if !file.has_extension(&["rs"]) {
        return Vec::new();
    }
    let code = code_only(&file.text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let begins_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let Some(lines) = begins_word.then(|| lines_of_body(&code[at..])).flatten() else { continue };
        if lines >= FUNCTION_LINES {
            let line = code[..at].lines().count().max(1);
            let name: String =
                code[at + 3..].chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
            found.push(format!("{line}: fn {name} has {lines} lines; functions stay under {FUNCTION_LINES}"));
        }
    }
    found
}

/// The lines from `fn` to its closing brace; `None` for a function without a body, and for a type.
fn lines_of_body(code: &str) -> Option<usize> {
    let (mut braces, mut other) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '{' => braces += 1,
            '}' if braces == 1 => return Some(code[..=at].lines().count()),
            '}' => braces = braces.checked_sub(1)?,
            '(' | '[' => other += 1,
            ')' | ']' => other = other.checked_sub(1)?,
            ';' if braces == 0 && other == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn files_stay_short() {
    hold(file_size);
}

#[test]
fn functions_stay_short() {
    hold(function_sizes);
}

#[test]
fn a_long_file_is_found() {
    let lines = |count: usize| "x\n".repeat(count);
    assert_eq!(offences(file_size, "src/a.rs", &lines(FILE_LINES)).len(), 1);
    assert_eq!(offences(file_size, "tests/sdk/a.py", &lines(FILE_LINES)).len(), 1);
    assert_eq!(offences(file_size, "ui/src/a.tsx", &lines(COMPONENT_LINES)).len(), 1);
    assert_eq!(offences(file_size, "src/a.rs", &lines(FILE_LINES - 1)).len(), 0);
    assert_eq!(offences(file_size, "docs/a.md", &lines(FILE_LINES)).len(), 0);
}

#[test]
fn a_long_function_is_found() {
    let function = |lines: usize| {
        format!("impl A {{\n  fn b(c: fn(u8) -> u8) {{\n{}  }}\n}}\n", "  d;\n".repeat(lines - 2))
    };
    let found = offences(function_sizes, "src/a.rs", &function(FUNCTION_LINES));
    assert_eq!(found, ["2: fn b has 60 lines; functions stay under 60"]);
    assert_eq!(offences(function_sizes, "src/a.rs", &function(FUNCTION_LINES - 1)).len(), 0);
    let brace_in_text = function(FUNCTION_LINES).replacen("d;", "\"}\";", 1);
    assert_eq!(offences(function_sizes, "src/a.rs", &brace_in_text).len(), 1);
}
