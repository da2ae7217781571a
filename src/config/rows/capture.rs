//! The settings of prompt capture.

use super::{count, row, text};
use crate::config::check;
use crate::config::table::{Group::Logging, Kind, Setting};

pub(super) const CAPTURE: Setting = row(
    "CAPTURE",
    Logging,
    Kind::Choice(&["off", "tokens"]),
    "off",
    "Whether requests of tokens that have `capture` on are kept with their answers.",
);

pub(super) const MAX_BYTES: Setting = row(
    "CAPTURE_MAX_BYTES",
    Logging,
    Kind::Bytes { min: 1024, max: 1 << 20 },
    "64KiB",
    "How much of a request, and how much of its answer, is kept.",
);

pub(super) const RETENTION_HOURS: Setting = row(
    "CAPTURE_RETENTION_HOURS",
    Logging,
    count(1, 8760),
    "24",
    "Hours after which what was kept is deleted.",
);

pub(super) const REDACT: Setting = row(
    "CAPTURE_REDACT",
    Logging,
    text("regular expressions with spaces between", check::patterns),
    "",
    "What is replaced by *** before anything is kept.",
)
.or_else("what looks like a token, a cookie or a bearer header");
