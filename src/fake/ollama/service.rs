//! The routes, and what is checked before a model runs.

use std::net::IpAddr;
use std::time::Duration;

use super::Options;
use super::ask::{Ask, Kind, limits, out_of_range};
use super::fields::{Object, parse};
use super::json::{Failure, dated};
use super::models::{self, Model, Path};
use super::reply::{Pace, loaded, rendered, reply};
use super::run::Run;
use super::state::State;
use crate::fake::http::Request;
use crate::fake::script::{Framing, Script};

/// What Ollama gives a model that asks for no context size of its own.
const DEFAULT_CTX: u64 = 4096;

/// One fake server.
#[derive(Debug)]
pub(super) struct Ollama {
    pub(super) options: Options,
    pub(super) models: &'static [Model],
    pub(super) state: State,
}

type Answering = fn(&Ollama, &Object) -> Result<Script, Failure>;

impl Ollama {
    pub(super) fn answer(&self, request: &Request) -> Script {
        if foreign(request) {
            return dated(Script::whole(403, "", ""));
        }
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        let (get, post): (Option<Script>, Option<Answering>) = match request.path.as_str() {
            "/" => (Some(Script::whole(200, "text/plain; charset=utf-8", "Ollama is running")), None),
            "/api/version" => (Some(self.version()), None),
            "/api/tags" => (Some(self.tags()), None),
            "/api/ps" => (Some(self.ps()), None),
            "/api/status" => (Some(self.status()), None),
            "/api/show" => (None, Some(Ollama::show)),
            "/api/chat" => (None, Some(|ollama, fields| ollama.generation(Kind::Chat, fields))),
            "/api/generate" => (None, Some(|ollama, fields| ollama.generation(Kind::Generate, fields))),
            "/api/embed" => (None, Some(Ollama::embed)),
            "/api/embeddings" => (None, Some(Ollama::embeddings)),
            _ => return dated(Script::text(404, "404 page not found")),
        };
        match (get, post, request.method.as_str()) {
            (Some(script), _, _) if reads => dated_once(script),
            (_, Some(answering), "POST") => {
                let answered = parse(&request.body).and_then(|fields| answering(self, &fields));
                answered.unwrap_or_else(|failure| failure.script(streams(request)))
            }
            (get, _, _) => {
                let allow = if get.is_some() { "GET, HEAD" } else { "POST" };
                dated(Script::text(405, "405 method not allowed").header("Allow", allow))
            }
        }
    }

    fn generation(&self, kind: Kind, fields: &Object) -> Result<Script, Failure> {
        let ask = Ask::parse(kind, fields)?;
        let model = self.runner(&ask)?;
        if ask.empty && ask.keep_alive == Some(0.0) {
            self.state.unload(model);
            return Ok(loaded(&ask, "unload", Duration::ZERO));
        }
        capable(&ask, model)?;
        let limits = limits(&ask.options, DEFAULT_CTX.min(model.context))?;
        unbroken(model)?;
        let load = self.state.load(model, limits.num_ctx, ask.keep_alive)?;
        if ask.empty {
            return Ok(loaded(&ask, "load", load));
        }
        if ask.template.matches("{{").count() > ask.template.matches("}}").count() {
            return Err(Failure::new(500, "template: :1: unclosed action"));
        }
        if ask.render_only {
            return Ok(rendered(&ask));
        }
        refused_by_runner(&ask, model)?;
        let run = Run::of(&ask, model, &limits)?;
        if ask.keep_alive == Some(0.0) {
            self.state.unload(model);
        }
        let token = self.options.token_delay;
        let pace = Pace { load, token, crash_after: self.options.crash_after };
        Ok(Script { slot: Some(self.state.slot(model)), ..reply(&ask, model, &run, pace) })
    }

