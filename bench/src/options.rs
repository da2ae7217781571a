//! The command line of the benchmark.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Measures the gateway beside nginx, which passes the same bytes through.

  cargo run --release -p bench -- [--quick] [--only WORD] [--streams N] [--rounds N]
                                  [--seconds N] [--json FILE] [--gateway FILE] [--against FILE]

  --quick         a minute and a half instead of five: fewer and shorter runs
  --only WORD     only figures whose name contains WORD: whole, burst, lone, latency, memory, start,
                  many, logging
  --streams N     slow streams of the memory figure [1000]
  --rounds N      runs of each figure [5, quick 3]
  --seconds N     length of one measurement [2, quick 0.8]
  --json FILE     write the figures there as well
  --gateway FILE  measure this binary instead of building one
  --against FILE  compare with this other binary of the gateway instead of nginx
";

/// What is measured, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Runs of each figure.
    pub(crate) rounds: usize,
    /// Of one measurement.
    pub(crate) window: Duration,
    /// Part of a figure's name.
    pub(crate) only: Option<String>,
    /// Of the memory figure.
    pub(crate) streams: usize,
    /// Where the figures go beside standard output.
    pub(crate) json: Option<PathBuf>,
    /// A binary that is there already.
    pub(crate) gateway: Option<PathBuf>,
    /// Another one, in place of nginx.
    pub(crate) against: Option<PathBuf>,
}

impl Options {
    /// `None` when help was asked for.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Option<Options>> {
        let mut options = Options {
            rounds: 5,
            window: Duration::from_millis(2000),
            only: None,
            streams: 1000,
            json: None,
            gateway: None,
            against: None,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => (options.rounds, options.window) = (3, Duration::from_millis(800)),
                "--only" => options.only = Some(value()?),
                "--streams" => options.streams = value()?.parse().context("--streams needs a number")?,
                "--rounds" => options.rounds = value()?.parse().context("--rounds needs a number")?,
                "--seconds" => {
                    let seconds: f64 = value()?.parse().context("--seconds needs a number")?;
                    options.window = Duration::from_secs_f64(seconds.clamp(0.1, 3600.0));
                }
                "--json" => options.json = Some(value()?.into()),
                "--against" => options.against = Some(value()?.into()),
                "--gateway" => options.gateway = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                other => bail!("unknown argument {other}; see --help"),
            }
        }
        if !(1..=50).contains(&options.rounds) || !(1..=10_000).contains(&options.streams) {
            bail!("--rounds goes from 1 to 50, --streams from 1 to 10000");
        }
        Ok(Some(options))
    }

    /// Whether a figure is wanted for which the gateway stands beside nginx.
    pub(crate) fn wants_servers(&self) -> bool {
        ["whole", "burst", "lone", "latency", "memory", "start"].iter().any(|figure| self.wants(figure))
    }

    /// Whether the figure is wanted.
    pub(crate) fn wants(&self, figure: &str) -> bool {
        self.only.as_ref().is_none_or(|word| figure.contains(word.as_str()))
    }
}
