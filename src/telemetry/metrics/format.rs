//! The two text formats: OpenMetrics, and Prometheus's own before it.

use http::HeaderValue;

/// How a page is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// What `Accept` asks for: OpenMetrics only where it is named, and liked as much as plain text.
    #[must_use]
    pub fn of(accept: Option<&HeaderValue>) -> Format {
        let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (mut open, mut plain) = (0.0, 0.0_f32);
        for item in accept.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
            let weight = weight.unwrap_or(0.0);
            match kind.as_str() {
                "application/openmetrics-text" => open = weight.max(open),
                "text/plain" | "text/*" | "*/*" => plain = plain.max(weight),
                _ => {}
            }
        }
        if open > 0.0 && open >= plain { Format::OpenMetrics } else { Format::Text }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        })
    }
}

/// A page of OpenMetrics in text format 0.0.4: there a counter is named as its sample is, with `_total`, and nothing
/// marks the end. As the Node program has it, a blank line stands between families.
pub(super) fn plain(open: &str) -> String {
    let mut text = String::with_capacity(open.len() + open.len() / 64);
    let mut help = None;
    for line in open.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            let suffix = if kind == "counter" { "_total" } else { "" };
            let (_, told) = help.take().unwrap_or_default();
            let gap = if text.is_empty() { "" } else { "\n" };
            for part in [gap, "# HELP ", name, suffix, " ", told, "\n# TYPE ", name, suffix, " ", kind, "\n"]
            {
                text.push_str(part);
            }
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_written_for_who_asks_for_it() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, format) in [
            (prometheus, Format::OpenMetrics),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("text/plain", Format::Text),
            ("*/*", Format::Text),
            ("application/openmetrics-text;q=0.1, text/plain", Format::Text),
            ("application/openmetrics-text;q=0", Format::Text),
            ("", Format::Text),
        ] {
            assert_eq!(Format::of(HeaderValue::from_str(accept).ok().as_ref()), format, "{accept}");
        }
        assert_eq!(Format::of(None), Format::Text);
    }

    #[test]
    fn a_counter_is_named_as_its_sample() {
        let open = "# HELP a A thing\n# TYPE a counter\na_total 1\n# HELP b B\n# TYPE b gauge\nb{c=\"# d\"} 2\n# EOF\n";
        let text = "# HELP a_total A thing\n# TYPE a_total counter\na_total 1\n\n# HELP b B\n# TYPE b gauge\nb{c=\"# d\"} 2\n";
        assert_eq!(plain(open), text);
    }
}
