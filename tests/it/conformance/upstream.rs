//! The Ollama behind the gateway of a case: a fake that answers generating calls by the scripts of the step
//! that runs, and everything else as a server with the models of the case would.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ollama2openai::fake::{Fake, Request, Script};
use serde_json::{Value, json};

use super::case::Case;
use super::json::Json;
use super::pattern::{Saved, differences};
use super::script::script;

const GENERATING: [&str; 4] = ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings"];
const MODIFIED_AT: &str = "2026-01-01T00:00:00Z";

/// One backend of a case.
pub struct Upstream {
    name: String,
    url: String,
    /// `None` when nothing listens there.
    fake: Option<Fake>,
    scripts: Arc<Mutex<Played>>,
    case: Arc<Case>,
}

/// The scripts of a step, and which of them have been played. The backends that have none of their own share them.
#[derive(Default)]
pub struct Scripts(Vec<(Json, bool)>);

type Played = Arc<Mutex<Scripts>>;

impl Scripts {
    /// One script, a list, or none: then no call is expected.
    pub fn of(scripts: Option<&Json>) -> Arc<Mutex<Scripts>> {
        let scripts = match scripts {
            Some(Json::Array(scripts)) => scripts.clone(),
            Some(script) => vec![script.clone()],
            None => Json::parse(r#"[{"status":500,"json":{"error":"no call was expected"}}]"#)
                .and_then(|scripts| scripts.as_array().map(<[Json]>::to_vec))
                .expect("a literal"),
        };
        Arc::new(Mutex::new(Scripts(scripts.into_iter().map(|script| (script, false)).collect())))
    }

    /// The first script that fits and was not played, else the last that fits.
    fn next(&mut self, call: Option<&Json>) -> Json {
        let fits = |script: &Json| {
            script.get("when").is_none_or(|when| differences(when, call, "", &mut Saved::new()).is_empty())
        };
        let fitting: Vec<usize> = (0..self.0.len()).filter(|&at| fits(&self.0[at].0)).collect();
        let fresh = fitting.iter().find(|&&at| !self.0[at].1);
        match fresh.or(fitting.last()) {
            Some(&at) => {
                self.0[at].1 = true;
                self.0[at].0.clone()
            }
            None => Json::parse(r#"{"status":500,"json":{"error":"no script fits this call"}}"#)
                .expect("a literal"),
        }
    }
}

/// A generating call of a step.
pub struct Call {
    backend: String,
    request: Arc<Request>,
    pub began: Instant,
    /// When the gateway ended it before its reply had ended.
    pub left: Option<Instant>,
    pub sent_bytes: usize,
}

impl Call {
    /// The call as patterns see it.
    pub fn seen(&self) -> Json {
        let mut headers = Json::object();
        for (name, value) in &self.request.headers {
            let before = headers.str_at(name).map(|before| format!("{before}, {value}"));
            headers.set(name, before.unwrap_or_else(|| value.clone()));
        }
        let text = String::from_utf8_lossy(&self.request.body);
        let mut view = Json::object();
        view.set("backend", self.backend.as_str());
        view.set("path", self.request.path.as_str());
        view.set("headers", headers);
        if let Some(json) = Json::parse(&text) {
            view.set("json", json);
        }
        view.set("text", text.into_owned());
        view
    }
}

impl Upstream {
    /// Starts the backend of this name, unless its profile says that it is down.
    pub async fn start(name: &str, profile: &Json, case: &Case) -> Upstream {
        let case = Arc::new(case.clone());
        let scripts = Arc::<Mutex<Played>>::default();
        if profile.get("down").is_some_and(Json::is_nonempty) {
            return Upstream { name: name.to_owned(), url: nobody(), fake: None, scripts, case };
        }
        let (of, played, profile) = (case.clone(), scripts.clone(), profile.clone());
        let handler = move |request: &Request| answer(&of, &profile, &played, request);
        let fake = Fake::start("127.0.0.1:0".parse().expect("a literal"), Arc::new(handler)).await;
        let fake = fake.expect("the system has a free port");
        let (name, url) = (name.to_owned(), fake.url());
        Upstream { name, url, fake: Some(fake), scripts, case }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Takes the scripts of a step, its own before those of all, and forgets the calls of the one before.
    pub fn begin(&mut self, step: &Json, of_all: &Arc<Mutex<Scripts>>) {
        let own = step.get("upstreams").and_then(|each| each.get(&self.name));
        *self.scripts.lock().unwrap() = own.map_or_else(|| of_all.clone(), |own| Scripts::of(Some(own)));
        if let Some(fake) = &self.fake {
            fake.log.clear();
        }
    }

    /// Stops listening and closes all connections.
    pub async fn stop(&mut self) {
        if let Some(fake) = self.fake.take() {
            fake.stop().await;
        }
    }

    /// The generating calls of this step, in order.
    pub fn calls(&self) -> Vec<Call> {
        let seen = self.fake.iter().flat_map(|fake| fake.log.all());
        let counted = seen.filter(|seen| counts(&self.case, &seen.request));
        let calls = counted.map(|seen| Call {
            backend: self.name.clone(),
            request: seen.request,
            began: seen.arrived,
            left: seen.closed_at,
            sent_bytes: seen.sent,
        });
        calls.collect()
    }
}

/// The URL of a port on which nothing listens.
fn nobody() -> String {
    let taken = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    format!("http://{}", taken.expect("the system has a free port"))
}

/// Whether a request is a call that a step's patterns see: it generates, with a model of this case.
fn counts(case: &Case, request: &Request) -> bool {
    GENERATING.contains(&request.path.as_str()) && !only_loads(request) && knows(case, &request.model())
}

/// A generate call without a prompt loads the model and generates nothing.
fn only_loads(request: &Request) -> bool {
    let prompt = request.json().and_then(|json| Some(json.get("prompt")?.as_str()?.is_empty()));
    request.path == "/api/generate" && prompt.unwrap_or(true)
}

fn knows(case: &Case, model: &str) -> bool {
    let name = model.to_lowercase();
    let short = name.strip_suffix(":latest").unwrap_or(&name);
    case.models.iter().any(|known| [name.as_str(), short].contains(&known.to_lowercase().as_str()))
}

fn answer(case: &Case, profile: &Json, scripts: &Mutex<Played>, request: &Request) -> Script {
    let model = request.model();
    match request.path.as_str() {
        path if !GENERATING.contains(&path) => describe(case, profile, request),
        _ if only_loads(request) => {
            Script::json(200, &json!({"model": model, "response": "", "done": true, "done_reason": "load"}))
        }
        _ if !knows(case, &model) => not_found(&model),
        _ => {
            let call = Json::parse(&String::from_utf8_lossy(&request.body));
            let scripts = scripts.lock().unwrap().clone();
            let next = scripts.lock().unwrap().next(call.as_ref());
            script(&next)
        }
    }
}

fn not_found(model: &str) -> Script {
    Script::json(404, &json!({"error": format!("model '{model}' not found")}))
}

/// Answers the endpoints that a gateway may ask by itself.
fn describe(case: &Case, profile: &Json, request: &Request) -> Script {
    match request.path.as_str() {
        "/" => Script::text(200, "Ollama is running"),
        "/api/version" => Script::json(200, &json!({"version": "0.33.0"})),
        "/api/tags" => match (profile.u64_at("tags_status"), profile.get("tags")) {
            (Some(status), _) => {
                Script::json(u16::try_from(status).expect("a status"), &json!({"error": "broken"}))
            }
            (None, Some(tags)) => whole_json(format!(r#"{{"models":{tags}}}"#)),
            (None, None) => {
                let tags = case.models.iter().map(|model| tag(case, model)).collect::<Vec<_>>();
                Script::json(200, &json!({"models": tags}))
            }
        },
        "/api/ps" => {
            let running = profile.array_at("ps").iter().filter_map(Json::as_str).map(|model| {
                let mut running = tag(case, model);
                running["size_vram"] = json!(1);
                running["expires_at"] = json!("2099-01-01T00:00:00Z");
                running["context_length"] = json!(4096);
                running
            });
            let reply = Script::json(200, &json!({"models": running.collect::<Vec<_>>()}));
            reply.after(Duration::from_millis(profile.u64_at("ps_delay_ms").unwrap_or(0)))
        }
        "/api/show" => show(case, request),
        _ => Script::text(404, "404 page not found"),
    }
}

fn whole_json(text: String) -> Script {
    Script::whole(200, "application/json; charset=utf-8", text)
}

fn show(case: &Case, request: &Request) -> Script {
    let Some(fields) = request.json() else {
        return Script::json(400, &json!({"error": "missing request body"}));
    };
    let name = fields.get("model").or(fields.get("name")).and_then(Value::as_str).unwrap_or_default();
    if !knows(case, name) {
        return not_found(name);
    }
    let reply = json!({
        "capabilities": case.capabilities_of(name),
        "template": "{{ .Prompt }}",
        "modified_at": MODIFIED_AT,
        "details": tag(case, name)["details"],
        "model_info": {"general.architecture": "llama", "llama.context_length": 4096},
    });
    Script::json(200, &reply)
}

fn tag(case: &Case, name: &str) -> Value {
    let full = if name.contains(':') { name.to_owned() } else { format!("{name}:latest") };
    json!({
        "name": full,
        "model": full,
        "modified_at": MODIFIED_AT,
        "size": 1000,
        "digest": "d1".repeat(32),
        "details": {"format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "1B",
                    "quantization_level": "Q4_K_M"},
        "capabilities": case.capabilities_of(name),
    })
}
