//! What a person sees at the start: where the gateway listens, what it found, and a line to copy. In JSON form the
//! same facts go to the log instead.

use std::io::{self, Write};
use std::net::SocketAddr;

use super::Look;

use crate::access::{Area, Caller, Doors, admits};
use crate::app::App;
use crate::config::{Anonymous, Config, IpMode, LogFormat, local};
use crate::import::First;
use crate::snapshot::Snapshot;
use crate::upstream::Sight;

/// Models shown by name before the rest is only counted.
const SHOWN: usize = 8;

/// Backends that are shown before the rest is only counted.
const SHOWN_BACKENDS: usize = 8;

/// Prints the start.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Greeting {
    /// What stands in for Ollama, in a demo.
    pub(super) demo: Option<&'static str>,
    /// Whether the socket was passed, by systemd for instance.
    pub(super) is_passed: bool,
}

impl Greeting {
    /// What was taken over from the Node program, if this is its first start.
    pub(super) fn imported(
        self,
        app: &App,
        config: &Config,
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some(First { report, kept }) = &app.imported else { return Ok(()) };
        let (summary, manual, kept) = (report.summary(), report.manual(), kept.display());
        if config.log.format == LogFormat::Json {
            tracing::info!(manual, "imported from the Node program: {summary}; {kept} has all of it");
            if !report.secrets.is_empty() {
                tracing::warn!("{}", report.warning());
            }
            return Ok(());
        }
        writeln!(out, "\n  {}   from the Node program: {summary}", look.dim("imported"))?;
        if manual > 0 {
            let things = if manual == 1 { "thing needs" } else { "things need" };
            writeln!(out, "             {}", look.warn(&format!("{manual} {things} you")))?;
        }
        writeln!(out, "             all of it: {kept}")?;
        if !report.secrets.is_empty() {
            writeln!(out, "             {}", look.warn(&report.warning()))?;
        }
        Ok(())
    }

    /// The address, as soon as it is bound.
    pub(super) fn listening(
        self,
        app: &App,
        config: &Config,
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let url = url(app);
        let access = access(&app.proxy.snapshot.load(), config);
        if config.log.format == LogFormat::Json {
            let fingerprint = app.certificate.as_ref().map(|certificate| certificate.fingerprint());
            let (version, panel, passed) = (env!("CARGO_PKG_VERSION"), panel_url(app), self.is_passed);
            tracing::info!(
                version,
                url,
                panel,
                access,
                certificate = fingerprint,
                passed,
                "listening on {url}"
            );
            return Ok(());
        }
        writeln!(out, "\n{}\n", look.bold(concat!("ollama2openai ", env!("CARGO_PKG_VERSION"))))?;
        writeln!(out, "  {}  {}", look.dim("listening"), look.accent(&format!("{url}/v1")))?;
        if self.is_passed {
            writeln!(out, "             on a socket that was passed; HOST and PORT are not used")?;
        }
        if app.addr.ip().is_unspecified() {
            writeln!(out, "             and at every other address of this machine")?;
        }
        if let Some(path) = &config.listen.unix {
            writeln!(out, "             and at the socket {}", path.display())?;
        }
        if let Some(certificate) = &app.certificate {
            let end = certificate.end();
            let whose = if certificate.self_signed().is_some() { "self-signed, " } else { "" };
            writeln!(out, "  {}        {whose}until {end:.0}, SHA-256 fingerprint", look.dim("tls"))?;
            writeln!(out, "             {}", certificate.fingerprint())?;
        }
        writeln!(out, "  {}     {access}", look.dim("access"))?;
        // A demo begins with the default password, which the panel wants changed first.
        let with =
            if self.demo.is_some() && app.cautions.iter().any(|caution| caution.kind == "default_password") {
                ", password admin123"
            } else {
                ""
            };
        writeln!(out, "  {}      {}/admin{with}", look.dim("panel"), panel_url(app))?;
        out.flush()
    }

    /// What to know of passwords and rules; in JSON form the log has said it.
    pub(super) fn cautions(
        self,
        app: &App,
        config: &Config,
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        // The state of a demo ends with it, and nothing but this machine reaches it unless HOST says so.
        if config.log.format == LogFormat::Json || self.demo.is_some() {
            return Ok(());
        }
        for caution in &app.cautions {
            writeln!(out, "  {}     {}", look.dim("beware"), look.warn(&caution.text))?;
        }
        out.flush()
    }

    /// The backends, once they were looked at.
    pub(super) fn backends(
        self,
        app: &App,
        config: &Config,
        seen: &[Sight],
        look: Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let is_implicit = app.proxy.snapshot.load().configured.is_nothing();
        let is_json = config.log.format == LogFormat::Json;
        let count = if is_json { seen.len() } else { SHOWN_BACKENDS };
        for sight in seen.iter().take(count) {
            match &sight.found {
                Ok((version, models)) if is_json => {
                    tracing::info!(backend = sight.name, version, models = models.join(", "), "found Ollama");
                }
                Err(reason) if is_json => {
                    tracing::warn!(backend = sight.name, reason, "Ollama does not answer; looking for it");
                }
                Ok((version, models)) => {
                    let name = self.demo.unwrap_or(&sight.name);
                    writeln!(out, "  {}    {name}, version {version}", look.dim("backend"))?;
                    writeln!(out, "  {}     {}", look.dim("models"), shown(models))?;
                }
                Err(reason) => missing(&sight.name, reason, is_implicit, look, out)?,
            }
        }
        if is_json {
            return Ok(());
        }
        if let Some(more) = seen.get(count..).filter(|more| !more.is_empty()) {
            let found = more.iter().filter(|sight| sight.found.is_ok()).count();
            writeln!(out, "             and {} more, {found} of them found", more.len())?;
        }
        // What is refused is nothing to try.
        if admits(&config.access.ip_rules, here(config), Area::Clients) {
            try_it(app, seen, look, out)?;
        }
        out.flush()
    }
}

