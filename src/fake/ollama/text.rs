//! Text in pieces of about one token, and what is made of it. Deterministic.

/// Cuts a text into pieces that look like tokens: a word with the space before it, a mark, a character of
/// another script. Joined they give the text.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<char> = None;
    for (at, c) in text.char_indices() {
        let joins = match last {
            None => true,
            Some(' ') => c != ' ',
            Some(before) => is_word(before) && is_word(c) && at - start < 12,
        };
        if !joins {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(c);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() && u32::from(c) < 0x2e80
}

/// How many tokens a text is counted as.
pub(super) fn count(text: &str) -> u64 {
    pieces(text).len() as u64
}

/// FNV-1a with a final mix, so that close texts give far numbers.
pub(super) fn hash(text: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let fnv = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    mix(fnv)
}

/// One step of splitmix64.
pub(super) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The id of a piece, as `context` holds them.
pub(super) fn id(piece: &str) -> u64 {
    hash(piece) % 49_152
}

/// `length` letters and digits made from `seed`.
pub(super) fn letters(seed: u64, length: usize, alphabet: &str) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed;
    let next = |_| {
        state = mix(state);
        usize::try_from(state % alphabet.len() as u64).map_or('a', |at| alphabet[at])
    };
    (0..length).map(next).collect()
}

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let split = text.split(|c: char| !c.is_alphanumeric());
    split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The numbers of a text, in order.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    let split = text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    split.filter_map(|word| word.trim_end_matches(['.', '-']).parse().ok()).collect()
}

/// The last run of capitalised words that does not begin the text, `New York` for example; else nothing.
pub(super) fn proper_name(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let capital =
        |word: &&str| word.chars().next().is_some_and(char::is_uppercase) && word.chars().count() > 1;
    let end = (1..words.len()).rev().find(|&at| capital(&words[at]))?;
    let mut start = end;
    while start > 1 && capital(&words[start - 1]) && !words[start - 1].ends_with([',', '.', '?', '!', ':']) {
        start -= 1;
    }
    let name = words[start..=end].join(" ");
    let name = name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    (!name.is_empty()).then_some(name)
}

/// At most `limit` characters of a text on one line, with a mark when it was longer.
pub(super) fn excerpt(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let cut: String = line.chars().take(limit).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(start, _)| start);
    format!("{cut}…")
}
