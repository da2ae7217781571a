//! The settings of logs.

use super::{count, row};
use crate::config::check;
use crate::config::table::{Group::Logging, Kind, Setting};

/// Rows of the request log end here.
const MOST_ROWS: u64 = 1_000_000_000;

pub(super) const LEVEL: Setting = row(
    "LOG_LEVEL",
    Logging,
    Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
    "info",
    "The least grave event that is logged.",
);

pub(super) const LEVELS: Setting = row(
    "LOG_LEVELS",
    Logging,
    Kind::List {
        form: "parts of the gateway with their levels, as in proxy=debug,store=warn",
        check: check::level,
    },
    "",
    "Other levels for parts of the gateway.",
)
.or_else("LOG_LEVEL for all");

pub(super) const FORMAT: Setting = row(
    "LOG_FORMAT",
    Logging,
    Kind::Choice(&["text", "json"]),
    "text",
    "Log lines for people, or one JSON object a line.",
)
.at_start();

pub(super) const TO_FILE: Setting = row(
    "LOG_TO_FILE",
    Logging,
    Kind::Switch,
    "false",
    "Whether a record of each request, and of each change, is written to files in DATA_DIR/logs.",
);

pub(super) const MAX_FILE_SIZE: Setting = row(
    "LOG_MAX_FILE_SIZE",
    Logging,
    Kind::Bytes { min: 1024, max: 1 << 50 },
    "52428800",
    "Size at which such a file is put aside and a new one begun.",
);

pub(super) const MAX_TOTAL_SIZE: Setting = row(
    "LOG_MAX_TOTAL_SIZE",
    Logging,
    Kind::Bytes { min: 1024, max: 1 << 50 },
    "1073741824",
    "Size of all such files together; beyond it the oldest that were put aside are deleted.",
);

pub(super) const RECENT_MAX: Setting = row(
    "LOG_RECENT_MAX",
    Logging,
    count(0, 100_000),
    "500",
    "Requests that are kept in memory, for those who begin to follow.",
);

pub(super) const REQUEST_LOG: Setting =
    row("REQUEST_LOG", Logging, Kind::Switch, "true", "Whether there is a request log in the database.");

pub(super) const RETENTION_DAYS: Setting = row(
    "LOG_RETENTION_DAYS",
    Logging,
    count(0, 36_500),
    "30",
    "Days after which a request is deleted from the request log; 0 = never.",
);

pub(super) const MAX_ROWS: Setting = row(
    "LOG_MAX_ROWS",
    Logging,
    count(0, MOST_ROWS),
    "1000000",
    "Requests in the request log; beyond it the oldest are deleted. 0 = no limit.",
);
