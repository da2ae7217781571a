//! What a caller takes, and how much it likes it (RFC 9110, 12.4.2).

use http::{HeaderMap, HeaderName};

/// The weight of a name in thousandths; `None` where it is not named. The last word counts, and a weight that cannot be
/// read is none at all.
pub(super) fn weight(asked: &HeaderMap, header: HeaderName, name: &str) -> Option<u16> {
    let lists = asked.get_all(header).into_iter().filter_map(|list| list.to_str().ok());
    let items = lists.flat_map(|list| list.split(','));
    let mut found = None;
    for item in items {
        let mut parts = item.split(';').map(str::trim);
        if parts.next().is_some_and(|named| named.eq_ignore_ascii_case(name)) {
            found = Some(parts.find_map(quality).unwrap_or(1000));
        }
    }
    found
}

/// `q=0.25`
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim().parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    // Within 0 to 1000, as just seen.
    Some(value.map_or(0, |value| (value * 1000.0).round() as u16))
}
