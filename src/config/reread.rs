//! What SIGHUP has found: the sources as they are now, against those that are in force.

use std::fmt;

use super::layer::Origin;
use super::load::{Loaded, Row};
use super::problem::shown;
use super::rows::SETTINGS;
use super::table::Setting;
use super::values::Values;
use super::{Config, Upstream};

/// A configuration to put in force, and in what it differs.
#[derive(Debug, Clone)]
pub struct Reread {
    pub loaded: Loaded,
    /// In the table's order.
    pub changed: Vec<Changed>,
}

/// A setting that is configured otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub name: &'static str,
    /// As it may be printed: `***` for a secret, empty when unset.
    pub old: String,
    pub new: String,
    /// Of the new value.
    pub origin: String,
    /// Whether it counts from the next start only.
    pub needs_restart: bool,
}

impl Loaded {
    /// The configuration that is in force when `fresh` was read, which is in order. Settings that are read at the start
    /// only stay, with a note that says so.
    #[must_use]
    pub fn reread(&self, fresh: Loaded) -> Reread {
        let mut changed = Vec::new();
        let (mut values, mut texts, mut origins) = (Values::default(), fresh.texts.clone(), Vec::new());
        for ((setting, old), new) in SETTINGS.iter().zip(&self.origins).zip(&fresh.origins) {
            let is_same = setting.is_same(self.texts.of(setting), fresh.texts.of(setting));
            if !is_same {
                let (old, new) = (self.shown(setting), fresh.shown(setting));
                let (origin, needs_restart) = (fresh.origin(setting), !setting.reread);
                changed.push(Changed { name: setting.name, old, new, origin, needs_restart });
            }
            if is_same || setting.reread {
                origins.push(new.clone());
            } else {
                texts.insert(setting.name, self.texts.of(setting).to_owned());
                let note = format!("{} says another value, which counts from the next start", new.origin);
                origins.push(Row { note, ..old.clone() });
            }
            values.insert(setting.name, texts.value(setting));
        }
        let whole = Config::from_values(&values);
        // What a program gave that starts the gateway, such as the demo's backend, stays.
        let Upstream { base, key_base, .. } = self.config.upstream.clone();
        let upstream = Upstream { base, key_base, ..whole.upstream };
        let config = Config { upstream, data_dir: self.config.data_dir.clone(), ..whole };
        Reread {
            loaded: Loaded { config, origins, warnings: fresh.warnings, texts, places: fresh.places },
            changed,
        }
    }

    fn shown(&self, setting: &Setting) -> String {
        match self.texts.of(setting) {
            "" => shown(setting, setting.default),
            text => shown(setting, text),
        }
    }

    fn origin(&self, setting: &Setting) -> String {
        let row = self.origins.iter().find(|row| row.name == setting.name);
        row.map_or_else(|| Origin::Default.to_string(), |row| row.origin.clone())
    }
}

impl fmt::Display for Changed {
    /// One line, such as `MAX_RETRIES: 2 -> 5 (config.toml:3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_unset = |text: &str| if text.is_empty() { "unset" } else { text }.to_owned();
        write!(f, "{}: {} -> {} ({})", self.name, or_unset(&self.old), or_unset(&self.new), self.origin)
    }
}
