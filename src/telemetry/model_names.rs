//! By which names sums tell models apart, in metrics and in usage. Clients can write anything, so names that nobody
//! configured and no list has count only where a backend has answered them well, and there is an end to those.

use std::collections::HashSet;
use std::sync::Arc;

use super::Record;
use crate::http::Outcome;

/// What is not told apart.
pub(crate) const OTHER: &str = "other";
/// Names of a day that no list has, and that a backend whose list nobody has read has answered well.
const BELIEVED: usize = 1000;
/// The longest of these, in bytes.
const LONGEST: usize = 256;
/// Other spellings that are kept, so that a name is in one place of memory.
const SPELLED: usize = 20_000;
const DAY: i64 = 86_400;

/// What is known of a model's name where it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// It is configured, or in the list of the backend.
    Listed,
    /// Nobody has read that list.
    Believed,
    /// It is not in that list, or nobody served it.
    Unlisted,
}

/// The names that are told apart.
#[derive(Debug)]
pub struct ModelNames {
    /// In days since 1970.
    day: i64,
    believed: HashSet<Arc<str>>,
    spelled: HashSet<Arc<str>>,
    nobody: Arc<str>,
    other: Arc<str>,
}

impl Default for ModelNames {
    fn default() -> Self {
        let (believed, spelled) = (HashSet::new(), HashSet::new());
        ModelNames { day: 0, believed, spelled, nobody: Arc::default(), other: OTHER.into() }
    }
}

impl ModelNames {
    /// Sets the names by which records are counted.
    pub fn name_all(&mut self, records: &mut [Record]) {
        for record in records {
            record.counted = self.of(record);
        }
    }

    fn of(&mut self, record: &Record) -> Arc<str> {
        // What nobody served has no model.
        if record.node.is_none() && record.cached == 0 {
            return Arc::clone(&self.nobody);
        }
        match record.naming {
            Naming::Listed => self.listed(record),
            Naming::Believed => self.believed(record),
            Naming::Unlisted => Arc::clone(&self.other),
        }
    }

    fn listed(&mut self, record: &Record) -> Arc<str> {
        let name = record.model_name();
        if *name == *record.model {
            return Arc::clone(&record.model);
        }
        if let Some(known) = self.spelled.get(&*name) {
            return Arc::clone(known);
        }
        if self.spelled.len() >= SPELLED {
            self.spelled.clear();
        }
        let name: Arc<str> = name.into();
        self.spelled.insert(Arc::clone(&name));
        name
    }

    fn believed(&mut self, record: &Record) -> Arc<str> {
        let day = record.at.as_second().div_euclid(DAY);
        if day > self.day {
            self.day = day;
            self.believed.clear();
        }
        let name = record.model_name();
        if let Some(known) = self.believed.get(&*name) {
            return Arc::clone(known);
        }
        let is_served = record.outcome == Outcome::Ok && name.len() <= LONGEST;
        if !is_served || self.believed.len() >= BELIEVED {
            return Arc::clone(&self.other);
        }
        let name: Arc<str> = name.into();
        self.believed.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests;
