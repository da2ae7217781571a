//! What a chat or generate request asks, checked in the order in which Ollama finds mistakes.

use serde_json::Value;

use super::fields::{Object, Reader, keep_alive};
use super::json::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Chat,
    Generate,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: String,
    pub(super) thinking: String,
    pub(super) images: Vec<Vec<u8>>,
    pub(super) tool_name: String,
}

#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    /// A JSON schema, or null.
    pub(super) parameters: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) kind: Kind,
    pub(super) model: String,
    pub(super) stream: bool,
    pub(super) messages: Vec<Message>,
    pub(super) tools: Vec<Tool>,
    pub(super) format: Option<Value>,
    /// Whether the key was there, if only with null: a thinking model then makes two passes.
    pub(super) has_format: bool,
    pub(super) options: Object,
    /// Seconds; negative is for ever.
    pub(super) keep_alive: Option<f64>,
    pub(super) think: Option<bool>,
    pub(super) truncate: bool,
    pub(super) shift: bool,
    pub(super) logprobs: bool,
    pub(super) top_logprobs: usize,
    /// Only the prompt is wanted.
    pub(super) render_only: bool,
    pub(super) raw: bool,
    pub(super) suffix: String,
    /// A Go template of the request.
    pub(super) template: String,
    /// Whether the prompt is nothing, so that the model is only loaded or unloaded.
    pub(super) empty: bool,
    /// Token ids that go before the prompt.
    pub(super) context: Vec<u64>,
}

impl Ask {
    pub(super) fn parse(kind: Kind, fields: &Object) -> Result<Ask, Failure> {
        let holder = if kind == Kind::Chat { "ChatRequest" } else { "GenerateRequest" };
        let read = Reader { holder, prefix: "", fields };
        let mut ask = Ask {
            kind,
            model: read.text("model")?,
            stream: read.flag("stream")?.unwrap_or(true),
            messages: Vec::new(),
            tools: Vec::new(),
            format: read.raw("format").filter(|value| value.as_str() != Some("")).cloned(),
            has_format: fields.contains_key("format"),
            options: read.object("options", "map[string]interface {}")?.cloned().unwrap_or_default(),
            keep_alive: keep_alive(read.raw("keep_alive"))?,
            think: think(read.raw("think"))?,
            truncate: read.flag("truncate")?.unwrap_or(true),
            shift: read.flag("shift")?.unwrap_or(true),
            logprobs: read.flag("logprobs")?.unwrap_or(false),
            top_logprobs: 0,
            render_only: read.flag("_debug_render_only")?.unwrap_or(false),
            raw: false,
            suffix: String::new(),
            template: String::new(),
            empty: false,
            context: Vec::new(),
        };
        match kind {
            Kind::Chat => ask.read_chat(&read)?,
            Kind::Generate => ask.read_generate(&read)?,
        }
        let top = read.integer("top_logprobs")?;
        ask.top_logprobs = usize::try_from(top)
            .ok()
            .filter(|top| *top <= 20)
            .ok_or_else(|| Failure::new(400, "top_logprobs must be between 0 and 20"))?;
        Ok(ask)
    }

    fn read_chat(&mut self, read: &Reader<'_>) -> Result<(), Failure> {
        for item in read.array("messages", "[]api.Message")? {
            let none = Object::new();
            let fields = item.as_object().unwrap_or(&none);
            let read = Reader { holder: "ChatRequest", prefix: "messages.", fields };
            for call in read.array("tool_calls", "[]api.ToolCall")? {
                let arguments = call.pointer("/function/arguments").filter(|value| !value.is_null());
                if arguments.is_some_and(|value| !value.is_object()) {
                    let text = "Value looks like object, but can't find closing '}' symbol";
                    return Err(Failure::new(400, text));
                }
            }
            self.messages.push(Message {
                role: read.text("role")?.to_lowercase(),
                content: read.text("content")?,
                thinking: read.text("thinking")?,
                images: read.images("images")?,
                tool_name: read.text("tool_name")?,
            });
        }
        for item in read.array("tools", "api.Tools")? {
            self.tools.push(tool(item)?);
        }
        self.empty = self.messages.is_empty();
        Ok(())
    }

    fn read_generate(&mut self, read: &Reader<'_>) -> Result<(), Failure> {
        let content = read.text("prompt")?;
        let system = read.text("system")?;
        self.suffix = read.text("suffix")?;
        self.template = read.text("template")?;
        self.raw = read.flag("raw")?.unwrap_or(false);
        let context = read.array("context", "[]int")?;
        self.context = context.iter().filter_map(Value::as_u64).collect();
        if self.raw && (!system.is_empty() || !self.template.is_empty() || !context.is_empty()) {
            return Err(Failure::new(400, "raw mode does not support template, system, or context"));
        }
        self.empty = content.is_empty();
        if !system.is_empty() {
            let content = system;
            self.messages.push(Message { role: "system".to_owned(), content, ..Message::default() });
        }
        let images = read.images("images")?;
        self.messages.push(Message { role: "user".to_owned(), content, images, ..Message::default() });
        Ok(())
    }

