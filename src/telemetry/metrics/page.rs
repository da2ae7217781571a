//! A page: every family with its series, as OpenMetrics, from which the older format is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabel, EncodeLabelSet, LabelSetEncoder,
    MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::book::Book;
use super::format::{Format, plain};
use super::histogram::Histogram;
use super::names::{Family, Kind};
use super::process::Process;
use crate::telemetry::Node;

mod ours;
mod seeds;

/// What is live when a scrape comes.
#[derive(Debug)]
pub struct Reading {
    pub uptime: Duration,
    /// Of the pool.
    pub keys: usize,
    pub keys_healthy: usize,
    pub caches: [CacheReading; 2],
    /// `None` = who asks may see no more than what the Node program shows.
    pub rest: Option<Rest>,
}

/// One cache.
#[derive(Debug)]
pub struct CacheReading {
    pub name: &'static str,
    pub hits: u64,
    pub misses: u64,
    pub entries: usize,
    pub evictions: u64,
}

/// What is not everybody's business.
#[derive(Debug)]
pub struct Rest {
    pub queue_depth: usize,
    /// Waits that are over, by how they ended.
    pub queue_left: [(&'static str, u64); 4],
    pub backends: Vec<BackendReading>,
    /// Numbers by state.
    pub channels: [(&'static str, usize); 3],
    /// Numbers by state.
    pub api_tokens: [(&'static str, usize); 3],
    pub revision: i64,
    /// Records that nobody was told of.
    pub records: usize,
    /// Sums that are not written.
    pub sums: usize,
    /// What was dropped, and how much of it.
    pub dropped: Vec<(&'static str, u64)>,
    /// Exports of traces that failed, while traces are on.
    pub trace_errors: Option<u64>,
}

/// One backend.
#[derive(Debug)]
pub struct BackendReading {
    pub node: Arc<Node>,
    pub is_up: bool,
    pub in_flight: usize,
    /// 0 = none.
    pub cap: usize,
}

#[derive(Debug)]
struct Page {
    book: Book,
    reading: Reading,
    /// Requests, streams, connections.
    active: [usize; 3],
    /// Of the certificate, in seconds since 1970.
    end: Option<i64>,
    process: Option<Process>,
}

pub(super) fn write(
    book: Book,
    reading: Reading,
    active: [usize; 3],
    end: Option<i64>,
    format: Format,
) -> String {
    let mut registry = Registry::default();
    let process = Process::look();
    registry.register_collector(Box::new(Page { book, reading, active, end, process }));
    let mut open = String::new();
    text::encode(&mut open, &registry).expect("a String takes any text");
    match format {
        Format::OpenMetrics => open,
        Format::Text => plain(&open),
    }
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        seeds::write(self, &mut out)?;
        self.reading.rest.as_ref().map_or(Ok(()), |rest| ours::write(self, rest, &mut out))
    }
}

/// The values of a family's labels.
struct Labels<'r> {
    names: &'static [&'static str],
    values: &'r [&'r str],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.names
            .iter()
            .zip(self.values)
            .try_for_each(|label| (*label.0, *label.1).encode(encoder.encode_label()))
    }
}

/// Writes families.
struct Out<'e>(DescriptorEncoder<'e>);

impl Out<'_> {
    fn family<'r, const N: usize, V>(
        &mut self,
        family: &Family,
        series: impl IntoIterator<Item = ([&'r str; N], V)>,
        write: impl Fn(&mut MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        let kind = match family.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        // A counter's sample gets its suffix by itself.
        let is_counter = family.kind == Kind::Counter;
        let bare = family.name.strip_suffix("_total").filter(|_| is_counter).unwrap_or(family.name);
        let mut encoder = self.0.encode_descriptor(bare, family.help, None, kind)?;
        for (values, value) in series {
            if values.is_empty() {
                write(&mut encoder, &value)?;
            } else {
                let labels = Labels { names: family.labels, values: &values };
                write(&mut encoder.encode_family(&labels)?, &value)?;
            }
        }
        Ok(())
    }

    fn counters<'r, const N: usize, V: EncodeCounterValue>(
        &mut self,
        family: &Family,
        series: impl IntoIterator<Item = ([&'r str; N], V)>,
    ) -> fmt::Result {
        self.family(family, series, |encoder, value| {
            encoder.encode_counter::<NoLabelSet, _, f64>(value, None)
        })
    }

    fn gauges<'r, const N: usize, V: EncodeGaugeValue>(
        &mut self,
        family: &Family,
        series: impl IntoIterator<Item = ([&'r str; N], V)>,
    ) -> fmt::Result {
        self.family(family, series, |encoder, value| encoder.encode_gauge(value))
    }

    fn histograms<'r, const N: usize>(
        &mut self,
        family: &Family,
        series: impl IntoIterator<Item = ([&'r str; N], &'r Histogram)>,
    ) -> fmt::Result {
        self.family(family, series, |encoder, histogram| {
            let (sum, count) = (histogram.sum(), histogram.count());
            encoder.encode_histogram::<NoLabelSet>(sum, count, &histogram.buckets(), None)
        })
    }

    fn gauge(&mut self, family: &Family, value: impl EncodeGaugeValue) -> fmt::Result {
        self.gauges(family, [([], value)])
    }
}
