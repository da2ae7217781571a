//! `logs`: the request log on a terminal, and what is new in it.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::options::Options;
use super::{Told, args, open};
use crate::admin::{grave_outcomes, is_grave_level, log_client, log_outcomes, log_statuses, rules};
use crate::cli::Console;
use crate::cli::args::JSON;
use crate::config::{Config, Loaded};
use crate::store::{LogFilter, LogRow, Rows, Store};

/// Rows unless the command says how many, and at most.
const LIMIT: i64 = 20;
const MOST: i64 = 10_000;
/// Between two looks for what is new.
const LOOK: Duration = Duration::from_millis(500);
/// New rows that are read at once.
const AT_ONCE: usize = 1000;

/// Columns of a time without its date.
const TIME: usize = 8;

const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

/// Which rows are wanted, and how they are shown.
#[derive(Debug)]
pub(super) struct Job {
    filter: LogFilter,
    limit: i64,
    json: bool,
    /// Whether it goes on with what comes.
    follow: bool,
}

pub(super) fn read(options: &mut Options<'_>) -> Job {
    let text = |name| options.text(name).map(str::to_owned);
    let (token, model, channel) = (text(args::TOKEN), text(args::MODEL), text(args::CHANNEL));
    let (backend, id, text) = (text(args::BACKEND), text(args::ID), text(args::TEXT));
    let moment = |text: &str| rules::moment_or_ago(text, Timestamp::now());
    let outcomes = options.parsed(args::OUTCOME, log_outcomes);
    let is_grave_only = options.parsed(args::LEVEL, is_grave_level).unwrap_or_default();
    let filter = LogFilter {
        token,
        model,
        channel,
        backend,
        client: options.parsed(args::IP, log_client),
        id,
        text,
        from: options.parsed(args::SINCE, moment),
        to: options.parsed(args::UNTIL, moment),
        outcomes: if is_grave_only { Some(grave_outcomes(outcomes.as_deref())) } else { outcomes },
        statuses: options.parsed(args::STATUS, log_statuses),
        ..LogFilter::default()
    };
    let limit = options.number(args::LIMIT, 0, MOST).unwrap_or(LIMIT);
    Job { filter, limit, json: options.flag(JSON), follow: options.flag(args::FOLLOW) }
}

pub(super) async fn run(job: Job, loaded: &Loaded, console: &mut Console<'_>) -> anyhow::Result<Told> {
    let config: &Config = &loaded.config;
    let (store, rows, _) = open(config).await?;
    let is_on = loaded.clone().with_saved(&rows.settings).config.log.has_request_log;
    if !is_on {
        writeln!(console.err, "REQUEST_LOG is off: requests are not written to the log")?;
    }
    let Job { filter, limit, json, follow } = job;
    let mut filter = named(filter, &rows, console)?;
    let mut found = store.request_log(&filter, usize::try_from(limit).unwrap_or_default()).await?;
    // Whoever wants none but what is new begins behind the last one.
    let newest = store.request_log(&LogFilter::default(), 1).await?;
    filter.after = newest.first().map(|row| row.seq).or(Some(0));
    found.reverse();
    let oldest = found.first().and_then(|row| serde_json::from_str::<Value>(&row.record).ok());
    let time_width = oldest.and_then(|oldest| oldest["timestamp"].as_str().map(|at| time(at).len()));
    let time_width = time_width.unwrap_or_default().max(TIME);
    let form = Form { is_json: json, is_coloured: console.out_colour, time_width };
    if !json && !form.print_head(console)? {
        return Ok(Told::default());
    }
    let mut goes_on = form.print(&found, console)?;
    while follow && goes_on {
        tokio::time::sleep(LOOK).await;
        goes_on = next(&store, &mut filter, form, console).await?;
    }
    store.close().await;
    Ok(Told::default())
}

/// Prints what is new; `false` when nobody reads any more.
async fn next(
    store: &Store,
    filter: &mut LogFilter,
    form: Form,
    console: &mut Console<'_>,
) -> anyhow::Result<bool> {
    // What comes after this look is for the next one.
    let newest = store.request_log(&LogFilter { after: filter.after, ..LogFilter::default() }, 1).await?;
    let Some(newest) = newest.first().map(|row| row.seq) else { return Ok(true) };
    let mut found = Vec::new();
    let mut page = LogFilter { before: Some(newest + 1), ..filter.clone() };
    loop {
        let rows = store.request_log(&page, AT_ONCE).await?;
        let is_last = rows.len() < AT_ONCE;
        page.before = rows.last().map(|row| row.seq);
        found.extend(rows);
        if is_last {
            break;
        }
    }
    filter.after = Some(newest);
    found.reverse();
    Ok(form.print(&found, console)?)
}

