//! Patterns of model names: exact, or with `*` for any run. Matching takes time that grows with the lengths of name and
//! patterns, never with their product.

use std::collections::HashMap;

/// A list of patterns; an empty list admits every model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    /// Those without a star, as they were written.
    names: Vec<String>,
    /// The same as [`canonical`] has them, sorted.
    exact: Vec<String>,
    /// Those with a star, in small letters.
    globs: Vec<String>,
}

impl Patterns {
    /// Patterns as an admin wrote them; blanks round them and empty ones do not count.
    pub fn new<'r>(patterns: impl IntoIterator<Item = &'r String>) -> Self {
        let kept = patterns.into_iter().map(|pattern| pattern.trim()).filter(|pattern| !pattern.is_empty());
        let (globs, names): (Vec<_>, Vec<_>) = kept.partition(|pattern| pattern.contains('*'));
        let mut exact: Vec<_> = names.iter().map(|name| canonical(name)).collect();
        exact.sort_unstable();
        Patterns {
            names: names.into_iter().map(str::to_owned).collect(),
            exact,
            globs: globs.into_iter().map(str::to_ascii_lowercase).collect(),
        }
    }

    /// Whether `model` is admitted: case does not count, and no tag means `:latest`, as for Ollama.
    #[must_use]
    pub fn admit(&self, model: &str) -> bool {
        if self.names.is_empty() && self.globs.is_empty() {
            return true;
        }
        let whole = canonical(model);
        let bare = whole.strip_suffix(":latest");
        self.exact.binary_search(&whole).is_ok()
            || self
                .globs
                .iter()
                .any(|pattern| glob(pattern, &whole) || bare.is_some_and(|bare| glob(pattern, bare)))
    }

    /// Whether `model` is one of the names without a star, as [`Patterns::admit`] reads them.
    #[must_use]
    pub fn has(&self, model: &str) -> bool {
        !self.exact.is_empty() && self.exact.binary_search(&canonical(model)).is_ok()
    }

    /// Names without a star, which can be listed as models.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
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
        let by_name = pairs.iter().map(|(from, to)| (canonical(from.trim()), (from.clone(), to.clone())));
        Mapping { by_name: by_name.collect() }
    }

    /// What `model` leads to.
    #[must_use]
    pub fn get(&self, model: &str) -> Option<&str> {
        // Most mappings are empty, and this is asked for each request.
        let found = if self.by_name.is_empty() { None } else { self.by_name.get(&canonical(model.trim())) };
        found.map(|(_, to)| to.as_str())
    }

    /// All names as they were written, with what they lead to.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_name.values().map(|(from, to)| (from.as_str(), to.as_str()))
    }
}

/// In small letters, with a tag.
#[must_use]
pub fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if has_tag { name } else { format!("{name}:latest") }
}

/// `*` stands for any run. What stands between two stars is looked for once, from where the one before it was found:
/// the first place is as good as any later one. The search of the standard library is linear.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let (Some(start), Some(end)) = (pieces.next(), pieces.next_back()) else { return pattern == text };
    let inner = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let Some(mut rest) = inner else { return false };
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
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
            ("m:latest", "m"),
            ("*:LATEST", "m"),
            ("m*", "M:LATEST"),
            ("a**b", "ab"),
            ("*b*b", "abb"),
            ("host:5000/m", "host:5000/m:latest"),
            ("*ü*", "münchen:8b"),
        ] {
            assert!(admits(pattern, model), "{pattern} must admit {model}");
        }
        for (pattern, model) in [
            ("llama3", "llama3:8b"),
            ("llama*", "xllama"),
            ("a.c", "abc"),
            ("*:8b", "qwen3:80b"),
            ("a*b", "ac"),
            ("ab*b", "ab"),
            ("*ab*ab*", "xaby"),
            ("*b*b", "ab"),
            (" m", "m:8b"),
        ] {
            assert!(!admits(pattern, model), "{pattern} must not admit {model}");
        }
        assert!(Patterns::new(&[]).admit("m"), "an empty list admits all");
    }

    #[test]
    fn the_time_is_no_product_of_the_lengths() {
        assert!(!admits(&("*a".repeat(500) + "b"), &"a".repeat(1000)));
        // Tried anew at each place these would take two thousand million steps.
        let patterns: Vec<_> = (0..4096).map(|at| format!("*{}b{at}", "a".repeat(490))).collect();
        let began = std::time::Instant::now();
        let patterns = Patterns::new(&patterns);
        assert!(!patterns.admit(&("a".repeat(1023) + "c")));
        assert!(
            patterns.admit(&("a".repeat(1000) + "b77")) && !patterns.admit(&("a".repeat(1000) + "b7777"))
        );
        assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    }
}