    /// The text of the last message of the user.
    pub(super) fn question(&self) -> &str {
        let last = self.messages.iter().rev().find(|message| message.role == "user");
        last.map_or("", |message| message.content.as_str())
    }

    /// Everything that the model would read, roughly.
    pub(super) fn prompt(&self) -> String {
        let mut prompt = String::new();
        for tool in &self.tools {
            prompt.push_str(&format!("{} {} {}\n", tool.name, tool.description, tool.parameters));
        }
        for message in &self.messages {
            if self.raw {
                prompt.push_str(&message.content);
                continue;
            }
            let turn =
                format!("<|im_start|>{}\n{}{}<|im_end|>\n", message.role, message.thinking, message.content);
            prompt.push_str(&turn);
        }
        if !self.raw {
            prompt.push_str("<|im_start|>assistant\n");
        }
        prompt
    }
}

fn think(value: Option<&Value>) -> Result<Option<bool>, Failure> {
    match value {
        None => Ok(None),
        Some(Value::Bool(think)) => Ok(Some(*think)),
        Some(Value::String(level)) if matches!(level.as_str(), "high" | "medium" | "low" | "max") => {
            Ok(Some(true))
        }
        Some(Value::String(level)) => {
            let allowed = "(must be \"high\", \"medium\", \"low\", \"max\", true, or false)";
            Err(Failure::new(400, format!("invalid think value: {level:?} {allowed}")))
        }
        Some(_) => Err(Failure::new(
            400,
            "think must be a boolean or string (\"high\", \"medium\", \"low\", \"max\", true, or false)",
        )),
    }
}

fn tool(item: &Value) -> Result<Tool, Failure> {
    let none = Object::new();
    let function = item.get("function").and_then(Value::as_object).unwrap_or(&none);
    let read = Reader { holder: "ToolFunction", prefix: "tools.function.", fields: function };
    let parameters = function.get("parameters").cloned().unwrap_or_default();
    if let Some(fields) = parameters.as_object() {
        let holder = "ToolFunctionParameters";
        Reader { holder, prefix: "tools.function.parameters.", fields }.text("type")?;
    }
    Ok(Tool { name: read.text("name")?, description: read.text("description")?, parameters })
}

/// The options that the fake obeys.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// 0 and less: see the paths.
    pub(super) num_predict: Option<i64>,
    pub(super) num_ctx: u64,
    pub(super) stop: Vec<String>,
}

/// Reads `options`: a wrong type is a server error, an unknown name is ignored.
pub(super) fn limits(options: &Object, default_ctx: u64) -> Result<Limits, Failure> {
    for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
        let (fits, wanted) = match name.as_str() {
            "num_keep" | "seed" | "num_predict" | "top_k" | "repeat_last_n" | "num_ctx" | "num_batch"
            | "num_gpu" | "main_gpu" | "num_thread" | "draft_num_predict" => (value.is_number(), "integer"),
            "temperature" | "top_p" | "min_p" | "typical_p" | "repeat_penalty" | "presence_penalty"
            | "frequency_penalty" => (value.is_number(), "float32"),
            "use_mmap" => (value.is_boolean(), "boolean"),
            "stop" => (value.is_array(), "array"),
            _ => (true, ""),
        };
        if !fits {
            return Err(Failure::new(500, format!("option {name:?} must be of type {wanted}")));
        }
    }
    let number = |name: &str| options.get(name).and_then(Value::as_f64).map(|number| number as i64);
    let stop = options.get("stop").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let stop = stop.iter().filter_map(Value::as_str).filter(|stop| !stop.is_empty());
    Ok(Limits {
        num_predict: number("num_predict"),
        num_ctx: number("num_ctx").and_then(|ctx| u64::try_from(ctx).ok()).unwrap_or(default_ctx),
        stop: stop.map(str::to_owned).collect(),
    })
}

/// What the runner refuses in `options`.
pub(super) fn out_of_range(options: &Object) -> Option<Failure> {
    let last_n = options.get("repeat_last_n").and_then(Value::as_i64).filter(|last_n| *last_n < 0)?;
    let text =
        format!("Field 'repeat_last_n': Value must be between 0 <= value <= 2147483647, but got {last_n}");
    Some(Failure::nested(400, &text, "invalid_request_error", &[]))
}