/// Things may be called by their names. What is stored under no such name or id is mentioned: it may have been deleted,
/// or come from the environment.
fn named(mut filter: LogFilter, rows: &Rows, console: &mut Console<'_>) -> io::Result<LogFilter> {
    let tokens = rows.tokens.iter().map(|row| (&row.id, &row.name)).collect();
    let channels = rows.channels.iter().map(|row| (&row.id, &row.name)).collect();
    let backends = rows.backends.iter().map(|row| (&row.id, &row.name)).collect();
    let all: [(_, _, Vec<(&String, &String)>); 3] = [
        ("token", &mut filter.token, tokens),
        ("channel", &mut filter.channel, channels),
        ("backend", &mut filter.backend, backends),
    ];
    for (what, given, known) in all {
        let Some(given) = given else { continue };
        let by_id = known.iter().find(|(id, _)| *id == given);
        match by_id.or_else(|| known.iter().find(|(_, name)| *name == given)) {
            Some((id, _)) => given.clone_from(id),
            None => writeln!(console.err, "no {what} with the name or id {given} is stored now")?,
        }
    }
    Ok(filter)
}

/// How rows are shown.
#[derive(Debug, Clone, Copy)]
struct Form {
    is_json: bool,
    is_coloured: bool,
    /// Columns of the time.
    time_width: usize,
}

impl Form {
    fn print_head(self, console: &mut Console<'_>) -> io::Result<bool> {
        let line = format!(
            "{:<width$} {:>6}  {:<16} {:>6} {:>6} {:>6}  {:<8} {:<11} {:<16} {:<8} {}\n",
            "UTC",
            "STATUS",
            "OUTCOME",
            "TOOK",
            "FIRST",
            "TOKENS",
            "TOKEN",
            "ENDPOINT",
            "MODEL",
            "CHANNEL",
            "BACKEND",
            width = self.time_width,
        );
        write(&line, console)
    }

    /// One line a row; `false` when nobody reads any more.
    fn print(self, rows: &[LogRow], console: &mut Console<'_>) -> io::Result<bool> {
        let mut text = String::new();
        for row in rows {
            match self.is_json {
                true => text.push_str(&row.to_json()),
                false => self.line(&serde_json::from_str(&row.record).unwrap_or_default(), &mut text),
            }
            text.push('\n');
        }
        write(&text, console)
    }

    fn line(self, record: &Value, text: &mut String) {
        let cell = |name: &str| match &record[name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => {
                text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
            }
            other => other.to_string(),
        };
        let colour = match record["status"].as_u64() {
            Some(200..=399) => GREEN,
            Some(400..=499) => YELLOW,
            _ => RED,
        };
        text.push_str(&format!(
            "{} {} {:>6} {:>6} {:>6}  {} {:<11} {:<16} {:<8} {}",
            self.painted(DIM, &format!("{:<width$}", time(&cell("timestamp")), width = self.time_width)),
            self.painted(colour, &format!("{:>6}  {:<16}", cell("status"), cell("outcome"))),
            took(&record["duration"]),
            took(&record["firstTokenMs"]),
            cell("tokens"),
            self.painted(DIM, &format!("{:<8}", cell("tokenName"))),
            endpoint(&cell("endpoint")),
            cell("model"),
            cell("channelName"),
            cell("backend").trim_start_matches("http://"),
        ));
        if record["error"].is_string() {
            text.push_str(&format!("  {}", cell("error")));
        }
    }

    fn painted(self, colour: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Without its date if that is today's: most rows are, and lines are to fit a terminal.
fn time(text: &str) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let form = if day(at) == day(Timestamp::now()) { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.strftime(form).to_string()
}

/// Milliseconds in at most six characters.
fn took(millis: &Value) -> String {
    match millis.as_u64() {
        None => "-".to_owned(),
        Some(millis @ ..1000) => format!("{millis}ms"),
        Some(millis @ 1000..100_000) => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
        Some(millis) => format!("{}s", millis / 1000),
    }
}

/// `chat` of `/v1/chat/completions`, `models` of `/v1/models`.
fn endpoint(path: &str) -> &str {
    let path = path.strip_prefix("/v1/").unwrap_or(path);
    path.strip_suffix("/completions").unwrap_or(path)
}

fn write(text: &str, console: &mut Console<'_>) -> io::Result<bool> {
    match console.out.write_all(text.as_bytes()).and_then(|()| console.out.flush()) {
        // Whoever read has read enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        done => done.map(|()| true),
    }
}
