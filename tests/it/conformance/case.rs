//! A case file: loaded, its generators and `{{words}}` resolved. Nothing is run here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::json::Json;

const DEFAULT_TIMEOUT_MS: u64 = 20_000;
const ALL_CAPABILITIES: [&str; 7] =
    ["completion", "tools", "insert", "thinking", "vision", "audio", "embedding"];

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub title: String,
    pub area: String,
    /// The models that `/api/tags` lists.
    pub models: Vec<String>,
    /// A list for all models, or an object with a list for each.
    capabilities: Option<Json>,
    /// Environment, backends and channels of a gateway of its own.
    pub gateway: Option<Json>,
    /// For one request.
    pub timeout: Duration,
    pub steps: Vec<Json>,
}

impl Case {
    fn new(raw: &Json) -> Case {
        let id = raw.str_at("id").expect("a case has an id");
        let model = format!("conf-{}", id.to_lowercase());
        let body = expand(raw, &[("model", &model)]);
        let text =
            |key: &str| body.str_at(key).unwrap_or_else(|| panic!("case {id} has no {key}")).to_owned();
        let models: Vec<_> =
            body.array_at("models").iter().filter_map(Json::as_str).map(str::to_owned).collect();
        Case {
            id: id.to_owned(),
            title: text("title"),
            area: text("area"),
            models: if models.is_empty() { vec![model] } else { models },
            capabilities: body.get("capabilities").cloned(),
            gateway: body.get("gateway").cloned(),
            timeout: Duration::from_millis(body.u64_at("timeout_ms").unwrap_or(DEFAULT_TIMEOUT_MS)),
            steps: body.array_at("steps").to_vec(),
        }
    }

    /// What `/api/tags` and `/api/show` say that a model can do.
    pub fn capabilities_of(&self, model: &str) -> Vec<String> {
        let model = model.strip_suffix(":latest").unwrap_or(model);
        let listed = match &self.capabilities {
            Some(Json::Array(items)) => Some(items.as_slice()),
            Some(each) => each.get(model).and_then(Json::as_array),
            None => None,
        };
        match listed {
            Some(items) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            None => ALL_CAPABILITIES.map(str::to_owned).to_vec(),
        }
    }
}

/// Every case of a folder, in the order of the file names. A file holds one case or a list of cases.
pub fn load(folder: &Path) -> Vec<Case> {
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a folder can be listed").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.iter().flat_map(|file| load_file(file)).collect()
}

fn load_file(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    match Json::parse(&text).unwrap_or_else(|| panic!("{} is not json", file.display())) {
        Json::Array(cases) => cases.iter().map(Case::new).collect(),
        case => vec![Case::new(&case)],
    }
}

/// Replaces `{{name}}` in texts and resolves `$repeat`, `$concat` and `$list`.
pub fn expand(value: &Json, words: &[(&str, &str)]) -> Json {
    match value {
        Json::String(text) => Json::String(fill(text, words)),
        Json::Array(items) => Json::Array(items.iter().map(|item| expand(item, words)).collect()),
        Json::Object(entries) => generated(value, words).unwrap_or_else(|| {
            let each = entries.iter().map(|(key, item)| (fill(key, words), expand(item, words)));
            Json::Object(each.collect())
        }),
        other => other.clone(),
    }
}

fn generated(value: &Json, words: &[(&str, &str)]) -> Option<Json> {
    let (operator, argument) = value.only_entry()?;
    let parts = argument.as_array().unwrap_or_default();
    let count = || {
        let number = parts.get(1).and_then(Json::as_u64).expect("a generator has a count");
        usize::try_from(number).expect("a count fits the memory")
    };
    match operator {
        "$repeat" => {
            let text = expand(&parts[0], words);
            Some(text.as_str().expect("$repeat has a text").repeat(count()).into())
        }
        "$concat" => {
            let texts = parts.iter().map(|part| expand(part, words));
            let texts = texts.map(|text| text.as_str().expect("$concat joins texts").to_owned());
            Some(texts.collect::<String>().into())
        }
        "$list" => {
            let item = |i: usize| expand(&parts[0], &[words, &[("i", &i.to_string())]].concat());
            Some(Json::Array((0..count()).map(item).collect()))
        }
        _ => None,
    }
}

fn fill(text: &str, words: &[(&str, &str)]) -> String {
    words
        .iter()
        .rev()
        .fold(text.to_owned(), |text, (name, word)| text.replace(&format!("{{{{{name}}}}}"), word))
}

#[test]
fn words_and_generators_are_resolved() {
    let raw = r#"{"{{model}}":"is {{model}} {{n}}","r":{"$repeat":["ab{{i}}",2]},"l":{"$list":[{"k":"{{i}}"},2]},
                  "c":{"$concat":["a",{"$repeat":["b",3]}]},"o":{"$oneOf":[1]}}"#;
    let expected =
        r#"{"m":"is m {{n}}","r":"ab{{i}}ab{{i}}","l":[{"k":"0"},{"k":"1"}],"c":"abbb","o":{"$oneOf":[1]}}"#;
    assert_eq!(expand(&Json::parse(raw).unwrap(), &[("model", "m")]).to_string(), expected);
}

#[test]
fn a_case_has_defaults() {
    let raw = r#"{"id":"9X","title":"t","area":"a","steps":[{}],"capabilities":{"conf-9x":["tools"]}}"#;
    let case = Case::new(&Json::parse(raw).unwrap());
    assert_eq!((case.models.as_slice(), case.timeout.as_secs()), (["conf-9x".to_owned()].as_slice(), 20));
    assert_eq!(case.capabilities_of("conf-9x:latest"), ["tools"]);
    assert_eq!(case.capabilities_of("other").len(), ALL_CAPABILITIES.len());
}
