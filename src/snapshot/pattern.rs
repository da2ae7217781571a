//! Patterns of model names: exact, or with `*` for any run. Matching is linear for each star and never backtracks far.

use std::collections::HashMap;

use wire::translate::models::same_name;

/// A list of patterns; an empty list admits every model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Patterns as an admin wrote them; blanks round them and empty ones do not count.
    pub fn new<'r>(patterns: impl IntoIterator<Item = &'r String>) -> Self {
        let kept = patterns.into_iter().map(|pattern| pattern.trim()).filter(|pattern| !pattern.is_empty());
        Patterns(kept.map(str::to_owned).collect())
    }

    /// Whether `model` is admitted: case does not count, and no tag means `:latest`, as for Ollama.
    #[must_use]
    pub fn admit(&self, model: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| matches(pattern, model))
    }

    /// Names without a star, which can be listed as models.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|pattern| !pattern.contains('*'))
    }
}

/// Names that clients use for others. Case does not count, and no tag means `:latest`, as for Ollama.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// By the name in small letters with its tag: the name as it was written, and what it leads to.
    by_name: HashMap<String, (String, String)>,
}

impl Mapping {
    /// Of two that mean the same name the later holds.
    #[must_use]
    pub fn new(pairs: &[(String, String)]) -> Self {
        let by_name = pairs.iter().map(|(from, to)| (canonical(from), (from.clone(), to.clone())));
        Mapping { by_name: by_name.collect() }
    }

    /// What `model` leads to.
    #[must_use]
    pub fn get(&self, model: &str) -> Option<&str> {
        // Most mappings are empty, and this is asked for each request.
        let found = if self.by_name.is_empty() { None } else { self.by_name.get(&canonical(model)) };
        found.map(|(_, to)| to.as_str())
    }

    /// All names as they were written, with what they lead to.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_name.values().map(|(from, to)| (from.as_str(), to.as_str()))
    }
}

fn canonical(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if has_tag { name } else { format!("{name}:latest") }
}

fn matches(pattern: &str, model: &str) -> bool {
    if !pattern.contains('*') {
        return same_name(pattern, model);
    }
    let other = model.strip_suffix(":latest").map(str::to_owned).or_else(|| {
        let has_tag = model.rsplit('/').next().is_some_and(|last| last.contains(':'));
        (!has_tag).then(|| format!("{model}:latest"))
    });
    glob(pattern.as_bytes(), model.as_bytes())
        || other.is_some_and(|other| glob(pattern.as_bytes(), other.as_bytes()))
}

/// `*` stands for any run. After a mismatch only the last star is widened, so the work is at most the product of
/// the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    fn admits(pattern: &str, model: &str) -> bool {
        Patterns::new([&pattern.to_owned()]).admit(model)
    }

    #[test]
    fn stars_tags_and_case() {
        for (pattern, model) in [
            ("llama3", "llama3"),
            ("llama3", "llama3:latest"),
            ("llama3:latest", "LLAMA3"),
            ("llama*", "llama3.2:3b"),
            ("*", "anything/at:all"),
            ("*:8b", "qwen3:8b"),
            ("a*b*c", "aXbYbZc"),
            ("*latest", "m"),
            ("m", "M:LATEST"),
        ] {
            assert!(admits(pattern, model), "{pattern} must admit {model}");
        }
        for (pattern, model) in [
            ("llama3", "llama3:8b"),
            ("llama*", "xllama"),
            ("a.c", "abc"),
            ("*:8b", "qwen3:80b"),
            ("a*b", "ac"),
        ] {
            assert!(!admits(pattern, model), "{pattern} must not admit {model}");
        }
        assert!(Patterns::new(&[]).admit("m"), "an empty list admits all");
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "*a".repeat(500) + "b";
        assert!(!admits(&pattern, &"a".repeat(1000)));
    }
}
