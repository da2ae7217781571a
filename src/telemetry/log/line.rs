//! One event as one line of plain text. The same line as tracing-subscriber's own without colours, at a fifth of its
//! cost, since every request writes one.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

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
        SystemTime.format_time(&mut writer)?;
        let metadata = event.metadata();
        writer.write_str(match *metadata.level() {
            tracing::Level::ERROR => " ERROR ",
            tracing::Level::WARN => "  WARN ",
            tracing::Level::INFO => "  INFO ",
            tracing::Level::DEBUG => " DEBUG ",
            tracing::Level::TRACE => " TRACE ",
        })?;
        writer.write_str(metadata.target())?;
        writer.write_char(':')?;
        let mut fields = Fields { writer: &mut writer, outcome: Ok(()) };
        event.record(&mut fields);
        fields.outcome?;
        writer.write_char('\n')
    }
}

/// Writes fields in their order, the message without its name.
struct Fields<'a, 'w> {
    writer: &'a mut Writer<'w>,
    outcome: fmt::Result,
}

impl Fields<'_, '_> {
    fn put(&mut self, field: &Field, write: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        self.outcome = self.outcome.and_then(|()| {
            self.writer.write_char(' ')?;
            if field.name() != "message" {
                self.writer.write_str(field.name().trim_start_matches("r#"))?;
                self.writer.write_char('=')?;
            }
            write(self.writer)
        });
    }
}

impl Visit for Fields<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
        self.put(field, |writer| {
            if field.name() == "message" {
                return Escaped(writer).write_str(value);
            }
            if !is_plain {
                return write!(Escaped(writer), "{value:?}");
            }
            writer.write_char('"')?;
            writer.write_str(value)?;
            writer.write_char('"')
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |writer| writer.write_str(itoa::Buffer::new().format(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |writer| writer.write_str(itoa::Buffer::new().format(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |writer| writer.write_str(if value { "true" } else { "false" }));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, |writer| write!(Escaped(writer), "{value:?}"));
    }
}

/// Keeps an event on its line and a terminal from obeying it: control characters come out as escapes.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (clean, dirty) = rest.split_at(at);
            self.0.write_str(clean)?;
            let control = dirty.chars().next().unwrap_or_default();
            write!(self.0, "{}", control.escape_default())?;
            rest = &dirty[control.len_utf8()..];
        }
        self.0.write_str(rest)
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
