//! What a release is made by, against the project: workflows call what exists, and the compose file and the image name
//! settings that exist.
//!
//! Not here: the image and the archive themselves, which `make test-image` and `make test-dist` make and look at.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use ollama2openai::config::settings;
use yaml_rust2::{Yaml, YamlLoader};

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Yaml {
    let mut documents =
        YamlLoader::load_from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}

/// The texts of a key, wherever it stands.
fn all_of<'y>(node: &'y Yaml, key: &str, found: &mut Vec<&'y str>) {
    match node {
        Yaml::Hash(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if name.as_str() == Some(key) => found.push(text),
                    _ => all_of(value, key, found),
                }
            }
        }
        Yaml::Array(items) => items.iter().for_each(|item| all_of(item, key, found)),
        _ => {}
    }
}

fn texts<'y>(node: &'y Yaml, key: &str) -> Vec<&'y str> {
    let mut found = Vec::new();
    all_of(node, key, &mut found);
    assert!(!found.is_empty(), "there is a {key}");
    found
}

fn is_program(path: &str) -> bool {
    let file = std::fs::metadata(root().join(path));
    file.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// What a script calls of the project that is not there.
fn missing(script: &str) -> Vec<String> {
    let targets: Vec<_> =
        text("Makefile").lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
    let words: Vec<_> =
        script.split([' ', '\n', '"', ';', '$', '(', ')']).filter(|word| !word.is_empty()).collect();
    let made =
        words.windows(2).filter(|pair| pair[0] == "make" && !targets.iter().any(|target| target == pair[1]));
    let called = words.iter().filter(|word| {
        (word.starts_with("scripts/") || word.starts_with("tests/") || word.starts_with(".ci/"))
            && !is_program(word)
    });
    made.map(|pair| format!("make {}", pair[1])).chain(called.map(|word| (*word).to_owned())).collect()
}

#[test]
fn workflows_call_what_exists() {
    for name in WORKFLOWS {
        let workflow = yaml(name);
        for script in texts(&workflow, "run") {
            assert_eq!(missing(script), Vec::<String>::new(), "{name}: {script}");
        }
        assert!(workflow["permissions"].as_hash().is_some(), "{name} says what it may do");
        for (job, steps) in workflow["jobs"].as_hash().expect("a workflow has jobs") {
            assert!(steps["timeout-minutes"].as_i64().is_some(), "{name}: {job:?} ends some day");
        }
    }
    assert_eq!(missing("make nothing && scripts/none.sh"), ["make nothing", "scripts/none.sh"]);
    let all = WORKFLOWS.map(text).concat();
    for needed in [
        ".ci/run",
        "make test-image",
        "make test-dist",
        "make book",
        "make deny",
        "make dist\n",
        "scripts/release-notes.sh",
    ] {
        assert!(all.contains(needed), "no workflow runs {needed}");
    }
}

#[test]
fn nothing_is_released_before_it_is_tested() {
    let workflow = yaml(WORKFLOWS[1]);
    let job = |name: &str| &workflow["jobs"][name];
    let steps = texts(job("check"), "run");
    let at = |script: &str| steps.iter().position(|step| step.starts_with(script)).expect("it is run");
    assert!(at("scripts/release-notes.sh") < at(".ci/run"), "a wrong tag ends it at once");
    assert_eq!(job("build")["needs"].as_str(), Some("check"));
    assert_eq!(job("image")["needs"].as_str(), Some("build"));
    // A tag that is not the version of the program.
    let notes = |version: &str| {
        let script = root().join("scripts/release-notes.sh");
        std::process::Command::new(script).arg(version).output().expect("it runs").status.success()
    };
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    assert!(notes(version) && !notes(&format!("{version}-rc.1")) && !notes("v0.0.1"));
}

#[test]
fn actions_of_others_are_named_by_their_commit() {
    for name in WORKFLOWS {
        for action in texts(&yaml(name), "uses") {
            let (_, commit) =
                action.split_once('@').unwrap_or_else(|| panic!("{name}: {action} has no version"));
            let is_pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_pinned, "{name}: {action}");
            assert!(text(name).contains(&format!("{action} # v")), "{name}: {action} says its version");
        }
    }
}

