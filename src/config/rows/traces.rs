//! The settings of traces. They have the names that OpenTelemetry gives them everywhere.

use super::{row, text};
use crate::config::check;
use crate::config::table::{Group::Traces, Kind, Setting};

const URL: &str = "http://host:port or https://host, with or without a path";

pub(super) const ENDPOINT: Setting = row(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    Traces,
    text(URL, check::collector),
    "",
    "Collector that traces are sent to, as JSON over HTTP; /v1/traces is added.",
)
.at_start()
.or_else("no traces");

pub(super) const TRACES_ENDPOINT: Setting = row(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    Traces,
    text(URL, check::collector),
    "",
    "The whole address for traces, where it is another one.",
)
.at_start()
.or_else("OTEL_EXPORTER_OTLP_ENDPOINT");

pub(super) const HEADERS: Setting = row(
    "OTEL_EXPORTER_OTLP_HEADERS",
    Traces,
    Kind::Headers,
    "",
    "Headers for the collector: name=value,name=value, values percent-encoded.",
)
.at_start()
.or_else("none");

pub(super) const SERVICE: Setting = row(
    "OTEL_SERVICE_NAME",
    Traces,
    text("a name", check::label),
    "ollama2openai",
    "What the gateway is called in traces.",
)
.at_start();

pub(super) const SAMPLER: Setting = row(
    "OTEL_TRACES_SAMPLER",
    Traces,
    Kind::Choice(&[
        "parentbased_traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "traceidratio",
        "always_on",
        "always_off",
    ]),
    "parentbased_traceidratio",
    "Which requests are traced; with parentbased_ a client's traceparent decides for its own.",
)
.at_start();

pub(super) const SAMPLER_ARG: Setting = row(
    "OTEL_TRACES_SAMPLER_ARG",
    Traces,
    text("a number from 0 to 1", check::ratio),
    "1",
    "The part of requests that is traced, for the samplers with a ratio.",
)
.at_start();
