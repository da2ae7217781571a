//! What a fake model says: decided from the request alone, so the same request gets the same answer.

use serde_json::{Map, Value};

use super::ask::{Ask, Kind, Tool};
use super::image;
use super::models::{Model, Path};
use super::schema::Maker;
use super::text::{excerpt, hash, letters, numbers, words};

const ID_LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const LONG_ID_LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Words that say nothing about what a tool is for.
const PLAIN_WORDS: [&str; 28] = [
    "about", "adds", "call", "find", "finds", "from", "function", "gets", "given", "gives", "into", "make",
    "return", "returns", "some", "that", "their", "them", "then", "this", "tool", "using", "value", "what",
    "when", "which", "with", "your",
];

/// One tool call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Its place among the calls of the answer.
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// An answer before any limit is applied to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) thinking: String,
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    /// A word that is said again and again, until something ends it.
    pub(super) repeated: Option<String>,
}

impl Answer {
    pub(super) fn to(ask: &Ask, model: &Model) -> Answer {
        let mut answer = Answer::default();
        let question = ask.question();
        if model.can("thinking") && ask.think.unwrap_or(model.thinks) && !ask.raw {
            answer.thinking = thinking(question);
        }
        if let Some(word) = stuttered(ask) {
            answer.repeated = Some(word);
            return answer;
        }
        let formatted = ask.format.as_ref().filter(|_| model.path == Path::Native || ask.tools.is_empty());
        if formatted.is_none() {
            answer.calls = calls(ask, model);
        }
        answer.text = if !answer.calls.is_empty() {
            said_before_a_call(ask)
        } else if let Some(format) = &ask.format {
            in_format(format, question)
        } else {
            in_words(ask, model)
        };
        if model.path == Path::Native && ask.kind == Kind::Chat {
            // The runner sends a prefill back as the beginning of the answer.
            let prefill = ask.messages.last().filter(|message| message.role == "assistant");
            let prefill = prefill.map_or("", |message| message.content.as_str());
            answer.text.insert_str(0, prefill);
        }
        answer
    }
}

fn thinking(question: &str) -> String {
    if has_han(question) {
        return format!("用户说：“{}”。简短友好地回答即可。\n", excerpt(question, 40));
    }
    format!("The user says \"{}\". A short, friendly answer will do.\n", excerpt(question, 60))
}

