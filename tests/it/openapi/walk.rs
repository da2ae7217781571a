//! Every operation of the document is called: what it takes and what it answers is what is told.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use ollama2openai::admin::document;
use ollama2openai::config::settings;
use ollama2openai::fake::Script;
use serde_json::{Map, Value, json};

use super::schema::Checker;
use super::{Operation, PASSWORD, call, done, operations};
use crate::accounts::sql;
use crate::support::Gateway;
use crate::support::client::{self, Request};
use crate::support::ollama::{ollama, whole};

/// A gateway, and what is needed to say something sensible to it.
struct Walk {
    gateway: Gateway,
    count: usize,
    /// The pool's key that answers.
    alive: String,
    /// A session of an admin.
    session: String,
    /// The id of a token that was used.
    used: String,
}

/// A filter that no call knows.
const INVENTED: &str = "inventedForThis";

/// The thing that a path names, and its revision.
#[derive(Default)]
struct Thing {
    id: String,
    revision: Value,
    /// A text that shows who calls, where the call is about that.
    bearer: Option<String>,
}

impl Walk {
    /// A text that was not there before.
    fn new_text(&mut self) -> String {
        self.count += 1;
        format!("sample-{}", self.count)
    }

    fn new_url(&mut self) -> String {
        self.count += 1;
        format!("http://127.0.0.1:1/{}", self.count)
    }

    async fn made(&self, path: &str, body: &Value, name: &str) -> Thing {
        let made = &done(&self.gateway, "POST", path, body).await[name];
        let id = made["id"].as_str().unwrap().to_owned();
        Thing { id, revision: made["revision"].clone(), bearer: None }
    }

    /// Something for a path with an id.
    async fn thing(&mut self, path: &str) -> Thing {
        if path.ends_with("/usage") {
            return Thing { id: self.used.clone(), ..Thing::default() };
        }
        let (name, url) = (self.new_text(), self.new_url());
        match path.split('/').nth(3).unwrap() {
            "keys" => self.made("/admin/api/keys", &json!({"key": url}), "key").await,
            "channels" => self.made("/admin/api/channels", &json!({"baseUrl": url}), "channel").await,
            "tokens" => self.made("/admin/api/tokens", &json!({}), "token").await,
            "admin-tokens" => {
                self.made("/admin/api/admin-tokens", &json!({"name": name}), "adminToken").await
            }
            "users" => self.user(&name).await,
            "sessions" => {
                let user = self.user(&name).await;
                let path = format!("/admin/api/users/{}/sessions", user.id);
                let sessions = done(&self.gateway, "GET", &path, &Value::Null).await;
                let id = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
                Thing { id, ..Thing::default() }
            }
            "logs" => {
                self.gateway.post("/v1/chat/completions", &json!({"model": "m", "messages": []})).await;
                let path = "/admin/api/logs?type=request";
                let listed = done(&self.gateway, "GET", path, &Value::Null).await;
                Thing { id: listed["logs"][0]["seq"].to_string(), ..Thing::default() }
            }
            "audit" => {
                self.made("/admin/api/tokens", &json!({}), "token").await;
                let listed = done(&self.gateway, "GET", "/admin/api/audit?limit=1", &Value::Null).await;
                Thing { id: listed["entries"][0]["id"].as_str().unwrap().to_owned(), ..Thing::default() }
            }
            "captures" => Thing { id: "captured".to_owned(), ..Thing::default() },
            other => panic!("how is one of {other} made?"),
        }
    }

    /// An account that is signed in.
    async fn user(&self, name: &str) -> Thing {
        let password = format!("password-of-{name}");
        let new = json!({"name": name, "password": password});
        let user = self.made("/admin/api/users", &new, "user").await;
        let login = json!({"username": name, "password": password});
        let session = done(&self.gateway, "POST", "/admin/login", &login).await;
        Thing { bearer: session["token"].as_str().map(str::to_owned), ..user }
    }