/// A line to copy.
fn try_it(app: &App, seen: &[Sight], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let snapshot = app.proxy.snapshot.load();
    let model =
        seen.iter().filter_map(|sight| sight.found.as_ref().ok()).find_map(|(_, models)| chat_model(models));
    writeln!(out, "\n  {}\n", look.dim("try it"))?;
    let key = match &snapshot.api_token {
        Some(_) => " -H \"Authorization: Bearer $API_TOKEN\"",
        None if Doors::of(&snapshot).has_none() => "",
        None => " -H \"Authorization: Bearer $TOKEN\"",
    };
    let url = url(app);
    let trust = trust(app);
    // A name that nobody has would only make a 404 of the first try.
    let Some(model) = model else {
        return writeln!(out, "    curl{trust} {url}/v1/models{key}\n");
    };
    writeln!(
        out,
        "    curl -N{trust} {url}/v1/chat/completions{key} -d '{{\"model\":\"{model}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n"
    )
}

/// A program of this machine that calls the address which is printed.
fn here(config: &Config) -> Caller {
    let address = local(config.listen.host);
    Caller { address, is_loopback: address.is_loopback() }
}

/// Who gets in.
fn access(snapshot: &Snapshot, config: &Config) -> String {
    let (rules, here) = (&config.access.ip_rules, here(config));
    let is_local = config.listen.host.is_loopback();
    let may_call = admits(rules, here, Area::Clients);
    let has_none = Doors::of(snapshot).has_none();
    let tokens = match snapshot.anonymous {
        _ if !has_none => "a token is required",
        Anonymous::Everybody if is_local => "no token needed, not even from web pages",
        Anonymous::Everybody => "OPEN: no token needed from anywhere",
        Anonymous::Loopback if !may_call => "a token is required, and there is none yet",
        Anonymous::Loopback if is_local => "no token needed from this machine",
        Anonymous::Loopback => "no token needed from this machine; all others are refused until there is one",
        Anonymous::Nobody => "a token is required, and there is none yet",
    };
    let of_addresses = match rules.mode {
        IpMode::Disabled => "",
        IpMode::Whitelist if rules.whitelist.is_empty() => "; IP_WHITELIST is empty and lets nobody in",
        IpMode::Whitelist if may_call => "; IP_WHITELIST says from which addresses",
        IpMode::Whitelist => "; IP_WHITELIST says from which addresses, and this machine is not among them",
        IpMode::Blacklist if may_call => "; IP_BLACKLIST says from which addresses not",
        IpMode::Blacklist => "; IP_BLACKLIST says from which addresses not, and this machine is among them",
    };
    format!("{tokens}{of_addresses}")
}

/// What to do about a backend that was not found: start it, or mend the address of something else that answers.
fn missing(name: &str, reason: &str, is_implicit: bool, look: Look, out: &mut dyn Write) -> io::Result<()> {
    // The innermost cause is what a person can act on: "connection refused", "no such host".
    let reason = reason.rsplit(": ").next().unwrap_or(reason);
    let reason = reason.split(" (os error").next().unwrap_or(reason).to_lowercase();
    let answers = reason.contains("status ");
    let what = if answers { "what answers is no Ollama:" } else { "no Ollama at" };
    let advice = match (answers, is_implicit) {
        (true, true) => "Set OLLAMA_BASE_URL to where Ollama is.",
        (false, true) => "Start it with `ollama serve`, or set OLLAMA_BASE_URL to where it is.",
        (true, false) => "Mend the address of its channel or key.",
        (false, false) => "Start it, or mend the address of its channel or key.",
    };
    writeln!(out, "  {}    {}", look.dim("backend"), look.warn(&format!("{what} {name} ({reason})")))?;
    writeln!(out, "             {advice}")?;
    writeln!(out, "             The gateway keeps running and finds it when it appears.")
}

/// A model that is likely to chat: names of embedding models give themselves away.
fn chat_model(models: &[String]) -> Option<&str> {
    let is_embedding = |name: &&String| ["embed", "minilm", "bge-"].iter().any(|hint| name.contains(hint));
    models.iter().find(|name| !is_embedding(name)).or(models.first()).map(String::as_str)
}

fn shown(models: &[String]) -> String {
    match models.len() {
        0 => "none yet: `ollama pull llama3.2` fetches one".to_owned(),
        count if count > SHOWN => format!("{} and {} more", models[..SHOWN].join(", "), count - SHOWN),
        _ => models.join(", "),
    }
}

/// An address that can be opened: "any" is shown as this machine.
pub(super) fn url(app: &App) -> String {
    url_of(app, app.addr)
}

fn panel_url(app: &App) -> String {
    url_of(app, app.admin_addr.unwrap_or(app.addr))
}

fn url_of(app: &App, addr: SocketAddr) -> String {
    let scheme = if app.certificate.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(local(addr.ip()), addr.port()))
}

/// How `curl` gets to believe the certificate; one that was given is hardly for the address that is printed.
fn trust(app: &App) -> String {
    let Some(certificate) = &app.certificate else { return String::new() };
    match certificate.self_signed() {
        Some(file) => format!(" --cacert {}", file.display()),
        None => " -k".to_owned(),
    }
}

impl Look {
    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn accent(self, text: &str) -> String {
        self.paint("36", text)
    }

    fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
