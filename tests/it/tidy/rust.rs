//! Enough of Rust's grammar for the rules: code without its comments and texts, and the paths it names.

/// The code with comments, texts and characters blanked. Lines stay where they are.
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skipped(&chars, at);
        if end > at {
            // A blank keeps the words on both sides apart.
            code.push(' ');
            code.extend(chars[at..end].iter().filter(|&&c| c == '\n'));
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

/// Where the comment, text or character that begins here ends; `at` itself when none does.
fn skipped(chars: &[char], at: usize) -> usize {
    let next = |offset: usize| chars.get(at + offset).copied();
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next(1) == Some('/') => position(chars, at, |c| c == '\n'),
        '/' if next(1) == Some('*') => block_comment(chars, at),
        '"' => quoted(chars, at + 1, '"'),
        'r' if !in_word || chars[at - 1] == 'b' => raw_text(chars, at).unwrap_or(at),
        // A lifetime has no closing quote after one character.
        '\'' if next(1) == Some('\\') || next(2) == Some('\'') => quoted(chars, at + 1, '\''),
        _ => at,
    }
}

fn position(chars: &[char], from: usize, is_end: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|&at| is_end(chars[at])).unwrap_or(chars.len())
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

fn quoted(chars: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_text(chars: &[char], from: usize) -> Option<usize> {
    let open = position(chars, from + 1, |c| c != '#');
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let marks = open - from - 1;
    let closes =
        |&at: &usize| chars[at] == '"' && (1..=marks).all(|offset| chars.get(at + offset) == Some(&'#'));
    (open + 1..chars.len()).find(closes).map(|at| at + 1 + marks)
}

/// Every path with `::` in the code, `use` trees expanded, with the number of its line.
/// `use crate::{a, b::c}` gives `crate::a` and `crate::b::c`.
pub fn paths(text: &str) -> Vec<(usize, String)> {
    let code: Vec<char> = code_only(text).chars().collect();
    let mut reader = Reader { code: &code, at: 0, line: 1, found: Vec::new() };
    while reader.at < code.len() {
        let before = reader.at.checked_sub(1).map(|at| code[at]);
        let begins_word = is_word(code[reader.at]) && !before.is_some_and(is_word);
        if begins_word { reader.path("", false) } else { reader.step() }
    }
    reader.found
}

struct Reader<'a> {
    code: &'a [char],
    at: usize,
    line: usize,
    found: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.code.get(self.at).copied()
    }

    fn step(&mut self) {
        if self.peek() == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.step();
        }
    }

    /// Reads one path after `prefix`. A brace after `::` opens a list of paths. In a list, a lone word is a
    /// path too.
    fn path(&mut self, prefix: &str, in_list: bool) {
        let line = self.line;
        let mut path = prefix.to_owned();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|c| is_word(c) || (in_list && c == '*')) {
                self.step();
            }
            path.extend(&self.code[start..self.at]);
            if self.code[self.at..].starts_with(&[':', ':']) {
                self.step();
                self.step();
                path.push_str("::");
                if self.peek() == Some('{') {
                    return self.list(&path);
                }
                if self.peek().is_some_and(is_word) {
                    continue;
                }
            }
            break;
        }
        if path.contains("::") {
            self.found.push((line, path));
        }
    }

    fn list(&mut self, prefix: &str) {
        self.step();
        loop {
            self.skip_space();
            match self.peek() {
                None | Some('}') => return self.step(),
                Some(c) if is_word(c) || c == '*' => {
                    self.path(prefix, true);
                    // The name after `as`.
                    while self.peek().is_some_and(|c| !matches!(c, ',' | '}')) {
                        self.step();
                    }
                }
                Some(_) => self.step(),
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn comments_and_texts_are_blanked() {
    let text = "a // b\n/* c /* d */ \n */ e \"f\\\"g\n\" r#\"h\"i\"# 'j' '\\'' &'k br\"l\" for";
    let code = code_only(text);
    assert_eq!(code.split_whitespace().collect::<String>(), "ae&'kbfor");
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn paths_are_expanded() {
    let text =
        "use crate::{a, b::{c as d, *},\n e::F};\nlet x = crate::g::h(1); // crate::i\nlet y = \"crate::j\";";
    let paths: Vec<String> = paths(text).into_iter().map(|(line, path)| format!("{line} {path}")).collect();
    assert_eq!(paths, ["1 crate::a", "1 crate::b::c", "1 crate::b::*", "2 crate::e::F", "3 crate::g::h"]);
}