    /// A body with every property that is told.
    async fn body(&mut self, operation: &Operation, thing: &mut Thing) -> Map<String, Value> {
        let mut body = Map::new();
        let properties = operation.body().and_then(|schema| schema["properties"].as_object());
        for (name, schema) in properties.into_iter().flatten() {
            body.insert(name.clone(), self.sample(schema));
        }
        if body.contains_key("revision") {
            body.insert("revision".to_owned(), thing.revision.clone());
        }
        let special = match operation.id() {
            "signIn" => json!({"username": "admin", "password": PASSWORD}),
            "changePassword" => {
                let name = self.new_text();
                thing.bearer = self.user(&name).await.bearer;
                json!({"currentPassword": format!("password-of-{name}")})
            }
            "addKeys" => {
                let new = self.new_url();
                json!({"keys": format!("{}\n{new}\nno key\n", self.alive)})
            }
            "previewChannel" => json!({"keys": [self.alive, self.new_url()]}),
            "changeKeys" => json!({"ids": [self.thing("/admin/api/keys").await.id, "none"]}),
            "changeChannels" => json!({"ids": [self.thing("/admin/api/channels").await.id, "none"]}),
            "changeTokens" => json!({"ids": [self.thing("/admin/api/tokens").await.id, "none"]}),
            "saveSettings" | "saveAccessControl" => {
                json!({"revision": done(&self.gateway, "GET", "/admin/api/settings", &Value::Null).await["revision"]})
            }
            _ => json!({}),
        };
        for (name, value) in special.as_object().unwrap() {
            assert!(body.insert(name.clone(), value.clone()).is_some(), "{name} is told");
        }
        body
    }

    /// A parameter that must name something, which is made for it.
    async fn special(&mut self, operation: &Operation) -> Option<String> {
        if operation.id() != "explainRoute" {
            return None;
        }
        let off = json!({"key": self.new_url(), "enabled": false});
        self.made("/admin/api/keys", &off, "key").await;
        let token = self.made("/admin/api/tokens", &json!({"allowedModels": ["other"]}), "token").await;
        Some(format!("token={}", token.id))
    }

    fn sample(&mut self, schema: &Value) -> Value {
        let told = schema["examples"].get(0).or_else(|| schema["enum"].get(0));
        match (told, schema["type"].as_str()) {
            (Some(told), _) => match told.as_str() {
                Some(text) if text.starts_with("http") => json!(self.new_url()),
                _ => told.clone(),
            },
            (None, Some("string")) => json!(self.new_text()),
            (None, Some("integer")) => json!(1),
            (None, Some("boolean")) => json!(true),
            (None, Some("array")) => json!([]),
            (None, Some("object")) => json!({}),
            // One that may be null.
            (None, _) => Value::Null,
        }
    }

    /// Those of these names that a call which makes something refuses, as they nearly are those of rights.
    async fn near(
        &self,
        operation: &Operation,
        names: &BTreeSet<String>,
        body: &Map<String, Value>,
    ) -> BTreeSet<String> {
        let mut body = body.clone();
        body.extend(names.iter().map(|name| (name.clone(), json!(1))));
        let reply = call(&self.gateway, PASSWORD, operation.method, &operation.path, &body.into()).await;
        let refused = reply.json()["fields"].take();
        let is_near = |wrong: &Value| wrong.as_str().is_some_and(|wrong| wrong.starts_with("is no field"));
        let fields = refused.as_object().into_iter().flatten();
        fields.filter(|(_, wrong)| is_near(wrong)).map(|(name, _)| name.clone()).collect()
    }

    /// A call whose answer is no JSON has the type that is told.
    async fn file(&self, operation: &Operation) {
        let request = Request::new(operation.method, &operation.path);
        let request = request.header("authorization", &format!("Bearer {PASSWORD}"));
        let file = client::open(self.gateway.addr, &request).await;
        assert_eq!(file.status, 200, "{}", operation.id());
        let form = file.headers.get("content-type").unwrap_or_default().to_owned();
        assert!(operation.told["responses"]["200"]["content"][form].is_object(), "{}", operation.id());
    }

    async fn answer(&self, operation: &Operation, thing: &Thing, query: &str, body: &Value) -> Value {
        let path = format!("{}{query}", operation.path.replace("{id}", &thing.id));
        let bearer = match operation.id() {
            "changePassword" => thing.bearer.as_deref().unwrap(),
            // Writes may end the session.
            _ if operation.method == "GET" => &self.session,
            _ => PASSWORD,
        };
        let reply = call(&self.gateway, bearer, operation.method, &path, body).await;
        assert_eq!(reply.status, 200, "{}: {}", operation.id(), reply.text());
        reply.json()
    }
}

