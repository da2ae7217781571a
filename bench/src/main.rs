//! `make bench`: what the gateway costs, beside nginx passing the same bytes through.
//!
//! The server under test has one core for itself; upstream and load share another. Not a test: nothing fails here
//! but the measurement itself, the bars are shown and judged by people.

mod client;
mod figures;
mod latency;
mod load;
mod logging;
mod many;
mod options;
mod process;
mod run;
mod servers;
mod upstream;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use figures::Figure;
use options::{HELP, Options};
use servers::Place;

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let Some(options) = Options::parse(std::env::args().skip(1))? else {
        return out.write_all(HELP.as_bytes()).context("no output");
    };
    let gateway = match &options.gateway {
        Some(file) => found(file)?,
        None => build()?,
    };
    let against = options.against.as_deref().map(found).transpose()?;
    let nginx = nginx()?;
    process::pin_self()?;
    let folder = std::env::temp_dir().join(format!("ollama2openai-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measuring = async {
        let upstream = upstream::Upstream::start().await?;
        let place = Place { gateway, nginx, against, folder: folder.clone(), upstream: upstream.addr };
        run::all(&options, &place, &upstream).await
    };
    let figures = tokio::task::LocalSet::new().block_on(&runtime, measuring);
    if figures.is_ok() {
        std::fs::remove_dir_all(&folder)?;
    }
    let figures = figures.with_context(|| format!("logs are in {}", folder.display()))?;
    report(&options, &figures, &mut out)
}

fn report(options: &Options, figures: &[Figure], out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let measure = if options.against.is_some() { "other gateway" } else { "nginx" };
    writeln!(out, "\n{}", figures::heading(measure))?;
    for figure in figures {
        writeln!(out, "{}", figure.row())?;
    }
    if let Some(file) = &options.json {
        let all: Vec<_> = figures.iter().map(Figure::json).collect();
        std::fs::write(file, serde_json::to_string_pretty(&all)?)?;
    }
    Ok(())
}

/// Builds the gateway with the cargo that runs this; the binary lies beside this one.
fn build() -> anyhow::Result<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "ollama2openai", "--bin", "ollama2openai"])
        .current_dir(root)
        .status()?;
    ensure!(built.success(), "the gateway does not build");
    let own = std::env::current_exe()?;
    let gateway = own.with_file_name("ollama2openai");
    ensure!(gateway.exists(), "no {}; name a binary with --gateway", gateway.display());
    Ok(gateway)
}

fn found(file: &Path) -> anyhow::Result<PathBuf> {
    file.canonicalize().with_context(|| format!("no {}", file.display()))
}

fn nginx() -> anyhow::Result<PathBuf> {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
    let found = places.iter().map(PathBuf::from).find(|file| file.exists());
    found.context("nginx is missing; on Debian: apt-get install nginx-light")
}
