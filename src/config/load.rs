//! Puts the layers together: default < config.toml < .env < environment < flag. What an admin saved comes on top in
//! `saved.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::layer::{Layer, Origin, Said};
use super::problem::{Bad, Problem, shown};
use super::rows::SETTINGS;
use super::saved::Texts;
use super::table::Setting;
use super::value;
use super::values::Values;
use super::{Config, dotenv, file, listening};

/// Everything that a configuration is made from, so that only [`Sources::from_process`] looks at the process.
#[derive(Clone, Default)]
pub struct Sources {
    /// From flags: the variable's name (such as `PORT`, or `API_TOKEN_FILE`) and the text.
    pub flags: BTreeMap<String, String>,
    /// `--config`; without it, `config.toml` in `dir` if there is one.
    pub config_file: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The working directory; relative paths start here.
    pub dir: PathBuf,
}

/// A usable configuration, and how it came about.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    /// One row a setting, in the table's order.
    pub origins: Vec<Row>,
    /// For the log at start.
    pub warnings: Vec<String>,
    /// What was written, for [`Loaded::with_saved`].
    pub(super) texts: Texts,
    /// Where each setting was.
    pub(super) places: BTreeMap<&'static str, Origin>,
}

/// How one setting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub name: &'static str,
    /// As it was written; `***` for a secret; empty when unset.
    pub value: String,
    pub default: &'static str,
    /// `default`, `config.toml:3`, `.env:7`, `environment`, `flag`, `file /run/secrets/x` or `saved`.
    pub origin: String,
    /// Why the value does not count, if it does not.
    pub note: String,
}

impl Row {
    /// Whether somebody has written it.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.origin != "default"
    }
}

impl fmt::Debug for Sources {
    /// Names only: the environment holds secrets, not only ours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("flags", &self.flags.keys())
            .field("config_file", &self.config_file)
            .field("env", &self.env.keys())
            .field("dir", &self.dir)
            .finish()
    }
}

impl Sources {
    /// Environment and working directory of this process. Names and values that are not Unicode are kept
    /// with replacement characters, which no setting takes.
    pub fn from_process() -> Sources {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Sources {
            env: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(),
            dir: PathBuf::from("."),
            ..Sources::default()
        }
    }

    /// Lowest layer first.
    fn layers(&self) -> Vec<Layer> {
        let map = |map: &BTreeMap<String, String>, origin: Origin| Layer {
            said: map
                .iter()
                .map(|(name, text)| Said { name: name.clone(), text: text.clone(), origin: origin.clone() })
                .collect(),
            ..Layer::default()
        };
        vec![
            self.config_toml(),
            self.dot_env(),
            map(&self.env, Origin::Environment),
            map(&self.flags, Origin::Flag),
        ]
    }

    fn config_toml(&self) -> Layer {
        let path = self.config_file.clone().unwrap_or_else(|| PathBuf::from("config.toml"));
        let called = path.display().to_string();
        match read_text(&self.dir.join(&path)) {
            Ok(Some(text)) => file::read(&called, &text),
            Ok(None) if self.config_file.is_none() => Layer::default(),
            Ok(None) => unreadable(Origin::Flag, "--config", &format!("names {called}, which is no file")),
            Err(why) => unreadable(Origin::File(called, 1), "the file", &format!("cannot be read: {why}")),
        }
    }

    fn dot_env(&self) -> Layer {
        match read_text(&self.dir.join(".env")) {
            Ok(text) => dotenv::read(&text.unwrap_or_default()),
            Err(why) => unreadable(Origin::DotEnv(1), "the file", &format!("cannot be read: {why}")),
        }
    }
}