/// Every word between quotes in the control plane: all names of fields are among them.
fn words() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/admin");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap());
    let is_name = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let found = |text: String| text.split('"').filter(is_name).map(str::to_owned).collect::<Vec<_>>();
    let mut words: BTreeSet<String> = texts.flat_map(found).collect();
    words.insert("inventedForThis".to_owned());
    for name in ["baseUrl", "revision", "newPassword", "quotaLimit", "everywhere", "confirm"] {
        assert!(words.contains(name), "{name} is a field");
    }
    words
}

/// Names of what was sent and is no field.
fn unread(answer: &Value) -> BTreeSet<String> {
    let warnings = answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    warnings.filter_map(|text| Some(text.split_once(" is no field")?.0.to_owned())).collect()
}

/// The words that this call must not know.
fn others(operation: &Operation, words: &BTreeSet<String>, body: &Map<String, Value>) -> BTreeSet<String> {
    let is_setting = |word: &str| settings().iter().any(|setting| setting.key() == word);
    // A setting that cannot be saved is refused, not unknown.
    let is_refused = |word: &str| operation.id() == "saveSettings" && is_setting(word);
    words.iter().filter(|word| !body.contains_key(*word) && !is_refused(word)).cloned().collect()
}

/// A gateway with a backend that answers, looked at, and something in each list.
async fn started() -> (Walk, ollama2openai::fake::Fake) {
    let loaded = json!({"name": "m:latest", "size_vram": 1, "context_length": 2, "expires_at": "2999-01-01T00:00:00Z"});
    let running = json!({"models": [loaded]});
    let fake = ollama(move |request| match request.path.as_str() {
        "/api/ps" => Script::json(200, &running),
        _ => whole("hello"),
    })
    .await;
    let gateway = super::started().await;
    let alive = fake.url();
    let login = done(&gateway, "POST", "/admin/login", &json!({"password": PASSWORD})).await;
    let session = login["token"].as_str().unwrap().to_owned();
    let mut walk = Walk { gateway, count: 0, alive, session, used: String::new() };
    done(&walk.gateway, "POST", "/admin/api/keys", &json!({"key": walk.alive})).await;
    let channel = json!({"baseUrl": format!("{}/", walk.alive), "keys": ["a-credential"], "modelMapping": {"alias": "m"}});
    done(&walk.gateway, "POST", "/admin/api/channels", &channel).await;
    for path in ["keys", "tokens", "admin-tokens", "sessions"] {
        walk.thing(&format!("/admin/api/{path}")).await;
        walk.thing(&format!("/admin/api/{path}")).await;
    }
    for what in ["keys", "channels"] {
        done(&walk.gateway, "POST", &format!("/admin/api/{what}/check"), &Value::Null).await;
    }
    let soon = (Timestamp::now() + SignedDuration::from_hours(24)).to_string();
    done(&walk.gateway, "POST", "/admin/api/tokens", &json!({"name": "ends", "expiresAt": soon})).await;
    let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
    walk.used = walk.thing("/admin/api/tokens").await.id;
    let files = json!({"files": {
        "stats.json": {&today: {"a-backend": {"success": 1, "fail": 1, "tokens": 9}}},
        "tokens.json": {"tokens": [], "usageStats": {&walk.used: {&today: {"requests": 1, "promptTokens": 2}}}},
    }});
    done(&walk.gateway, "POST", "/admin/api/import?apply=true", &files).await;
    sql(&walk.gateway, "INSERT INTO settings (name, value) VALUES ('CACHE_CHAT', 'odd')").await;
    let settings = json!({"max_retries": 7, "rate_limit_global_enabled": true});
    done(&walk.gateway, "POST", "/admin/api/settings", &settings).await;
    done(&walk.gateway, "POST", "/admin/api/settings", &json!({"capture": "tokens"})).await;
    let token =
        done(&walk.gateway, "POST", "/admin/api/tokens", &json!({"name": "cap", "capture": true})).await;
    let bearer = format!("Bearer {}", token["token"]["token"].as_str().unwrap());
    let asked = Request::post("/v1/chat/completions", &json!({})).header("authorization", &bearer);
    walk.gateway.send(&asked.header("x-request-id", "captured")).await;
    // Refused, as it shows no token; it is counted all the same.
    walk.gateway.post("/v1/chat/completions", &json!({})).await;
    (walk, fake)
}

