//! Names of columns, and the pieces of SQL that are made of them.

use std::sync::LazyLock;

use super::histogram::ENDS;

/// What is counted, histograms aside.
const COUNTS: [&str; 5] = ["requests", "prompt_tokens", "completion_tokens", "cached_tokens", "gpu_ms"];

/// The columns of a histogram.
pub(super) fn buckets(of: &str) -> Vec<String> {
    ENDS.iter().map(|end| format!("{of}_{end}")).chain([format!("{of}_more")]).collect()
}

/// The columns of both histograms.
fn histograms() -> Vec<String> {
    [buckets("latency"), buckets("first")].concat()
}

/// All that is counted of a kind.
pub(super) static ALL: LazyLock<Vec<String>> =
    LazyLock::new(|| COUNTS.map(str::to_owned).into_iter().chain(histograms()).collect());

/// All that is counted in sums.
static OF_SUMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut columns = ALL.clone();
    columns.insert(1, "failed".to_owned());
    columns
});

/// Parted by commas, each as `write` has it.
fn list(columns: &[String], write: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| write(column)).collect::<Vec<_>>().join(", ")
}

/// The columns of `usage_minute`, and but for the first those of `usage_hourly`.
pub(super) static NAMES: LazyLock<String> = LazyLock::new(|| list(&ALL, str::to_owned));

/// The columns of `usage_sums`.
pub(super) static NAMES_OF_SUMS: LazyLock<String> = LazyLock::new(|| list(&OF_SUMS, str::to_owned));

/// Sums over rows of kinds.
pub(super) static TOTALS: LazyLock<String> = LazyLock::new(|| list(&ALL, total));

/// Sums over rows of sums.
pub(super) static TOTALS_OF_SUMS: LazyLock<String> = LazyLock::new(|| list(&OF_SUMS, total));

/// Rows of kinds as rows of sums have them.
pub(super) fn as_sums(is_of_outcomes: bool) -> String {
    list(&OF_SUMS, |column| match column {
        "failed" => "CASE WHEN outcome IN ('ok', 'client_gone') THEN 0 ELSE requests END AS failed".to_owned(),
        _ if is_of_outcomes || COUNTS.contains(&column) => column.to_owned(),
        // How long refusals take says nothing of how fast answers are.
        _ => format!("CASE WHEN outcome = 'ok' THEN {column} ELSE 0 END AS {column}"),
    })
}

fn total(column: &str) -> String {
    format!("CAST(SUM({column}) AS BIGINT) AS {column}")
}

/// What is done where a row of kinds is there already.
pub(super) fn add_to(table: &str) -> String {
    list(&ALL, |column| added(table, column))
}

/// What is done where a row of sums is there already.
pub(super) fn add_to_sums() -> String {
    list(&OF_SUMS, |column| added("usage_sums", column))
}

fn added(table: &str, column: &str) -> String {
    format!("{column} = {table}.{column} + excluded.{column}")
}

/// Counts of 14 buckets, of four bits each, out of one number, times `scale`.
pub(super) fn unpacked(packed: &str, scale: i64) -> String {
    let bucket = |at: usize| format!("(({packed} >> {}) & 15) * {scale}", at * 4);
    (0..=ENDS.len()).map(bucket).collect::<Vec<_>>().join(", ")
}
