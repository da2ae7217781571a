//! What `check-config` prints, and how mistakes look anywhere. Secrets are masked before they get here.

use std::io::{self, Write};

use serde_json::json;

use super::{Console, saved};
use crate::config::{Bad, Loaded, Problem, Row};

/// Widest value that others are aligned to; longer ones push their own line only.
const WIDEST: usize = 34;

/// Wraps in an ANSI colour, or not.
struct Paint(bool);

impl Paint {
    const RED: &'static str = "31";
    const YELLOW: &'static str = "33";
    const BOLD: &'static str = "1";
    const DIM: &'static str = "2";

    fn text(&self, colour: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Every setting in columns, then the warnings; or every mistake.
pub(super) fn table(loaded: &Result<Loaded, Bad>, console: &mut Console<'_>) -> io::Result<()> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(bad) => return mistakes(bad, console.err, console.err_colour),
    };
    let paint = Paint(console.out_colour);
    let width = |text: &dyn Fn(&Row) -> usize| loaded.origins.iter().map(text).max().unwrap_or(0);
    let name = width(&|row| row.name.len());
    let value = width(&|row| row.value.chars().count().min(WIDEST)).max("VALUE".len());
    let origin = width(&|row| row.origin.chars().count()).max("ORIGIN".len());
    let head = format!("{:name$}  {:value$}  {:origin$}  NOTE", "NAME", "VALUE", "ORIGIN");
    writeln!(console.out, "{}", paint.text(Paint::BOLD, &head))?;
    for row in &loaded.origins {
        let shown = if row.value.is_empty() { "-" } else { &row.value };
        let line = format!("{:name$}  {shown:value$}  {:origin$}  {}", row.name, row.origin, row.note);
        let colour = if row.is_given() { "0" } else { Paint::DIM };
        writeln!(console.out, "{}", paint.text(colour, line.trim_end()))?;
    }
    if !loaded.warnings.is_empty() {
        writeln!(console.out)?;
    }
    for warning in &loaded.warnings {
        writeln!(console.out, "{} {warning}", paint.text(Paint::YELLOW, "warning:"))?;
    }
    writeln!(
        console.out,
        "\nThe configuration is in order. A change counts from the next start, or from SIGHUP on."
    )?;
    if loaded.origins.iter().any(|row| row.origin == saved::ORIGIN) {
        writeln!(
            console.out,
            "What is saved wins over it, until `settings reset NAME` or the admin API resets it."
        )?;
    }
    Ok(())
}

/// The same as one JSON object: `settings`, `warnings` and `problems`.
pub(super) fn json(loaded: &Result<Loaded, Bad>, console: &mut Console<'_>) -> io::Result<()> {
    let document = match loaded {
        Ok(loaded) => {
            let settings: Vec<_> = loaded.origins.iter().map(setting).collect();
            json!({"settings": settings, "warnings": loaded.warnings, "problems": []})
        }
        Err(bad) => {
            let problems: Vec<_> = bad.problems.iter().map(problem).collect();
            json!({"settings": [], "warnings": [], "problems": problems})
        }
    };
    writeln!(console.out, "{document:#}")
}

fn setting(row: &Row) -> serde_json::Value {
    json!({
        "name": row.name, "value": row.value, "default": row.default, "origin": row.origin, "note": row.note,
    })
}

fn problem(problem: &Problem) -> serde_json::Value {
    json!({
        "origin": problem.origin.to_string(), "name": problem.name, "value": problem.value,
        "message": problem.message,
    })
}

/// A warning on standard error.
pub(super) fn warning(text: &str, console: &mut Console<'_>) -> io::Result<()> {
    writeln!(console.err, "{} {text}", Paint(console.err_colour).text(Paint::YELLOW, "warning:"))
}

/// Every mistake on a line of its own.
pub(super) fn mistakes(bad: &Bad, err: &mut dyn Write, colour: bool) -> io::Result<()> {
    let paint = Paint(colour);
    for problem in &bad.problems {
        writeln!(err, "{} {problem}", paint.text(Paint::RED, "error:"))?;
    }
    let count = bad.problems.len();
    let mistakes = if count == 1 { "mistake" } else { "mistakes" };
    writeln!(err, "\n{count} {mistakes} in the configuration; nothing was started.")
}