/// What somebody on another machine is told while the password is the default.
async fn told_why(all: &[Operation], checker: &mut Checker<'_>) {
    let gateway = Gateway::start(&[]).await;
    let request = Request::get("/admin/api/sign-in").header("x-forwarded-for", "203.0.113.9");
    let sign_in = all.iter().find(|operation| operation.id() == "getSignIn").unwrap();
    checker.hold(sign_in.answer(), &gateway.send(&request).await.json(), sign_in.id());
}

#[tokio::test]
async fn every_operation_takes_and_answers_what_is_told() {
    let (mut walk, _fake) = started().await;
    let (document, words) = (document(), words());
    let mut checker = Checker::new(&document);
    // Reads come first, and last what deletes everything.
    let mut all = operations(&document);
    all.sort_by_key(|operation| {
        ["GET", "PUT", "POST", "DELETE"].iter().position(|it| *it == operation.method)
    });
    for operation in &all {
        let id = operation.id();
        if operation.answer().is_null() {
            walk.file(operation).await;
            continue;
        }
        let is_of_one = operation.path.contains("{id}");
        let mut thing = if is_of_one { walk.thing(&operation.path).await } else { Thing::default() };
        let mut body = walk.body(operation, &mut thing).await;
        let query = match walk.special(operation).await {
            Some(more) => format!("{}&{more}", query(operation, false)),
            None => query(operation, false),
        };
        if !query.is_empty() {
            let body = if body.is_empty() { Value::Null } else { body.clone().into() };
            let answer = walk.answer(operation, &thing, &query, &body).await;
            checker.hold(operation.answer(), &answer, id);
            let is_told = operation.answer()["properties"]["warnings"].is_object();
            let warnings = answer["warnings"].to_string();
            assert!(!is_told || operation.method != "GET" || warnings.contains(INVENTED), "{id}: {answer}");
        }
        if operation.method == "GET" {
            let required = self::query(operation, true);
            let answer = walk.answer(operation, &thing, &required, &Value::Null).await;
            checker.hold(operation.answer(), &answer, id);
            continue;
        }
        let mut others = others(operation, &words, &body);
        if ["create", "addKey", "signIn"].iter().any(|made| operation.id().starts_with(made)) {
            let near = walk.near(operation, &others, &body).await;
            others.retain(|name| !near.contains(name));
        }
        body.extend(others.iter().map(|name| (name.clone(), json!(1))));
        let answer = walk.answer(operation, &thing, "", &body.into()).await;
        checker.hold(operation.answer(), &answer, id);
        let unread = unread(&answer);
        if operation.body().is_none() {
            assert!(unread.is_empty(), "{id} reads a body");
            continue;
        }
        let known: Vec<_> = others.difference(&unread).collect();
        assert!(known.is_empty(), "{id} knows {known:?}, which is not told");
        let unknown: Vec<_> = unread.difference(&others).collect();
        assert!(unknown.is_empty(), "{id} does not know {unknown:?}, which is told");
    }
    told_why(&all, &mut checker).await;
    let answers = all.iter().flat_map(|operation| checker.unseen_of(operation.id(), operation.answer()));
    let unseen: Vec<_> = checker.unseen().chain(answers).filter(|name| !name.starts_with("Error.")).collect();
    assert!(unseen.is_empty(), "no answer had {unseen:?}");
}

/// Every parameter that has an example, or a choice, and of calls that read one that is none; or just those that must be given.
fn query(operation: &Operation, is_least: bool) -> String {
    let parameters = operation.told["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.filter(|parameter| !is_least || parameter["required"] == true);
    let pairs = parameters.filter_map(|parameter| {
        let value = parameter["schema"]["examples"].get(0).or_else(|| parameter["schema"]["enum"].get(0))?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(format!("{}={text}", parameter["name"].as_str()?))
    });
    if is_least {
        let pairs: Vec<_> = pairs.collect();
        return if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    }
    let invented = (operation.method == "GET").then(|| format!("{INVENTED}=1"));
    let pairs: Vec<_> = pairs.chain(invented).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}
