//! Settings: which source wins, which texts are values, and that mistakes and secrets are handled as promised.

use std::path::Path;
use std::time::Duration;

use ollama2openai::config::{Bad, Config, Level, Loaded, LogFormat, Sources, StreamUsage, load};
use tempfile::TempDir;

mod binary;
mod secrets;
mod table;
mod urls;

/// A text that must never be printed.
const MARKER: &str = "mArKeR-5b1f";

/// A working directory and an environment of its own.
struct Case {
    dir: TempDir,
    sources: Sources,
}

impl Case {
    fn new() -> Case {
        let dir = tempfile::tempdir().unwrap();
        let sources = Sources { dir: dir.path().to_owned(), ..Sources::default() };
        Case { dir, sources }
    }

    fn file(self, name: &str, text: &str) -> Case {
        std::fs::write(self.dir.path().join(name), text).unwrap();
        self
    }

    fn env(mut self, name: &str, text: &str) -> Case {
        self.sources.env.insert(name.to_owned(), text.to_owned());
        self
    }

    fn flag(mut self, name: &str, text: &str) -> Case {
        self.sources.flags.insert(name.to_owned(), text.to_owned());
        self
    }

    fn load(&self) -> Result<Loaded, Bad> {
        load(&self.sources)
    }

    fn good(&self) -> Loaded {
        self.load().unwrap_or_else(|bad| panic!("{bad}: {:#?}", bad.problems))
    }

    /// Every mistake, one line each.
    fn mistakes(&self) -> Vec<String> {
        self.load().expect_err("mistakes").problems.iter().map(ToString::to_string).collect()
    }
}

fn env(name: &str, text: &str) -> Case {
    Case::new().env(name, text)
}

fn origin(loaded: &Loaded, name: &str) -> String {
    loaded.origins.iter().find(|row| row.name == name).unwrap().origin.clone()
}

