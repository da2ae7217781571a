//! How often what took how long, in fixed buckets that can be added up.

use std::time::Duration;

/// Buckets of a [`Histogram`].
pub const BUCKETS: usize = 14;

/// Where the buckets end, in milliseconds; the last one has no end. The names of columns are made of them.
pub(super) const ENDS: [u64; BUCKETS - 1] =
    [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 102_400, 204_800];

/// Bits of a count that is packed.
pub(super) const BITS: usize = 4;

/// Counts by bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Histogram(pub [i64; BUCKETS]);

impl Histogram {
    /// Counts one.
    pub fn count(&mut self, took: Duration) {
        let micros = took.as_micros();
        let bucket = ENDS.partition_point(|end| u128::from(*end) * 1000 < micros);
        self.0[bucket] = self.0[bucket].saturating_add(1);
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Histogram) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
    }

    /// All counts in one number, [`BITS`] for each, where none of them needs more.
    pub(super) fn packed(&self) -> Option<i64> {
        let fits = self.0.iter().all(|count| (0..1 << BITS).contains(count));
        fits.then(|| self.0.iter().rev().fold(0, |packed, count| packed << BITS | count))
    }

    /// About how many milliseconds this share of all took at most: within a bucket they are taken for evenly spread, and
    /// in the last one for its beginning. `None` when there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts and bounds are far below 2^52")]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let all = self.0.iter().fold(0_i64, |sum, count| sum.saturating_add(*count));
        let wanted = all as f64 * share;
        let mut before = 0.0;
        for (bucket, count) in self.0.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let count = count as f64;
            if before + count >= wanted {
                let begin = bucket.checked_sub(1).map_or(0, |bucket| ENDS[bucket]) as f64;
                let end = ENDS.get(bucket).map_or(begin, |end| *end as f64);
                return Some(begin + (end - begin) * ((wanted - before) / count));
            }
            before += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        millis.into_iter().for_each(|millis| histogram.count(Duration::from_millis(millis)));
        histogram
    }

    #[test]
    fn a_bucket_has_what_takes_as_long_as_its_end() {
        let counted = of([0, 50, 51, 100, 204_800, 204_801, 86_400_000]);
        assert_eq!(counted.0, [2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        let mut just_more = Histogram::default();
        just_more.count(Duration::from_micros(50_001));
        assert_eq!(just_more.0[1], 1);
    }

    #[test]
    fn few_are_packed_into_one_number() {
        let mut few = of([0, 50, 60]);
        assert_eq!(few.packed(), Some(0x12));
        few.0[BUCKETS - 1] = 15;
        assert_eq!(few.packed(), Some(0xf0_0000_0000_0012));
        few.0[3] = 16;
        assert_eq!(few.packed(), None);
    }

    #[test]
    fn percentiles_are_within_their_bucket() {
        let evenly = of(1..=1600);
        for (share, exact) in [(0.5, 800.0), (0.95, 1520.0), (0.99, 1584.0), (0.25, 400.0), (1.0, 1600.0)] {
            let told = evenly.percentile(share).unwrap();
            assert!((told - exact).abs() < 2.0, "{share}: {told}, not {exact}");
        }
        assert_eq!(of([]).percentile(0.5), None);
        assert_eq!(of([300_000; 3]).percentile(0.99), Some(204_800.0), "longer ones are not told apart");
        let one = of([300]).percentile(0.5).unwrap();
        assert!((200.0..=400.0).contains(&one), "{one}");
    }
}
