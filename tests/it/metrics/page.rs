//! A scrape, read.

use std::collections::{BTreeMap, BTreeSet};

pub type Labels = BTreeMap<String, String>;

/// All samples of a page in text format 0.0.4, and the type of each family.
#[derive(Debug)]
pub struct Page {
    pub text: String,
    pub types: BTreeMap<String, String>,
    pub samples: Vec<(String, Labels, f64)>,
}

impl Page {
    pub fn read(text: &str) -> Page {
        let mut types = BTreeMap::new();
        let mut samples = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(told) = line.strip_prefix("# TYPE ") {
                let (name, kind) = told.split_once(' ').unwrap();
                let before = types.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} comes twice");
            } else if !line.starts_with("# HELP ") {
                samples.push(sample(line));
            }
        }
        let series: BTreeSet<_> = samples.iter().map(|(name, labels, _)| (name, labels)).collect();
        assert_eq!(series.len(), samples.len(), "a series comes twice: {text}");
        Page { text: text.to_owned(), types, samples }
    }

    /// The sum of all series of this name that have these labels; `None` without any.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has =
            |all: &Labels| labels.iter().all(|(key, value)| all.get(*key).is_some_and(|is| is == value));
        let fits = self.samples.iter().filter(|(known, all, _)| known == name && has(all));
        fits.map(|(.., value)| *value).reduce(|one, other| one + other)
    }

    /// As [`Page::find`], 0 without any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels).unwrap_or(0.0)
    }

    /// Names of all series, with their labels.
    pub fn series(&self) -> BTreeSet<String> {
        self.samples.iter().map(|(name, labels, _)| format!("{name}{labels:?}")).collect()
    }

    /// Buckets grow, and the last of them is the count. Gives how many histograms there are.
    pub fn assert_histograms_add_up(&self) -> usize {
        let mut seen = 0;
        for (name, _) in self.types.iter().filter(|(_, kind)| *kind == "histogram") {
            let counts = self.samples.iter().filter(|(known, ..)| *known == format!("{name}_count"));
            for (_, labels, count) in counts {
                let is_of = |(known, all, _): &&(String, Labels, f64)| {
                    let mut rest = all.clone();
                    rest.remove("le").is_some() && *known == format!("{name}_bucket") && rest == *labels
                };
                let buckets: Vec<_> = self.samples.iter().filter(is_of).collect();
                assert!(buckets.is_sorted_by_key(|(.., value)| *value), "{buckets:?}");
                let (_, last, most) = buckets.last().expect("a histogram has buckets");
                assert_eq!((last["le"].as_str(), most), ("+Inf", count), "{name}");
                let sum = self
                    .samples
                    .iter()
                    .find(|(known, all, _)| *known == format!("{name}_sum") && all == labels);
                assert!(sum.is_some_and(|(.., sum)| *sum >= 0.0), "{name}");
                seen += 1;
            }
        }
        seen
    }
}

fn sample(line: &str) -> (String, Labels, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
    let mut all = Labels::new();
    let mut rest = labels;
    while let Some((key, tail)) = rest.split_once("=\"") {
        let mut end = 0;
        while !tail[end..].starts_with('"') {
            end += if tail[end..].starts_with('\\') {
                2
            } else {
                tail[end..].chars().next().unwrap().len_utf8()
            };
        }
        all.insert(key.trim_start_matches(',').to_owned(), tail[..end].to_owned());
        rest = &tail[end + 1..];
    }
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().unwrap() };
    (name.to_owned(), all, value)
}