#[test]
fn without_any_source_every_default_is_the_documented_one() {
    let loaded = Case::new().good();
    let config = loaded.config;
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
    assert_eq!((config.listen.host.to_string().as_str(), config.listen.port), ("127.0.0.1", 3000));
    assert_eq!(config.listen.max_connections, 10_000);
    assert_eq!(config.listen.max_body_bytes, 64 * 1024 * 1024);
    assert_eq!(config.listen.header_timeout, Duration::from_secs(75));
    assert_eq!(config.listen.drain_timeout, Duration::from_secs(30));
    assert_eq!(config.upstream.base.to_string(), "http://127.0.0.1:11434");
    assert_eq!(config.upstream.connect_timeout, Duration::from_secs(30));
    assert_eq!(config.upstream.request_timeout, Duration::from_secs(300));
    assert_eq!(config.upstream.whole_timeout, Duration::from_secs(30 * 60));
    assert_eq!(config.upstream.idle_timeout, Duration::from_secs(300));
    assert_eq!(config.upstream.total_timeout, None);
    assert_eq!(config.upstream.max_line_bytes, 16 * 1024 * 1024);
    assert_eq!(config.replies.heartbeat, Duration::from_secs(10));
    assert_eq!(config.replies.usage, StreamUsage::Asked);
    assert_eq!(config.replies.client_options, None);
    assert!(config.access.api_token.is_none());
    assert_eq!((config.log.level, config.log.format), (Level::Info, LogFormat::Text));
    assert_eq!(config.data_dir, Path::new("./data"));
    assert!(loaded.origins.iter().all(|row| row.origin == "default"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn later_sources_win_over_each_earlier_one() {
    // (port, origin) of each source, lowest first.
    let sources = [("1001", "config.toml:2"), ("1002", ".env:3"), ("1003", "environment"), ("1004", "flag")];
    let add = |case: Case, source: usize| match source {
        0 => case.file("config.toml", "# a comment\nport = 1001\n"),
        1 => case.file(".env", "\n# a comment\nPORT=1002\n"),
        2 => case.env("PORT", "1003"),
        _ => case.flag("PORT", "1004"),
    };
    for low in 0..4 {
        for (high, (port, from)) in sources.into_iter().enumerate().skip(low) {
            let loaded = add(add(Case::new(), low), high).good();
            assert_eq!(loaded.config.listen.port.to_string(), port, "{low} below {high}");
            assert_eq!(origin(&loaded, "PORT"), from);
        }
    }
}

#[test]
fn another_file_can_be_named_and_must_exist() {
    let mut case = Case::new().file("other.toml", "port = 1").file("config.toml", "port = 2");
    case.sources.config_file = Some("other.toml".into());
    let loaded = case.good();
    assert_eq!((loaded.config.listen.port, origin(&loaded, "PORT").as_str()), (1, "other.toml:1"));
    case.sources.config_file = Some("none.toml".into());
    assert_eq!(case.mistakes(), ["flag --config names none.toml, which is no file"]);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_a_mistake() {
    let case = Case::new();
    for name in ["config.toml", ".env"] {
        std::fs::create_dir(case.dir.path().join(name)).unwrap();
    }
    let is_folder = "the file cannot be read: it is a folder";
    assert_eq!(case.mistakes(), [format!("config.toml:1: {is_folder}"), format!(".env:1: {is_folder}")]);
}

#[test]
fn an_empty_value_is_the_default_and_says_what_it_puts_out_of_force() {
    let case = Case::new().file(".env", "PORT=4000\nHOST=\n").env("PORT", "");
    let loaded = case.good();
    assert_eq!(loaded.config.listen.port, 3000);
    assert_eq!(origin(&loaded, "PORT"), "default");
    assert_eq!(loaded.warnings, ["environment: PORT is empty, which puts .env:1 out of force"]);
}

#[test]
fn all_mistakes_are_listed_at_once_with_place_value_and_allowed_form() {
    let case = Case::new()
        .file(
            "config.toml",
            "port = 70000\nrequest_timeot = 5\nwhole_timeout = \"soon\"\n[server]\nhost = 1\n",
        )
        .file(".env", "# one\nCONNECT_TIMEOUT='never'\nrubbish\nSTREAM_USAGE=sometimes\n")
        .env("LOG_LEVEL", "loud")
        .env("CACHE_CHAT", "maybe")
        .flag("MAX_BODY_BYTES", "5 apples");
    let times = "allowed: milliseconds as a plain number, or such as 500ms, 30s, 5m, 24h; from 1ms to 30d";
    let expected = [
        "config.toml:1: port=\"70000\" is too large; allowed: a whole number from 0 to 65535".to_owned(),
        "config.toml:2: request_timeot is no setting; did you mean `request_timeout`?".to_owned(),
        format!("config.toml:3: whole_timeout=\"soon\" is not a duration; {times}"),
        "config.toml:4: server is a table; settings stand without [headings], as key = value".to_owned(),
        format!(".env:2: CONNECT_TIMEOUT=\"never\" is not a duration; {times}"),
        ".env:3: this line is not NAME=value".to_owned(),
        ".env:4: STREAM_USAGE=\"sometimes\" is none of these; allowed: asked, always".to_owned(),
        "environment variable CACHE_CHAT=\"maybe\" is no switch; allowed: true or false (also 1/0, yes/no, on/off)"
            .to_owned(),
        "environment variable LOG_LEVEL=\"loud\" is none of these; allowed: error, warn, info, debug, trace"
            .to_owned(),
        "flag --max-body-bytes=\"5 apples\" is not a size; allowed: bytes as a plain number, or such as 64MiB or \
         50MB, from 1B to 2047MiB"
            .to_owned(),
    ];
    let mut found = case.mistakes();
    found[7..9].sort();
    assert_eq!(found, expected);
}

#[test]
fn broken_toml_is_a_mistake_with_its_line_and_without_its_text() {
    let mistakes =
        Case::new().file("config.toml", &format!("port = 1\napi_token = \"{MARKER}\nhost = 'x")).mistakes();
    assert!(
        mistakes.iter().any(|line| line.starts_with("config.toml:2: this line is not TOML:")),
        "{mistakes:?}"
    );
    assert!(!format!("{mistakes:?}").contains(MARKER), "{mistakes:?}");
}

#[test]
fn unknown_names_are_mistakes_in_the_file_warnings_in_dot_env_and_nothing_in_the_environment() {
    let file = Case::new().file("config.toml", "PORT = 1\ncolour = 'red'\n").mistakes();
    assert_eq!(file[0], "config.toml:1: PORT is no setting; did you mean `port`?");
    assert_eq!(file[1], "config.toml:2: colour is no setting");
    let text =
        "REQEST_TIMEOUT=1\nRATE_LIMIT_PER_MODEL=3\nPOSTGRES_PASSWORD=x\nTZ=UTC\nBENCH_URL=http://localhost\n";
    assert_eq!(
        Case::new().file(".env", text).good().warnings,
        [
            ".env:1: REQEST_TIMEOUT is no setting; did you mean REQUEST_TIMEOUT?",
            ".env:2: RATE_LIMIT_PER_MODEL is no setting",
        ]
    );
    assert!(env("REQEST_TIMEOUT", "1").env("HOME", "/root").good().warnings.is_empty());
}

#[test]
fn dot_env_takes_values_as_the_old_reader_did() {
    let text = "\u{feff}export PORT=4001 # why\r\nAPI_TOKEN=pa$HOME\\n1#2\nOLLAMA_HOST=\"gpu\" # quoted\n\
                DATA_DIR='/a b # c'\nIP_WHITELIST=10.0.0.1, 10.1.0.0/16\n";
    let config = Case::new().file(".env", text).good().config;
    assert_eq!(config.listen.port, 4001);
    assert_eq!(config.access.api_token.unwrap().expose(), "pa$HOME\\n1#2");
    assert_eq!(config.upstream.base.to_string(), "http://gpu:11434");
    assert_eq!(config.data_dir, Path::new("/a b # c"));
}

#[test]
fn dot_env_does_not_replace_dollars_in_double_quotes_and_counts_lines_over_long_values() {
    let text = "API_TOKEN=\"a$PATH ${HOME} \\$x\"\nNOTE=\"one\ntwo\"\nPORT=x\n";
    let mistakes = Case::new().file(".env", text).mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].starts_with(".env:4: PORT=\"x\""), "{mistakes:?}");
    let token = Case::new().file(".env", text).env("PORT", "1").good().config.access.api_token.unwrap();
    assert_eq!(token.expose(), "a$PATH ${HOME} $x");
    let open = Case::new().file(".env", "PORT=1\nAPI_TOKEN='abc\nHOST=::1\n").mistakes();
    assert!(open[0].starts_with(".env:2: this line has a quoted value"), "{open:?}");
}

#[test]
fn toml_values_may_be_of_their_own_types() {
    let text =
        "port = 0x10\ncache_chat = true\nconnect_timeout = 5_000\nip_whitelist = ['10.0.0.0/8', '::1']\n";
    let loaded = Case::new().file("config.toml", text).good();
    assert_eq!(loaded.config.listen.port, 16);
    assert_eq!(loaded.config.upstream.connect_timeout, Duration::from_secs(5));
    let list = loaded.origins.iter().find(|row| row.name == "IP_WHITELIST").unwrap();
    assert_eq!(list.value, "10.0.0.0/8,::1");
}

#[test]
fn durations_take_plain_numbers_and_units() {
    let time = |text| env("REQUEST_TIMEOUT", text).good().config.upstream.request_timeout;
    for (text, millis) in
        [("1500", 1500), ("500ms", 500), ("30s", 30_000), ("5M", 300_000), ("24h", 86_400_000)]
    {
        assert_eq!(time(text), Duration::from_millis(millis), "{text}");
    }
    for text in ["0", "-1", "1.5s", "5 m", "s", "31d", "99999999999999999999", "5min", "٣s"] {
        assert_eq!(env("REQUEST_TIMEOUT", text).mistakes().len(), 1, "{text}");
    }
    assert_eq!(env("TOTAL_TIMEOUT", "0").good().config.upstream.total_timeout, None);
    assert_eq!(env("TOTAL_TIMEOUT", "2s").good().config.upstream.total_timeout, Some(Duration::from_secs(2)));
    assert!(env("SSE_HEARTBEAT", "0").good().config.replies.heartbeat > Duration::from_secs(86_400));
    // Plain seconds, here alone: 60 is the default, so nothing is warned of.
    assert!(env("HEALTH_CHECK_INTERVAL", "1m").good().warnings.is_empty());
    assert!(env("HEALTH_CHECK_INTERVAL", "60").good().warnings.is_empty());
    assert_eq!(env("HEALTH_CHECK_INTERVAL", "60ms").mistakes().len(), 1);
}

#[test]
fn switches_sizes_numbers_and_words_take_the_documented_forms() {
    let switch = |text| env("ALLOW_CLIENT_OPTIONS", text).good().config.replies.client_options;
    for text in ["true", "1", "YES", "On"] {
        assert_eq!(switch(text), Some(true), "{text}");
    }
    for text in ["false", "0", "No", "OFF"] {
        assert_eq!(switch(text), Some(false), "{text}");
    }
    let bytes = |text| env("MAX_BODY_BYTES", text).good().config.listen.max_body_bytes;
    for (text, size) in
        [("1000", 1000), ("64MiB", 64 << 20), ("50mb", 50_000_000), ("2KiB", 2048), ("1GB", 1_000_000_000)]
    {
        assert_eq!(bytes(text), size, "{text}");
    }
    for (name, text) in [
        ("ALLOW_CLIENT_OPTIONS", "2"),
        ("ALLOW_CLIENT_OPTIONS", "t"),
        ("MAX_BODY_BYTES", "64M"),
        ("PORT", "60s"),
        ("MAX_BODY_BYTES", "0"),
        ("MAX_BODY_BYTES", "9999999999999GiB"),
        ("PORT", "+80"),
        ("PORT", "65536"),
        ("HOST", "example.org"),
        ("HOST", "1.2.3"),
        ("IP_WHITELIST", "10.0.0.0/33"),
        ("IP_WHITELIST", "host"),
        ("IP_ACCESS_MODE", "on"),
        ("TRUST_PROXY", "everyone"),
        ("LOG_LEVEL", "verbose"),
        ("PORT", "\u{fffd}"),
    ] {
        assert_eq!(env(name, text).mistakes().len(), 1, "{name}={text}");
    }
    for text in ["false", "TRUE", "2", "loopback, 10.0.0.0/8,fd00::/8", "uniquelocal"] {
        env("TRUST_PROXY", text).good();
    }
    let config =
        env("LOG_LEVEL", "DEBUG").env("LOG_FORMAT", "json").env("STREAM_USAGE", "Always").good().config;
    assert_eq!((config.log.level, config.log.format), (Level::Debug, LogFormat::Json));
    assert_eq!(config.replies.usage, StreamUsage::Always);
    for (text, host) in [("localhost", "127.0.0.1"), ("::", "::"), ("[::1]", "::1"), ("0.0.0.0", "0.0.0.0")] {
        assert_eq!(env("HOST", text).good().config.listen.host.to_string(), host);
    }
}