    /// The model that a request names.
    fn runner(&self, ask: &Ask) -> Result<&'static Model, Failure> {
        let missing = || Failure::new(404, format!("model '{}' not found", ask.model));
        if ask.model.is_empty() {
            return Err(match ask.kind {
                Kind::Chat => Failure::new(400, "model is required"),
                Kind::Generate => missing(),
            });
        }
        if let Some((status, text)) = models::refused(&ask.model) {
            return Err(Failure::new(status, text));
        }
        models::find(self.models, &ask.model).ok_or_else(missing)
    }
}

/// What the capabilities of a model do not allow.
fn capable(ask: &Ask, model: &Model) -> Result<(), Failure> {
    let name = &ask.model;
    let what = if ask.kind == Kind::Chat { "chat" } else { "generate" };
    let full = format!("registry.ollama.ai/library/{}", model.name);
    let text = if !model.can("completion") {
        format!("\"{name}\" does not support {what}")
    } else if !ask.tools.is_empty() && !model.can("tools") {
        format!("{full} does not support tools")
    } else if !ask.suffix.is_empty() && !model.can("insert") {
        format!("{full} does not support insert")
    } else if ask.think == Some(true) && !model.can("thinking") {
        format!("\"{name}\" does not support thinking")
    } else {
        return Ok(());
    };
    Err(Failure::new(400, text))
}

/// What only the runner finds, when the model is loaded.
fn refused_by_runner(ask: &Ask, model: &Model) -> Result<(), Failure> {
    if let Some(failure) = out_of_range(&ask.options) {
        return Err(failure);
    }
    if let Some(format) = &ask.format
        && format.as_str() != Some("json")
        && !format.is_object()
    {
        let shown = format!("{:?}", format.to_string());
        let text = format!("invalid format: {shown}; expected \"json\" or a valid JSON Schema object");
        return Err(Failure::of_runner(500, text));
    }
    let native = model.path == Path::Native;
    if ask.logprobs && !ask.tools.is_empty() && native {
        let text = "logprobs is not supported with tools + stream";
        return Err(Failure::nested(400, text, "invalid_request_error", &[]));
    }
    let images = ask.messages.iter().any(|message| !message.images.is_empty());
    if images && !model.can("vision") {
        return Err(if native {
            let text = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj";
            Failure::nested(500, text, "server_error", &[])
        } else {
            let text = "Multimodal data provided, but model does not support multimodal requests.";
            Failure::nested(400, text, "invalid_request_error", &[])
        });
    }
    Ok(())
}

/// A model with damaged weights never loads.
pub(super) fn unbroken(model: &Model) -> Result<(), Failure> {
    if model.broken {
        let text = "tensor \"blk.3.ffn_gate.weight\" offset+size (40179520) exceeds file size (40000000)";
        return Err(Failure::new(500, text));
    }
    Ok(())
}

/// Whether a request asks for a stream, as far as its body can be read.
fn streams(request: &Request) -> bool {
    let generation = matches!(request.path.as_str(), "/api/chat" | "/api/generate");
    let fields = parse(&request.body).unwrap_or_default();
    generation && fields.get("stream").and_then(serde_json::Value::as_bool).unwrap_or(true)
}

/// A server on a loopback address refuses other names, so that no web page reaches it.
fn foreign(request: &Request) -> bool {
    let local = |host: &str| {
        let name = host
            .rsplit_once(':')
            .map_or(host, |(name, port)| if port.chars().all(|c| c.is_ascii_digit()) { name } else { host });
        let name = name.trim_matches(['[', ']']);
        name.is_empty()
            || name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok()
            || [".localhost", ".local", ".internal"].iter().any(|end| name.ends_with(end))
    };
    let origin = request.header("origin").is_some_and(|origin| match origin.split_once("://") {
        Some(("http" | "https", host)) => !local(host),
        Some((scheme, _)) => !matches!(scheme, "app" | "file" | "tauri" | "vscode-webview" | "vscode-file"),
        None => true,
    });
    origin || !local(request.header("host").unwrap_or_default())
}

fn dated_once(script: Script) -> Script {
    let known = script.headers.iter().any(|(name, _)| name == "Date");
    debug_assert!(matches!(script.framing, Framing::Chunked | Framing::Length(None)));
    if known { script } else { dated(script) }
}
