//! Whose turn it is: weighted rotation and the least busy. Pure: whether a candidate may be used is asked of the
//! caller, which knows health, caps and models.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod tests;

/// Longest sequence of turns, but for what keeping every weight at 1 or more adds.
const MAX_TURNS: u64 = 4096;
/// So many skipped turns are taken one by one, which keeps shares exact among threads that pick at once.
const ONE_BY_ONE: usize = 16;

/// Candidates taken in turn by weight, as a sequence computed before: a pick costs the same for two candidates
/// and for a thousand.
///
/// The sequence is as smooth as can be: after any number of turns each candidate had its exact share of them,
/// rounded down or up. Hence every window as long as the sequence holds the exact weights: 50:10 are five to one
/// in any six picks.
///
/// A candidate that is not available loses its turn, so the others keep their shares among themselves. If groups
/// of callers ask for different candidates (one model each, say), give each group its own [`Turns`]: otherwise
/// one group uses up the turns of another.
#[derive(Debug)]
pub struct Rotation {
    order: Box<[u32]>,
    candidates: usize,
    turns: Arc<Turns>,
}

/// How far a group of callers has come in a [`Rotation`]. May outlive it and serve the next one.
#[derive(Debug, Default)]
pub struct Turns(AtomicUsize);

impl Turns {
    fn take(&self, count: usize) -> usize {
        self.0.fetch_add(count, Ordering::Relaxed)
    }
}

impl Rotation {
    /// A rotation of the candidates `0..weights.len()`. A weight of 0 counts as 1: who is not to be used is no
    /// candidate. Weights whose sum (divided by their greatest divisor) passes 4096 are scaled down and rounded.
    #[must_use]
    pub fn new(weights: &[u32]) -> Self {
        Rotation::with(weights, Arc::default())
    }

    /// The same, going on from turns that were taken before.
    #[must_use]
    pub fn with(weights: &[u32], turns: Arc<Turns>) -> Self {
        Rotation { order: order(&parts(weights)), candidates: weights.len(), turns }
    }

    /// The same with turns of its own, which go on from where these are: taking them takes none of these.
    #[must_use]
    pub fn apart(&self) -> Self {
        let turns = Turns(AtomicUsize::new(self.turns.0.load(Ordering::Relaxed)));
        Rotation { order: self.order.clone(), candidates: self.candidates, turns: Arc::new(turns) }
    }

    /// The next available candidate. `is_available` is asked at most once for each.
    pub fn pick(&self, is_available: impl FnMut(usize) -> bool) -> Option<usize> {
        self.pick_by(&self.turns, is_available)
    }

    /// [`Rotation::pick`] by the turns of one group of callers.
    pub fn pick_by(&self, turns: &Turns, mut is_available: impl FnMut(usize) -> bool) -> Option<usize> {
        if self.order.is_empty() {
            return None;
        }
        let first = self.at(turns.take(1));
        if is_available(first) {
            return Some(first);
        }
        let mut asked = Asked::new(self.candidates);
        asked.insert(first);
        self.pick_other(turns, &mut asked, is_available)
    }

    #[cold]
    fn pick_other(
        &self,
        turns: &Turns,
        asked: &mut Asked,
        mut is_available: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        for _ in 0..ONE_BY_ONE {
            if asked.is_all() {
                return None;
            }
            let index = self.at(turns.take(1));
            if asked.insert(index) && is_available(index) {
                return Some(index);
            }
        }
        let start = turns.0.load(Ordering::Relaxed);
        for ahead in 0..self.order.len() {
            if asked.is_all() {
                return None;
            }
            let index = self.at(start.wrapping_add(ahead));
            if asked.insert(index) && is_available(index) {
                turns.take(ahead + 1);
                return Some(index);
            }
        }
        None
    }

    /// Takes one turn and gives every candidate once, in the order of the turns from there.
    pub fn iter_from_next(&self) -> impl Iterator<Item = usize> + '_ {
        self.iter_by(&self.turns)
    }

    /// [`Rotation::iter_from_next`] by the turns of one group of callers.
    pub fn iter_by(&self, turns: &Turns) -> impl Iterator<Item = usize> + '_ {
        let start = turns.take(1);
        let mut asked = Asked::new(self.candidates);
        let ahead = (0..self.order.len()).map(move |ahead| self.at(start.wrapping_add(ahead)));
        // `take` ends the walk at the last new one, not at the end of the sequence.
        ahead.filter(move |&index| asked.insert(index)).take(self.candidates)
    }

    fn at(&self, turn: usize) -> usize {
        self.order[turn % self.order.len()] as usize
    }
}

