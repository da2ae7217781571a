//! Names of columns, and the pieces of SQL that are made of them.

use super::histogram::{BITS, BUCKETS};
use crate::store::db::places;

/// Of [`super::UsageCounts`], histograms aside.
const NUMBERS: [&str; 5] = ["requests", "prompt_tokens", "completion_tokens", "cached_tokens", "gpu_ms"];

/// How long requests took, by the ends of buckets in milliseconds.
pub(super) const LATENCY: [&str; BUCKETS] = [
    "latency_50",
    "latency_100",
    "latency_200",
    "latency_400",
    "latency_800",
    "latency_1600",
    "latency_3200",
    "latency_6400",
    "latency_12800",
    "latency_25600",
    "latency_51200",
    "latency_102400",
    "latency_204800",
    "latency_more",
];

/// The same of the first content.
pub(super) const FIRST: [&str; BUCKETS] = [
    "first_50",
    "first_100",
    "first_200",
    "first_400",
    "first_800",
    "first_1600",
    "first_3200",
    "first_6400",
    "first_12800",
    "first_25600",
    "first_51200",
    "first_102400",
    "first_204800",
    "first_more",
];

/// All that is counted.
pub(super) fn counts() -> impl Iterator<Item = &'static str> {
    NUMBERS.into_iter().chain(LATENCY).chain(FIRST)
}

/// Sums of some columns over rows, under their own names.
pub(super) fn summed(columns: impl Iterator<Item = &'static str>) -> String {
    columns.map(|column| format!("CAST(SUM({column}) AS BIGINT) AS {column}")).collect::<Vec<_>>().join(", ")
}

/// An insert of so many rows, that adds to those which are there. The last columns are those of both histograms; packed,
/// each histogram is one parameter.
pub(super) fn upsert(table: &str, keys: &[&str], counts: &[&str], rows: usize, is_packed: bool) -> String {
    let adding: Vec<_> =
        counts.iter().map(|column| format!("{column} = {table}.{column} + excluded.{column}")).collect();
    let columns = keys.len() + counts.len();
    let values = if is_packed { packed(rows, columns - 2 * BUCKETS) } else { places(rows, columns) };
    let (keys, counts, adding) = (keys.join(", "), counts.join(", "), adding.join(", "));
    format!(
        "INSERT INTO {table} ({keys}, {counts}) VALUES {values} ON CONFLICT ({keys}) DO UPDATE SET {adding}"
    )
}

/// Places for rows of so many plain values and two packed histograms.
fn packed(rows: usize, plain: usize) -> String {
    let most = (1 << BITS) - 1;
    let bucket = |place: usize, at: usize| format!("(CAST(${place} AS BIGINT) >> {}) & {most}", at * BITS);
    let row = |row: usize| {
        let before = row * (plain + 2);
        let plain_values = (1..=plain).map(|at| format!("${}", before + at));
        let histogram = |place: usize| (0..BUCKETS).map(move |at| bucket(place, at));
        let all = plain_values.chain(histogram(before + plain + 1)).chain(histogram(before + plain + 2));
        format!("({})", all.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::histogram::ENDS;
    use super::*;

    #[test]
    fn columns_are_named_by_the_ends_of_their_buckets() {
        for (name, columns) in [("latency", LATENCY), ("first", FIRST)] {
            let ends = ENDS.iter().map(|end| format!("{name}_{end}"));
            assert_eq!(columns.to_vec(), ends.chain([format!("{name}_more")]).collect::<Vec<_>>());
        }
    }
}
