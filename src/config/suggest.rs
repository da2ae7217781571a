//! "Did you mean": the known name that is nearest to an unknown one.

/// The nearest of `names`, when it is near enough to be meant: about one slip in four letters.
pub(super) fn nearest<'a>(unknown: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_ascii_uppercase().replace('-', "_");
    let most = (unknown.chars().count() / 4).clamp(1, 4);
    names
        .map(|name| (distance(&unknown, name), name))
        .min_by_key(|(distance, _)| *distance)
        .and_then(|(distance, name)| (distance <= most).then_some(name))
}

/// Edits (insert, delete, replace a letter) from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replace = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