/// `None` when there is no such file.
fn read_text(path: &Path) -> Result<Option<String>, String> {
    match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        // An engine for containers makes one where the file to be mounted is missing.
        Err(error) if error.kind() == ErrorKind::IsADirectory => Err("it is a folder".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn unreadable(origin: Origin, name: &str, message: &str) -> Layer {
    let problem = Problem { origin, name: name.to_owned(), value: None, message: message.to_owned() };
    Layer { problems: vec![problem], ..Layer::default() }
}

/// Reads all sources. Either everything is in order or every mistake is listed.
pub fn load(sources: &Sources) -> Result<Loaded, Bad> {
    let mut layers = sources.layers();
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    for layer in &mut layers {
        problems.append(&mut layer.problems);
        warnings.append(&mut layer.warnings);
    }
    let mut values = Values::default();
    let (mut origins, mut texts, mut places) = (Vec::new(), Texts::default(), BTreeMap::new());
    for setting in SETTINGS {
        let said = winner(setting, &layers, sources, &mut warnings, &mut problems);
        match value::parse_or_default(setting, &said.text) {
            Ok(value) => {
                values.insert(setting.name, value);
                origins.push(row(setting, &said.text, &said.origin));
                texts.insert(setting.name, said.text);
                places.insert(setting.name, said.origin);
            }
            Err(wrong) => problems.push(bad_value(setting, &said, &wrong)),
        }
    }
    if !problems.is_empty() {
        return Err(sorted(problems));
    }
    note_unused_host(&mut origins);
    let config = Config::from_values(&values);
    warnings.extend(open_to_all(&config));
    let loaded = Loaded { config, origins, warnings, texts, places };
    let conflicts = listening::conflicts(&loaded);
    if conflicts.is_empty() { Ok(loaded) } else { Err(sorted(conflicts)) }
}

fn sorted(mut problems: Vec<Problem>) -> Bad {
    problems.sort_by(|a, b| a.origin.cmp(&b.origin));
    Bad { problems }
}

/// The warning of a gateway that anybody can use.
pub(super) fn open_to_all(config: &Config) -> Option<String> {
    let host = config.listen.host;
    let is_open = !host.is_loopback() && config.access.serves_everybody();
    is_open.then(|| format!("HOST is {host} and ALLOW_ANONYMOUS is true: whoever reaches the port can use it until there is a token"))
}

/// An empty text shows as the default.
pub(super) fn row(setting: &Setting, text: &str, origin: &Origin) -> Row {
    let text = if text.trim().is_empty() { setting.default } else { text };
    let (name, default) = (setting.name, setting.default);
    Row { name, value: shown(setting, text), default, origin: origin.to_string(), note: String::new() }
}

pub(super) fn bad_value(setting: &Setting, said: &Said, wrong: &str) -> Problem {
    let message = format!("{wrong}; allowed: {}", value::allowed(&setting.kind));
    let name = said.origin.spelling(setting.name);
    Problem { origin: said.origin.clone(), name, value: Some(shown(setting, &said.text)), message }
}

/// The last layer that says anything of a setting, an empty text included: that means the default.
fn winner(
    setting: &Setting,
    layers: &[Layer],
    sources: &Sources,
    warnings: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) -> Said {
    let unset = Said { name: setting.name.to_owned(), text: String::new(), origin: Origin::Default };
    let mut won = unset.clone();
    for layer in layers {
        let file_name = setting.file_name();
        let file = file_name.as_deref().and_then(|name| layer.last(name));
        let plain = layer.last(setting.name);
        let said = match (plain, file) {
            (Some(plain), Some(file)) if !plain.text.is_empty() && !file.text.trim().is_empty() => {
                let other = plain.origin.spelling(setting.name);
                let name = file.origin.spelling(&file.name);
                let message = format!("is set, and {other} too; only one of the two can be");
                problems.push(Problem { origin: file.origin.clone(), name, value: None, message });
                continue;
            }
            (_, Some(file)) if !file.text.trim().is_empty() => file,
            (Some(plain), _) => plain,
            (None, Some(file)) => file,
            (None, None) => continue,
        };
        if said.text.trim().is_empty() {
            if !won.text.is_empty() {
                let (name, above) = (said.origin.spelling(setting.name), &said.origin);
                warnings.push(format!("{above}: {name} is empty, which puts {} out of force", won.origin));
            }
            won = unset.clone();
        } else {
            won = said.clone();
        }
    }
    if won.name == setting.name {
        won
    } else {
        from_secret_file(setting, won, &sources.dir, problems).unwrap_or(unset)
    }
}

/// Replaces the path that `<NAME>_FILE` gave by the file's text.
fn from_secret_file(setting: &Setting, said: Said, dir: &Path, problems: &mut Vec<Problem>) -> Option<Said> {
    let path = PathBuf::from(said.text.trim());
    let wrong = match read_text(&dir.join(&path)) {
        Ok(None) => "which is no file".to_owned(),
        Err(why) => format!("which cannot be read: {why}"),
        Ok(Some(text)) => match text.trim_end_matches(['\n', '\r']) {
            "" => "which is empty".to_owned(),
            text => {
                let (name, text) = (setting.name.to_owned(), text.to_owned());
                return Some(Said { name, text, origin: Origin::SecretFile(path) });
            }
        },
    };
    let message = format!("names {}, {wrong}", path.display());
    let name = said.origin.spelling(&said.name);
    problems.push(Problem { origin: said.origin, name, value: None, message });
    None
}

/// `OLLAMA_HOST` is read only without `OLLAMA_BASE_URL`.
fn note_unused_host(rows: &mut [Row]) {
    let base = rows.iter().any(|row| row.name == "OLLAMA_BASE_URL" && !row.value.is_empty());
    let host = rows.iter_mut().find(|row| row.name == "OLLAMA_HOST" && !row.value.is_empty());
    if let (true, Some(host)) = (base, host) {
        host.note.push_str("not used: OLLAMA_BASE_URL is set");
    }
}
