//! The uppermost layer: what an admin saved while the gateway ran. It lies in a database that others write to as well,
//! so nothing in it is a reason not to start: what cannot be used is ignored, and named. Only where that could let
//! somebody in whom the rules of addresses keep out, they let nobody in.

use std::collections::BTreeMap;
use std::fmt;

use super::layer::{Origin, Said};
use super::load::{Loaded, Row, bad_value, open_to_all, row};
use super::problem::Problem;
use super::rows::SETTINGS;
use super::table::{Kind, Setting};
use super::values::Values;
use super::{Config, IpMode, IpRules, Upstream, value};

/// Longest text that is saved, in bytes.
const MAX_TEXT: usize = 256 << 10;

/// The text of every setting below what is saved, empty where nobody said anything. Some are secrets.
#[derive(Clone, Default)]
pub(super) struct Texts(BTreeMap<&'static str, String>);

impl Texts {
    pub(super) fn insert(&mut self, name: &'static str, text: String) {
        self.0.insert(name, text);
    }

    pub(super) fn of(&self, setting: &Setting) -> &str {
        self.0.get(setting.name).map_or("", String::as_str)
    }

    pub(super) fn value(&self, setting: &Setting) -> value::Value {
        value::parse_or_default(setting, self.of(setting)).expect("the text was checked")
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How everything stands with what was saved.
#[derive(Debug, Clone)]
pub struct Standing {
    pub config: Config,
    /// One row a setting, in the table's order.
    pub rows: Vec<Row>,
    /// What was saved, by the names of variables.
    pub saved: Vec<(String, String)>,
    /// What was saved and cannot be used.
    pub ignored: Vec<Problem>,
    /// What follows from it, for those who look after the gateway.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// What is in force with these values saved, by the names of variables. What was given by a program that starts
    /// the gateway, such as the demo's backend, stays.
    #[must_use]
    pub fn with_saved(&self, saved: &[(String, String)]) -> Standing {
        let (mut values, mut rows, mut ignored) = (Values::default(), Vec::new(), Vec::new());
        for (setting, configured) in SETTINGS.iter().zip(&self.origins) {
            let usable = saved.iter().find(|(name, _)| name == setting.name).map(|(_, text)| {
                let wrong = |wrong| problem(setting, text, wrong);
                check(setting, text).map_err(wrong).map(|value| (value, row(setting, text, &Origin::Saved)))
            });
            let (value, row) = match usable {
                Some(Ok(usable)) => usable,
                Some(Err(wrong)) => {
                    let mut row = configured.clone();
                    row.note = format!("a saved value is ignored: it {}", wrong.message);
                    ignored.push(wrong);
                    (self.texts.value(setting), row)
                }
                None => (self.texts.value(setting), configured.clone()),
            };
            values.insert(setting.name, value);
            rows.push(row);
        }
        let unknown = saved.iter().filter(|(name, _)| !SETTINGS.iter().any(|row| row.name == *name));
        ignored.extend(unknown.map(|(name, _)| {
            let name: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
            let message = "is no setting of this version".to_owned();
            Problem { origin: Origin::Saved, name, value: None, message }
        }));
        let fresh = Config::from_values(&values);
        let Upstream { base, key_base, .. } = self.config.upstream.clone();
        let upstream = Upstream { base, key_base, ..fresh.upstream };
        let mut config = Config { upstream, data_dir: self.config.data_dir.clone(), ..fresh };
        let is_of_rules = |bad: &&Problem| bad.name.starts_with("IP_");
        let closed = ignored.iter().find(is_of_rules).map(|_| {
            config.access.ip_rules = IpRules { mode: IpMode::Whitelist, ..IpRules::default() };
            "a saved rule of addresses cannot be used: nobody may call, and only programs of this machine reach /admin, \
             until it is saved anew or reset"
                .to_owned()
        });
        let open = open_to_all(&config).filter(|open| !self.warnings.contains(open));
        let told = ignored.iter().map(|problem| format!("{problem}; it is ignored"));
        let warnings = told.chain(closed).chain(open).collect();
        Standing { config, rows, saved: saved.to_vec(), warnings, ignored }
    }
}

impl Standing {
    /// How a setting stands, by the name of its variable; it is one of the table.
    #[must_use]
    pub fn row(&self, name: &str) -> &Row {
        self.rows.iter().find(|row| row.name == name).expect("every setting has a row")
    }
}

fn problem(setting: &Setting, text: &str, wrong: Wrong) -> Problem {
    let said = Said { name: setting.name.to_owned(), text: text.to_owned(), origin: Origin::Saved };
    match wrong {
        Wrong::Value(wrong) => bad_value(setting, &said, &wrong),
        Wrong::Setting(message) => {
            Problem { origin: Origin::Saved, name: said.name, value: None, message: message.to_owned() }
        }
    }
}

/// Why a value is not saved.
enum Wrong {
    Value(String),
    Setting(&'static str),
}

fn check(setting: &Setting, text: &str) -> Result<value::Value, Wrong> {
    setting.may_change().map_err(Wrong::Setting)?;
    if text.len() > MAX_TEXT {
        return Err(Wrong::Value("is too long".to_owned()));
    }
    value::parse_or_default(setting, text).map_err(Wrong::Value)
}

impl Setting {
    /// # Errors
    /// Why it cannot be changed while the gateway runs, in words that follow the name.
    pub fn may_change(&self) -> Result<(), &'static str> {
        match self.changeable {
            true => Ok(()),
            false => Err("is read at the start only: configure it, and start the gateway anew"),
        }
    }

    /// A text as it is saved. An empty one is the default.
    ///
    /// # Errors
    /// What is wrong with it, or with the wish to save it, in words that follow the name.
    pub fn to_save(&self, text: &str) -> Result<String, String> {
        match check(self, text) {
            Ok(_) if matches!(self.kind, Kind::List { .. }) => Ok(items(text).collect::<Vec<_>>().join(",")),
            Ok(_) => Ok(text.trim().to_owned()),
            Err(Wrong::Value(wrong)) => Err(format!("{wrong}; allowed: {}", self.allowed())),
            Err(Wrong::Setting(wrong)) => Err(wrong.to_owned()),
        }
    }

    /// Which texts it takes, for people.
    #[must_use]
    pub fn allowed(&self) -> String {
        value::allowed(&self.kind)
    }

    /// Whether two texts mean the same.
    #[must_use]
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        let read = |text| value::parse_or_default(self, text).ok();
        read(one) == read(other)
    }
}

/// The items of a list as it is written.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