#[test]
fn every_target_of_the_release_has_an_archive_of_its_own() {
    let workflow = yaml(WORKFLOWS[1]);
    let targets = texts(&workflow, "target");
    let script = text("scripts/dist.sh");
    let arms = script.lines().filter_map(|line| line.trim().split_once(") system="));
    let arms: Vec<_> = arms.map(|(pattern, system)| (pattern.replace('*', "unknown"), system)).collect();
    let systems: BTreeSet<_> = targets
        .iter()
        .filter_map(|target| arms.iter().find(|(known, _)| known == target))
        .map(|arm| arm.1)
        .collect();
    assert_eq!(systems.len(), targets.len(), "{targets:?} {arms:?}");
    assert_eq!(systems.len(), arms.len(), "what dist.sh can make is released");
    let deny = text("deny.toml");
    let unchecked: Vec<_> = targets.iter().filter(|target| !deny.contains(**target)).collect();
    assert!(unchecked.is_empty(), "not in deny.toml: {unchecked:?}");
}

/// `30s` as the compose file has it.
fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim_end_matches('s').parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn is_setting(name: &str) -> bool {
    settings().iter().any(|row| row.name == name)
}

#[test]
fn the_compose_file_is_strict_and_names_settings() {
    let compose = yaml("compose.yaml");
    let gateway = &compose["services"]["gateway"];
    let environment = gateway["environment"].as_hash().expect("it has variables");
    for (name, _) in environment {
        assert!(is_setting(name.as_str().expect("a name")), "{name:?}");
    }
    let password = gateway["environment"]["ADMIN_PASSWORD"].as_str().expect("it is there");
    assert!(password.starts_with("${ADMIN_PASSWORD:?"), "compose refuses to start without: {password}");
    assert_eq!(gateway["read_only"].as_bool(), Some(true));
    assert_eq!(gateway["user"].as_str(), Some("65532:65532"));
    assert_eq!(gateway["cap_drop"][0].as_str(), Some("ALL"));
    assert_eq!(gateway["security_opt"][0].as_str(), Some("no-new-privileges:true"));
    let drain = settings().iter().find(|row| row.name == "DRAIN_TIMEOUT").expect("a setting").default;
    assert!(seconds(gateway["stop_grace_period"].as_str().expect("a time")) > seconds(drain));
    let kept = gateway["volumes"][0].as_str().and_then(|volume| volume.split_once(':')).expect("a volume").1;
    assert!(text("Dockerfile").contains(&format!("VOLUME {kept}\n")), "{kept}");
}

#[test]
fn the_image_has_all_it_copies_and_names_settings() {
    let dockerfile = text("Dockerfile").replace("\\\n", "");
    let lines = || dockerfile.lines().map(str::trim);
    let copied: Vec<_> = lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| line.split(' ').rev().skip(1).collect::<Vec<_>>())
        .collect();
    for path in &copied {
        assert!(root().join(path).exists(), "{path}");
    }
    let workspace: toml::Table = text("Cargo.toml").parse().expect("a manifest is toml");
    let crates = std::fs::read_dir(root().join("crates")).expect("there are crates");
    let crates =
        crates.map(|entry| format!("crates/{}/Cargo.toml", entry.unwrap().file_name().to_string_lossy()));
    for manifest in crates.chain(["bench/Cargo.toml".to_owned()]) {
        assert!(copied.contains(&manifest.as_str()), "the layer of dependencies has no {manifest}");
    }
    let version = workspace["package"]["version"].as_str().expect("a version");
    assert!(lines().any(|line| line == format!("ARG VERSION={version}")), "the label tells {version}");
    let variables = lines().filter_map(|line| line.strip_prefix("ENV ")).flat_map(|line| line.split(' '));
    for variable in variables {
        let name = variable.split('=').next().unwrap_or_default();
        assert!(name == "PATH" || is_setting(name), "{variable}");
    }
}
