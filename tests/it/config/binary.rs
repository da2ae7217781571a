//! The command line through the real program: what it prints and its exit codes.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use ollama2openai::config::settings;

use super::{Case, MARKER};

/// Runs the program in the folder and with the environment of `case`, nothing else.
fn run(case: &Case, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .args(args)
        .current_dir(case.dir.path())
        .env_clear()
        .envs(&case.sources.env)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_lists_every_setting_and_explains_precedence_within_100_columns() {
    let help = run(&Case::new(), &["--help"]);
    assert_eq!(code(&help), 0);
    let text = out(&help);
    for row in settings() {
        let flag = row.flag().unwrap_or_else(|| format!("{}-file", row.key().replace('_', "-")));
        assert!(text.contains(&format!("--{flag} <")), "--{flag} is missing");
    }
    for part in [
        "default < config.toml < .env < environment < flag",
        "have no flag",
        "[default: 300s]",
        "\nUpstream:\n",
        "\nLogging:\n",
        "check-config",
        "healthcheck",
        "bench-upstream",
        "demo",
        "serve",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let hosts: Vec<&str> = text.lines().filter(|line| line.contains("<HOST>")).map(str::trim).collect();
    assert_eq!(hosts, ["--host <HOST>", "--ollama-host <HOST>"]);
    assert!(text.contains("--capture-redact <REGEXES>"), "{text}");
    assert!(!text.contains("--api-token <"), "a secret has no flag");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    assert!(!text.contains('\x1b'), "colours only on terminals");
    let short = out(&run(&Case::new(), &["-h"]));
    assert!(short.lines().count() < 32 && short.contains("--help"), "{short}");
    let version = run(&Case::new(), &["--version"]);
    assert_eq!(
        (code(&version), out(&version)),
        (0, format!("ollama2openai {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn check_config_shows_name_value_origin_and_note() {
    let case = Case::new()
        .file("config.toml", "request_timeout = \"5m\"\n")
        .file(".env", &format!("# note\nAPI_TOKEN={MARKER}\n"))
        .env("LOG_TO_FILE", "on");
    let checked = run(&case, &["check-config", "--port", "4000"]);
    assert_eq!(code(&checked), 0, "{}", err(&checked));
    let text = out(&checked);
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(row("NAME"), "NAME VALUE ORIGIN NOTE");
    assert_eq!(row("PORT"), "PORT 4000 flag");
    assert_eq!(row("REQUEST_TIMEOUT"), "REQUEST_TIMEOUT 5m config.toml:1");
    assert_eq!(row("API_TOKEN"), "API_TOKEN *** .env:2");
    assert_eq!(row("LOG_TO_FILE"), "LOG_TO_FILE on environment");
    assert_eq!(row("HOST"), "HOST 127.0.0.1 default");
    assert!(!text.contains(MARKER) && !text.contains('\x1b'));
    let column = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().find(".env:2");
    let head = text.lines().next().unwrap();
    assert_eq!(column("API_TOKEN"), head.find("ORIGIN"), "columns are aligned");
}

#[test]
fn check_config_prints_json_for_scripts() {
    let case = Case::new().env("API_TOKEN", MARKER);
    let checked = run(&case, &["check-config", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let rows = document["settings"].as_array().unwrap();
    assert_eq!(rows.len(), settings().len());
    let token = rows.iter().find(|row| row["name"] == "API_TOKEN").unwrap();
    assert_eq!((token["value"].as_str(), token["origin"].as_str()), (Some("***"), Some("environment")));
    let bad = run(&case.env("PORT", "x"), &["check-config", "--json"]);
    assert_eq!(code(&bad), 2);
    let document: serde_json::Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert_eq!(document["problems"][0]["name"], "PORT");
    assert_eq!(document["problems"][0]["value"], "x");
    assert!(!out(&checked).contains(MARKER) && !out(&bad).contains(MARKER));
}

#[test]
fn a_wrong_configuration_ends_every_start_with_2_and_all_mistakes() {
    let case =
        Case::new().file("config.toml", "port = 'x'\n").env("LOG_LEVEL", "loud").env("API_TOKEN", " x");
    for args in [&["check-config"][..], &[], &["serve"], &["demo"]] {
        let refused = run(&case, args);
        assert_eq!(code(&refused), 2, "{args:?}");
        let text = err(&refused);
        assert!(text.contains("config.toml:1: port=\"x\"") && text.contains("LOG_LEVEL"), "{args:?}: {text}");
        assert!(text.contains("3 mistakes in the configuration; nothing was started."), "{args:?}: {text}");
        assert_eq!(out(&refused), "", "{args:?}");
    }
    assert_eq!(code(&run(&case, &["healthcheck"])), 1);
}

#[test]
fn a_wrong_command_line_is_2_and_never_repeats_a_secret() {
    for args in [
        &["--api-token", MARKER][..],
        &[&format!("--api-token={MARKER}")],
        &["--prot", "1"],
        &["start"],
        &["bench-upstream", "--port", "x"],
        &["--port"],
        &["--port", "-1"],
        &["check-config", "--port", "1.5"],
    ] {
        let refused = run(&Case::new(), args);
        assert_eq!(code(&refused), 2, "{args:?}");
        assert!(!err(&refused).is_empty() && !err(&refused).contains(MARKER), "{args:?}: {}", err(&refused));
    }
}

#[test]
fn flags_may_stand_before_and_behind_the_command() {
    for args in
        [&["--port", "4000", "check-config", "--json"][..], &["check-config", "--json", "--port=4000"]]
    {
        let text = out(&run(&Case::new().env("PORT", "1"), args));
        assert!(text.contains("\"value\": \"4000\""), "{args:?}: {text}");
    }
}

/// Answers one connection with `reply` and gives the request's first line.
fn answer(reply: &'static str) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        stream.write_all(reply.as_bytes()).unwrap();
        String::from_utf8(head).unwrap().lines().next().unwrap_or_default().to_owned()
    });
    (port, served)
}

#[test]
fn healthcheck_asks_livez_of_the_configured_address() {
    for (reply, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 0),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", 1),
        ("SSH-2.0-OpenSSH_9.6\r\n", 1),
    ] {
        let (port, served) = answer(reply);
        // 0.0.0.0 is where containers listen; this machine is asked.
        let case = Case::new().env("HOST", "0.0.0.0").env("PORT", &port.to_string());
        let checked = run(&case, &["healthcheck"]);
        assert_eq!(code(&checked), expected, "{reply}: {}", err(&checked));
        assert_eq!(served.join().unwrap(), "GET /livez HTTP/1.1");
        assert_eq!(out(&checked), "");
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = run(&Case::new().env("PORT", &free.to_string()), &["healthcheck"]);
    assert_eq!(code(&nobody), 1);
    assert!(err(&nobody).contains("did not answer"), "{}", err(&nobody));
}
