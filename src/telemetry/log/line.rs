//! One event as one line of plain text. The same line as tracing-subscriber's own without colours, at a fifth of its
//! cost, since every request writes one.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Bytes that hold most lines.
const ROOM: usize = 512;

/// `TIME LEVEL target: message name=value …`; the gateway opens no spans, so none are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
        let mut fields = Fields { line: String::with_capacity(ROOM), outcome: Ok(()) };
        PRINTER.print_timestamp(&Timestamp::now(), &mut fields.line).map_err(|_| fmt::Error)?;
        let metadata = event.metadata();
        fields.line.push_str(match *metadata.level() {
            tracing::Level::ERROR => " ERROR ",
            tracing::Level::WARN => "  WARN ",
            tracing::Level::INFO => "  INFO ",
            tracing::Level::DEBUG => " DEBUG ",
            tracing::Level::TRACE => " TRACE ",
        });
        fields.line.push_str(metadata.target());
        fields.line.push(':');
        event.record(&mut fields);
        fields.outcome?;
        fields.line.push('\n');
        // Once: what is behind it costs more than what is written.
        writer.write_str(&fields.line)
    }
}

/// Writes fields in their order, the message without its name.
struct Fields {
    line: String,
    outcome: fmt::Result,
}

impl Fields {
    fn name(&mut self, field: &Field) {
        self.line.push(' ');
        let name = field.name();
        if name != "message" {
            self.line.push_str(name.strip_prefix("r#").unwrap_or(name));
            self.line.push('=');
        }
    }

    fn escaped(&mut self, text: fmt::Arguments<'_>) {
        self.outcome = self.outcome.and(Escaped(&mut self.line).write_fmt(text));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        // Not `all`: without a way out of it the compiler makes vector instructions of it.
        let is_odd = |byte| !matches!(byte, b' '..=b'~') | (byte == b'"') | (byte == b'\\');
        if field.name() == "message" {
            self.escaped(format_args!("{value}"));
        } else if value.bytes().fold(false, |any, byte| any | is_odd(byte)) {
            self.escaped(format_args!("{value:?}"));
        } else {
            self.line.push('"');
            self.line.push_str(value);
            self.line.push('"');
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        self.line.push_str(itoa::Buffer::new().format(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        self.line.push_str(itoa::Buffer::new().format(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.line.push_str(if value { "true" } else { "false" });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.escaped(format_args!("{value:?}"));
    }
}

/// Keeps an event on its line and a terminal from obeying it: control characters come out as escapes.
struct Escaped<'l>(&'l mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (clean, dirty) = rest.split_at(at);
            self.0.push_str(clean);
            let control = dirty.chars().next().unwrap_or_default();
            write!(self.0, "{}", control.escape_default())?;
            rest = &dirty[control.len_utf8()..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The same events through this and through the library's format, each line without its time.
    fn both(tell: impl Fn()) -> (String, String) {
        let (ours, theirs) = (Sink::default(), Sink::default());
        let (to_ours, to_theirs) = (ours.clone(), theirs.clone());
        let builder = || tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        let subscriber = builder().with_writer(move || to_ours.clone()).event_format(Line).finish();
        tracing::subscriber::with_default(subscriber, &tell);
        let subscriber = builder().with_writer(move || to_theirs.clone()).finish();
        tracing::subscriber::with_default(subscriber, &tell);
        let text = |sink: &Sink| {
            let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
            let untimed = text
                .lines()
                .map(|line| line.split_once('Z').map_or(line, |(_, rest)| rest).to_owned() + "\n");
            untimed.collect::<String>()
        };
        (text(&ours), text(&theirs))
    }

    #[test]
    fn lines_are_those_of_the_library() {
        let (ours, theirs) = both(|| {
            let none: Option<&str> = None;
            tracing::info!(target: "request", id = "req_1", status = 200_u16, stream = true, none, "{} ms", 3);
            tracing::warn!(model = "say \"hi\" \\ \u{e9}\n", client = %std::net::Ipv4Addr::LOCALHOST, few = -3, "text");
            tracing::error!(error = ?io::ErrorKind::NotFound, share = 0.5, r#type = true);
            tracing::debug!("no fields");
        });
        assert_eq!(ours, theirs);
        assert!(ours.contains("  INFO request: 3 ms id=\"req_1\" status=200 stream=true\n"), "{ours}");
    }

    #[test]
    fn an_event_stays_on_its_line() {
        let (ours, _) = both(|| tracing::info!(error = %"a\nb\u{1b}[31m\u{9b}", "c\rd"));
        assert_eq!(
            ours,
            "  INFO ollama2openai::telemetry::log::line::tests: c\\rd error=a\\nb\\u{1b}[31m\\u{9b}\n"
        );
    }
}
