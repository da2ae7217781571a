//! Secrets: given as files, and never shown.

use super::{Case, MARKER, env, origin};

fn token(case: &Case) -> String {
    case.good().config.access.api_token.unwrap().expose().to_owned()
}

#[test]
fn a_secret_may_be_given_as_a_file_by_every_source() {
    let case = || Case::new().file("token", "from file\n");
    let path = case().dir.path().join("token");
    assert_eq!(token(&case().env("API_TOKEN_FILE", "token")), "from file");
    assert_eq!(token(&case().file(".env", "API_TOKEN_FILE=token\n")), "from file");
    assert_eq!(token(&case().file("config.toml", "api_token_file = 'token'")), "from file");
    assert_eq!(token(&case().flag("API_TOKEN_FILE", "token")), "from file");
    assert_eq!(origin(&case().env("API_TOKEN_FILE", "token").good(), "API_TOKEN"), "file token");
    assert!(!path.exists(), "each case has a folder of its own");
    // An empty variable, as compose files set it, is not said.
    assert_eq!(token(&case().env("API_TOKEN_FILE", "token").env("API_TOKEN", "")), "from file");
    assert_eq!(token(&case().env("API_TOKEN_FILE", "").env("API_TOKEN", "plain")), "plain");
    // A later source wins, whichever form it uses.
    assert_eq!(token(&case().file(".env", "API_TOKEN=old").env("API_TOKEN_FILE", "token")), "from file");
    assert_eq!(token(&case().file(".env", "API_TOKEN_FILE=token").env("API_TOKEN", "new")), "new");
    assert_eq!(token(&case().file("token", "windows\r\n").env("API_TOKEN_FILE", "token")), "windows");
}

#[test]
fn a_secret_file_that_cannot_serve_is_a_mistake() {
    let both = Case::new().file("t", "x").env("API_TOKEN", MARKER).env("API_TOKEN_FILE", "t").mistakes();
    assert_eq!(
        both,
        ["environment variable API_TOKEN_FILE is set, and API_TOKEN too; only one of the two can be"]
    );
    let file = |name: &str, text: &str| Case::new().file(name, text).env("API_TOKEN_FILE", "t").mistakes();
    assert_eq!(file("u", ""), ["environment variable API_TOKEN_FILE names t, which is no file"]);
    assert_eq!(file("t", "\n\n"), ["environment variable API_TOKEN_FILE names t, which is empty"]);
    let two = file("t", &format!("{MARKER}\nsecond\n"));
    assert_eq!(
        two,
        ["file t: API_TOKEN=\"***\" holds a line break or another control character; \
          allowed: one line of text without blanks around it"]
    );
    assert_eq!(env("PORT_FILE", "x").good().config.listen.port, 3000, "only secrets have files");
}

#[test]
fn a_key_that_seals_nothing_is_a_mistake() {
    let wanted = "environment variable SECRET_KEY=\"***\" is not a key; \
                  allowed: 32 bytes in base64, as `openssl rand -base64 32` prints them";
    for wrong in ["abc", "c2hvcnQ=", &"A".repeat(80)] {
        assert_eq!(env("SECRET_KEY", wrong).mistakes(), [wanted], "{wrong}");
    }
    env("SECRET_KEY", &format!("{}=", "A".repeat(43))).good();
    env("SECRET_KEY", "").good();
}

#[test]
fn secrets_are_masked_wherever_a_configuration_is_shown() {
    let good = Case::new().env("API_TOKEN", MARKER).file(".env", &format!("ADMIN_PASSWORD={MARKER}\n"));
    let loaded = good.good();
    assert_eq!(loaded.config.access.api_token.as_ref().unwrap().expose(), MARKER);
    assert_eq!(loaded.config.access.api_token.as_ref().unwrap().to_string(), "***");
    let row = loaded.origins.iter().find(|row| row.name == "API_TOKEN").unwrap();
    assert_eq!(row.value, "***");
    assert!(!format!("{loaded:?} {:?}", good.sources).contains(MARKER));
    for text in [format!(" {MARKER}"), format!("{MARKER}\n{MARKER}")] {
        let bad = env("API_TOKEN", &text).load().unwrap_err();
        assert!(!format!("{bad} {bad:?}").contains(MARKER));
    }
    for url in [
        "http://me:{}@gpu",
        "http://{}@gpu/?x",
        "http://gpu/?key={}",
        "http://gpu#{}",
        "{}@gpu",
        "ftp://u:{}@x",
    ] {
        let bad = env("OLLAMA_BASE_URL", &url.replace("{}", MARKER)).load().unwrap_err();
        assert!(!format!("{bad} {bad:?} {}", bad.problems[0]).contains(MARKER), "{:?}", bad.problems);
    }
    let line = Case::new().file(".env", &format!("API TOKEN {MARKER}\nAPI_TOKEN='{MARKER}\n")).load();
    assert!(!format!("{line:?}").contains(MARKER));
    let key =
        Case::new().file("config.toml", &format!("api_tokens = '{MARKER}'\napi_token = ['{MARKER}\\u0001']"));
    assert!(!format!("{:?}", key.load()).contains(MARKER));
}

#[test]
fn headers_for_a_collector_are_secrets_with_a_form() {
    let good = env("OTEL_EXPORTER_OTLP_HEADERS", &format!("x-key={MARKER}")).good();
    assert!(!format!("{good:?}").contains(MARKER));
    let [(name, value)] = &good.config.traces.headers[..] else { panic!("one header") };
    assert_eq!((name.as_str(), value.expose()), ("x-key", MARKER));
    assert_eq!(
        env("OTEL_EXPORTER_OTLP_HEADERS", MARKER).mistakes(),
        ["environment variable OTEL_EXPORTER_OTLP_HEADERS=\"***\" is no list of headers; \
          allowed: name=value,name=value, values percent-encoded"]
    );
    for (name, bad) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:mArKeR-5b1f@c"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
        ("OTEL_TRACES_SAMPLER", "often"),
    ] {
        let mistakes = env(name, bad).mistakes();
        assert!(mistakes.len() == 1 && !mistakes[0].contains(MARKER), "{mistakes:?}");
    }
}