fn has_han(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A word that makes up the whole of what the model was last shown: it goes on with it.
fn stuttered(ask: &Ask) -> Option<String> {
    let shown = match ask.kind {
        Kind::Chat => &ask.messages.iter().rev().find(|message| message.role == "assistant")?.content,
        Kind::Generate if ask.raw => &ask.messages.last()?.content,
        Kind::Generate => return None,
    };
    let pieces: Vec<&str> = shown.split_whitespace().collect();
    if let [first, rest @ ..] = pieces.as_slice()
        && rest.len() >= 8
        && rest.iter().all(|word| word == first)
    {
        return Some(format!(" {first}"));
    }
    let mut chars = shown.chars();
    let first = chars.next()?;
    (shown.len() >= 40 && chars.all(|c| c == first)).then(|| first.to_string())
}

/// Text that earlier turns put before their calls, if they wrote the calls themselves.
fn said_before_a_call(ask: &Ask) -> String {
    let turns = ask.messages.iter().filter(|message| message.role == "assistant");
    let shown = turns.filter_map(|turn| turn.content.split_once("<tool_call>")).next_back();
    let before = shown.map_or("", |(before, _)| before);
    before.rsplit_once("</think>").map_or(before, |(_, after)| after.trim_start()).to_owned()
}

fn in_format(format: &Value, question: &str) -> String {
    if format.is_object() {
        return Maker::new(format, question).whole().to_string();
    }
    let fields = [("question", excerpt(question, 200)), ("answer", "This is the demo.".to_owned())];
    let fields = fields.map(|(name, value)| (name.to_owned(), Value::from(value)));
    Value::Object(Map::from_iter(fields)).to_string()
}

fn in_words(ask: &Ask, model: &Model) -> String {
    let results: Vec<String> = {
        let last = ask.messages.iter().rev().take_while(|message| message.role == "tool");
        let said = last.map(|tool| match tool.tool_name.as_str() {
            "" => excerpt(&tool.content, 300),
            name => format!("{name}: {}", excerpt(&tool.content, 300)),
        });
        said.collect()
    };
    if !results.is_empty() {
        let results: Vec<String> = results.into_iter().rev().collect();
        return format!("Here is what I found. {}. Anything else?", results.join("; "));
    }
    let images: Vec<&Vec<u8>> = ask.messages.iter().flat_map(|message| &message.images).collect();
    if !images.is_empty() {
        let seen: Vec<String> = images.iter().map(|bytes| image::describe(bytes)).collect();
        let count = if seen.len() == 1 { "1 image".to_owned() } else { format!("{} images", seen.len()) };
        return format!("I see {count}: {}. The demo cannot tell more about it.", seen.join("; "));
    }
    let question = excerpt(ask.question(), 120);
    if !ask.suffix.is_empty() {
        return format!("\n    # between \"{question}\" and \"{}\"\n    ", excerpt(&ask.suffix, 60));
    }
    if has_han(&question) {
        return format!(
            "你好！你说的是：“{question}”。这是演示模式，由内置的模拟模型 {} 回答。接上真正的 Ollama 后，这里就是它的回答。",
            model.name
        );
    }
    let greeted = words(&question).iter().any(|word| matches!(word.as_str(), "hello" | "hi" | "hey"));
    let opening = if greeted { "Hello! Nice to meet you." } else { "Good question." };
    format!(
        "{opening} You said: \"{question}\" I am {}, a stand-in that runs inside the demo, \
         so this answer is made up. With a real Ollama behind the gateway, its model answers here.",
        model.name
    )
}

/// The calls that the last message of the user seems to ask for.
fn calls(ask: &Ask, model: &Model) -> Vec<Call> {
    if ask.messages.last().is_none_or(|message| message.role != "user") {
        return Vec::new();
    }
    let question = ask.question();
    let wanted = ask.tools.iter().filter(|tool| is_wanted(tool, question, ask.tools.len()));
    let made = wanted.enumerate().map(|(at, tool)| {
        let seed = hash(&format!("{question}{}{at}", tool.name));
        let id = match model.path {
            Path::Rendered => format!("call_{}", letters(seed, 8, ID_LETTERS)),
            Path::Native => letters(seed, 32, LONG_ID_LETTERS),
        };
        Call { index: at, id, name: tool.name.clone(), arguments: arguments(&tool.parameters, question) }
    });
    made.collect()
}

fn is_wanted(tool: &Tool, question: &str, offered: usize) -> bool {
    let asked = words(question);
    let spaced: String =
        tool.name.chars().flat_map(|c| [c.is_uppercase().then_some(' '), Some(c)]).flatten().collect();
    let mut about = words(&format!("{spaced} {}", tool.description));
    about.retain(|word| word.len() > 3 && !PLAIN_WORDS.contains(&word.as_str()));
    let names = question.to_lowercase().contains(&tool.name.to_lowercase());
    // The beginnings of words are enough: "multiply" asks for "multiplication".
    let stem = |word: &String| word.chars().take(5).collect::<String>();
    let shares =
        about.iter().any(|word| asked.iter().any(|asked| asked.len() > 3 && stem(asked) == stem(word)));
    let counts = {
        let properties = tool.parameters.get("properties").and_then(Value::as_object);
        let is_number =
            |schema: &Value| matches!(schema.get("type").and_then(Value::as_str), Some("number" | "integer"));
        let wanted =
            properties.map_or(0, |fields| fields.values().filter(|schema| is_number(schema)).count());
        wanted > 1 && numbers(question).len() >= wanted
    };
    let plainly = offered == 1 && asked.iter().any(|word| word == "tool" || word == "function");
    names || shares || counts || plainly
}

/// Arguments for what a tool requires, or for everything when it requires nothing.
fn arguments(parameters: &Value, question: &str) -> Value {
    let required = parameters.get("required").and_then(Value::as_array).filter(|names| !names.is_empty());
    let mut maker = Maker::new(parameters, question);
    let mut made = Map::new();
    for (name, schema) in parameters.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if required.is_none_or(|names| names.iter().any(|known| known.as_str() == Some(name))) {
            made.insert(name.clone(), maker.value(schema, name, 1));
        }
    }
    Value::Object(made)
}
