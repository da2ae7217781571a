//! Names that nearly are those of a right, a limit or an address: passed over, they would make what may more than was
//! meant, or goes elsewhere. Pure.

/// Fields that say what something may, and other names that people have for them: in lower case, letters alone.
const RIGHTS: [(&str, &[&str]); 15] = [
    ("allowClientOptions", &["clientoptions"]),
    ("allowedIPs", &["ips", "ip", "allowip", "allowips", "ipwhitelist", "whitelist", "allowedaddresses"]),
    ("allowedModels", &["models", "model", "allowmodels", "modelwhitelist"]),
    // Without it a credential would go to where others go.
    ("baseUrl", &["url", "base", "address", "host", "endpoint", "server"]),
    ("models", &["allowedmodels", "model"]),
    ("capture", &["captured", "captures", "capturing", "captureprompts"]),
    ("enabled", &["active", "disabled", "enable", "disable"]),
    (
        "expiresAt",
        &["expires", "expire", "expiry", "expiration", "expiresin", "expireson", "validuntil", "ttl"],
    ),
    ("maxConcurrent", &["concurrency", "concurrent", "maxconcurrency", "maxparallel", "parallel"]),
    ("mustChange", &["mustchangepassword"]),
    ("quotaLimit", &["quota", "monthlyquota", "tokenquota", "tokenlimit", "limit", "budget"]),
    ("rateLimit", &["rate", "rpm", "requestsperminute"]),
    ("role", &["roles"]),
    ("tokensPerMinute", &["tpm"]),
    // Without it the first account is meant.
    ("username", &["user", "name", "login", "account", "email"]),
];

/// The right that is meant by a name which is no field, of those that the call knows.
pub(super) fn right<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let plain = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>()
    };
    let given = plain(name);
    let is_meant = |known: &&String| {
        let right = RIGHTS.iter().find(|(right, _)| right == known);
        right.is_some_and(|(right, others)| {
            others.contains(&given.as_str()) || is_near(given.as_bytes(), plain(right).as_bytes())
        })
    };
    known.iter().find(is_meant).map(String::as_str)
}

/// Whether one slip makes one of the other: a letter more, less or other, or two neighbours swapped.
fn is_near(one: &[u8], other: &[u8]) -> bool {
    let begin = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => false,
    }
}
