//! The units of systemd, judged by systemd itself; and their settings, which must be ours.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ollama2openai::config::{Config, setting};

use crate::support::running::PROGRAM;

/// Tenths: "OK" ends at 4.9.
const EXPOSURE: &str = "15";

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd")
}

fn unit(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The values of a key, in order.
fn values<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    text.lines()
        .filter_map(|line| line.split_once('=').filter(|(name, _)| *name == key))
        .map(|(_, value)| value)
        .collect()
}

/// Copies of the units that name the program of this build, where systemd finds all that belongs to them.
fn copies() -> tempfile::TempDir {
    let copies = tempfile::tempdir().unwrap();
    let service = unit("ollama2openai.service").replace("/usr/bin/ollama2openai", PROGRAM);
    let inner = copies.path().join("ollama2openai.service.d");
    std::fs::create_dir(&inner).unwrap();
    for (path, text) in [
        (copies.path().join("ollama2openai.service"), service),
        (copies.path().join("ollama2openai.socket"), unit("ollama2openai.socket")),
        (inner.join("secrets.conf"), unit("ollama2openai.service.d/secrets.conf")),
    ] {
        std::fs::write(path, text).unwrap();
    }
    copies
}

fn analysed(folder: &Path, args: &[&str]) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(args).current_dir(folder).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn systemd_finds_no_mistake() {
    let copies = copies();
    let verify = || {
        analysed(copies.path(), &["verify", "--man=no", "./ollama2openai.service", "./ollama2openai.socket"])
    };
    let (is_good, told) = verify();
    assert!(is_good && told.is_empty(), "{told}");
    // A slip is found.
    let path = copies.path().join("ollama2openai.service");
    let text = std::fs::read_to_string(&path).unwrap().replace("WatchdogSec=", "WatchDogSec=");
    std::fs::write(&path, text).unwrap();
    assert!(verify().1.contains("WatchDogSec"));
}

#[test]
fn the_service_is_shut_in() {
    let threshold = format!("--threshold={EXPOSURE}");
    let args = ["security", "--offline=true", "--no-pager", &threshold, "./ollama2openai.service"];
    let (is_good, told) = analysed(copies().path(), &args);
    assert!(is_good && told.contains("OK"), "{told}");
}

#[test]
fn every_variable_is_a_setting_and_the_times_fit() {
    let (service, secrets) = (unit("ollama2openai.service"), unit("ollama2openai.service.d/secrets.conf"));
    let given: BTreeMap<&str, &str> = [&service, &secrets]
        .iter()
        .flat_map(|text| values(text, "Environment"))
        .map(|given| given.split_once('=').unwrap())
        .collect();
    assert_eq!(given.len(), 3);
    let loaded: Vec<_> =
        values(&secrets, "LoadCredential").iter().map(|given| given.split(':').next().unwrap()).collect();
    for (name, value) in given {
        let plain = name.strip_suffix("_FILE").unwrap_or(name);
        let setting = setting(plain).unwrap_or_else(|| panic!("{name} is no setting"));
        if plain != name {
            assert_eq!(setting.file_name().as_deref(), Some(name));
            assert!(loaded.contains(&value.strip_prefix("%d/").unwrap()), "{name}={value}");
        }
    }
    let config = Config::default();
    let seconds = values(&service, "TimeoutStopSec")[0].strip_suffix('s').unwrap().parse().unwrap();
    assert!(Duration::from_secs(seconds) > config.listen.shutdown_grace + config.listen.drain_timeout);
    let at = format!("{}:{}", config.listen.host, config.listen.port);
    assert_eq!(values(&unit("ollama2openai.socket"), "ListenStream"), [at]);
}