/// The candidate with the fewest requests in flight for its weight, of triples of index, requests in flight and
/// weight. The first of equals wins, so give them in the order of [`Rotation::iter_from_next`].
#[must_use]
pub fn least_busy(candidates: impl Iterator<Item = (usize, usize, u32)>) -> Option<usize> {
    let mut best: Option<(usize, u128, u128)> = None;
    for (index, in_flight, weight) in candidates {
        let (in_flight, weight) = (in_flight as u128, u128::from(weight.max(1)));
        // in_flight / weight < best.in_flight / best.weight, without a division.
        if best.is_none_or(|(_, busy, share)| in_flight * share < busy * weight) {
            best = Some((index, in_flight, weight));
        }
    }
    best.map(|(index, _, _)| index)
}

/// Offers the candidates of [`least_busy`] to `take`, the least busy first, until it takes one. The counts are those
/// that were given: what others take meanwhile does not change the order.
pub fn take_least_busy(
    mut candidates: Vec<(usize, usize, u32)>,
    mut take: impl FnMut(usize) -> bool,
) -> Option<usize> {
    let first = least_busy(candidates.iter().copied())?;
    if take(first) {
        return Some(first);
    }
    candidates.retain(|(index, ..)| *index != first);
    candidates.sort_by(|(_, one, one_weight), (_, other, other_weight)| {
        let scaled = |count: usize, weight: u32| count as u128 * u128::from(weight.max(1));
        scaled(*one, *other_weight).cmp(&scaled(*other, *one_weight))
    });
    candidates.into_iter().map(|(index, ..)| index).find(|index| take(*index))
}

/// Weights in lowest terms, with a sum of about [`MAX_TURNS`] at most.
fn parts(weights: &[u32]) -> Vec<u64> {
    let mut parts: Vec<u64> = weights.iter().map(|&weight| u64::from(weight.max(1))).collect();
    reduce(&mut parts);
    let sum: u64 = parts.iter().sum();
    if sum > MAX_TURNS {
        for part in &mut parts {
            *part = ((*part * MAX_TURNS + sum / 2) / sum).max(1);
        }
        reduce(&mut parts);
    }
    parts
}

fn reduce(parts: &mut [u64]) {
    let divisor = parts.iter().fold(0, |divisor, &part| gcd(divisor, part)).max(1);
    for part in parts {
        *part /= divisor;
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The smoothest order: the k-th turn of a candidate with `part` of `sum` turns lies within the k-th of `part`
/// equal spans of the sequence. The turn whose span ends first goes first.
fn order(parts: &[u64]) -> Box<[u32]> {
    let sum: u64 = parts.iter().sum();
    let begin = |index: usize, turn: u64| turn * sum / parts[index];
    let end = |index: usize, turn: u64| ((turn + 1) * sum).div_ceil(parts[index]);
    let mut due = BinaryHeap::new();
    let mut later: BinaryHeap<_> = (0..parts.len()).map(|index| Reverse((0, index, 0))).collect();
    let mut order = Vec::with_capacity(usize::try_from(sum).unwrap_or_default());
    for now in 0..sum {
        while let Some(&Reverse((at, index, turn))) = later.peek().filter(|Reverse((at, ..))| *at <= now) {
            debug_assert_eq!(at, begin(index, turn));
            later.pop();
            due.push(Reverse((end(index, turn), index, turn)));
        }
        // Until `now` at least `now + 1` spans have begun, so one is always due.
        let Some(Reverse((_, index, turn))) = due.pop() else { continue };
        order.push(u32::try_from(index).unwrap_or(u32::MAX));
        if turn + 1 < parts[index] {
            later.push(Reverse((begin(index, turn + 1), index, turn + 1)));
        }
    }
    order.into()
}

/// Which candidates were asked.
struct Asked {
    bits: Vec<u64>,
    left: usize,
}

impl Asked {
    fn new(candidates: usize) -> Self {
        Asked { bits: vec![0; candidates.div_ceil(64)], left: candidates }
    }

    /// Whether `index` was not asked before.
    fn insert(&mut self, index: usize) -> bool {
        let (word, bit) = (&mut self.bits[index / 64], 1 << (index % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        self.left -= usize::from(is_new);
        is_new
    }

    fn is_all(&self) -> bool {
        self.left == 0
    }
}
