//! Settings of TLS and of listening that cannot be used: named before anything is bound.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::tls::{Identity, Pair};

/// What the program says of itself with these settings, and its exit code.
fn said(command: &str, dir: &Path, env: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ollama2openai"))
        .arg(command)
        .current_dir(dir)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
}

/// Both the start and `check-config` end with 2 and say this.
#[track_caller]
fn refuses(env: &[(&str, &str)], parts: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    for command in ["serve", "check-config"] {
        let (code, text) = said(command, dir.path(), env);
        assert_eq!(code, 2, "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{parts:?} are not in {text}");
        for secret in ["BEGIN", "MIG", "MII", "LS0t"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_pair_that_cannot_be_served_is_named_with_what_is_wrong() {
    let (identity, other) = (Identity::new(), Identity::new());
    let (good, foreign) = (Pair::new(&identity), Pair::new(&other));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let path = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
    let (certificate, key) = (path(good.certificate()), path(good.key()));
    let missing = path(folder.path().join("missing.pem"));
    let empty = file("empty.pem", "");
    let half = file("half.pem", &identity.certificate[..200]);
    let sealed = file(
        "sealed.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    // The older form, as `openssl ec -aes256` writes it.
    let older = file(
        "older.pem",
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n\
         AAAA\n-----END EC PRIVATE KEY-----\n",
    );
    for (certificate, key, name, file, why) in [
        (&missing, &key, "TLS_CERT", &missing, "is no file"),
        (&certificate, &missing, "TLS_KEY", &missing, "is no file"),
        (&empty, &key, "TLS_CERT", &empty, "holds no certificate in PEM form"),
        (&half, &key, "TLS_CERT", &half, "holds a certificate that is cut or damaged"),
        (&key, &certificate, "TLS_CERT", &key, "holds no certificate in PEM form"),
        (&certificate, &certificate, "TLS_KEY", &certificate, "holds no private key in PEM form"),
        (&certificate, &sealed, "TLS_KEY", &sealed, "is encrypted"),
        (&certificate, &older, "TLS_KEY", &older, "is encrypted"),
        (&certificate, &path(foreign.key()), "TLS_KEY", &path(foreign.key()), "is not the key of"),
    ] {
        let says = format!("environment variable {name} names {file}, which {why}");
        refuses(&[("TLS_CERT", certificate), ("TLS_KEY", key)], &[&says]);
    }
}

#[test]
fn settings_that_do_not_go_together_are_named() {
    refuses(&[("TLS_CERT", "c.pem")], &["TLS_CERT is set, and TLS_KEY is not: TLS needs both"]);
    refuses(&[("TLS_KEY", "k.pem")], &["TLS_KEY is set, and TLS_CERT is not: TLS needs both"]);
    refuses(
        &[("TLS_CERT", "c.pem"), ("TLS_KEY", "k.pem"), ("TLS_SELF_SIGNED", "yes")],
        &["TLS_SELF_SIGNED is on, and TLS_CERT too; only one of the two can be"],
    );
    let taken = "ADMIN_LISTEN is taken by HOST and PORT, which are 127.0.0.1:3000";
    refuses(&[("ADMIN_LISTEN", "127.0.0.1:3000")], &[taken]);
    refuses(&[("ADMIN_LISTEN", "0.0.0.0:3000")], &[taken]);
}

#[test]
fn texts_of_another_form_are_refused() {
    for text in ["3001", "127.0.0.1", "gw:3001", "127.0.0.1:70000", "::1:3001", "127.0.0.1:+1"] {
        refuses(&[("ADMIN_LISTEN", text)], &["is no address with a port; allowed: an IP address"]);
    }
    refuses(&[("UNIX_SOCKET", &"x".repeat(108))], &["is longer than 107 bytes"]);
    refuses(&[("REUSE_PORT", "perhaps")], &["REUSE_PORT", "is no switch"]);
}

#[test]
fn a_key_in_the_place_of_its_path_is_refused_and_not_repeated() {
    let identity = Identity::new();
    let inner: String = identity.key.lines().skip(1).collect();
    for text in [identity.key.as_str(), &inner, "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t"] {
        let says =
            "is the content of a file, where its path is meant; allowed: the path of a file in PEM form";
        refuses(&[("TLS_CERT", "c.pem"), ("TLS_KEY", text)], &["TLS_KEY=\"***\"", says]);
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".env"), format!("TLS_KEY={}\n", identity.key)).unwrap();
    let (code, text) = said("check-config", dir.path(), &[]);
    assert!(code == 2 && identity.key.lines().all(|line| !text.contains(line)), "{text}");
}
