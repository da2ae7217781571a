//! `RUN_AS`: what root starts runs as somebody else, who owns the data. Where the tests are not root's, that it is ignored.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::{NOBODY, env};
use crate::support::child::is_root;
use crate::support::running::{PROGRAM, Running, serve, started};
use crate::support::tls::{Identity, Pair};
use crate::support::wait::within;

const USER: u32 = 65532;
const RUN_AS: (&str, &str) = ("RUN_AS", "65532:65532");

/// A working directory that everybody can enter, as that of a container.
fn open_home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn owner(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path.as_ref()).unwrap_or_else(|_| panic!("{}", path.as_ref().display())).uid()
}

/// Whose the tests are. The link itself is root's.
fn own() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

/// Who owns what the gateway makes: `RUN_AS` when the tests are root's.
fn expected() -> u32 {
    if is_root() { USER } else { own() }
}

fn file(path: PathBuf) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    path
}

/// A line of `/proc/PID/status`, as numbers.
fn of_process(running: &Running, name: &str) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    line.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn the_gateway_takes_over_its_folder_and_becomes_the_user() {
    let home = open_home();
    let own = file(home.path().join("data/logs/old.txt"));
    let mut gateway = serve(home.path(), &env(home.path(), &[NOBODY, RUN_AS]));
    gateway.addr().await;
    assert_eq!(of_process(&gateway, "Uid:"), [expected(); 4]);
    if is_root() {
        assert_eq!(of_process(&gateway, "Gid:"), [USER; 4]);
        assert_eq!(of_process(&gateway, "Groups:"), [USER]);
    }
    let data = home.path().join("data");
    for path in [data.clone(), own, data.join("ollama2openai.db"), data.join("secret.key")] {
        assert_eq!(owner(&path), expected(), "{}", path.display());
    }
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
    // A folder with others above it that are missing, too.
    let deep = home.path().join("a/b/c");
    let given = env(home.path(), &[NOBODY, RUN_AS, ("DATA_DIR", deep.to_str().unwrap())]);
    let mut gateway = serve(home.path(), &given);
    gateway.addr().await;
    assert_eq!(owner(deep.join("ollama2openai.db")), expected());
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn links_lead_nowhere() {
    let home = open_home();
    let outside = tempfile::tempdir().unwrap();
    let before = owner(outside.path());
    let secret = file(outside.path().join("folder/secret"));
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    symlink(&secret, data.join("to-a-file")).unwrap();
    symlink(outside.path().join("folder"), data.join("to-a-folder")).unwrap();
    symlink("/nowhere", data.join("broken")).unwrap();
    symlink(&data, data.join("in-a-circle")).unwrap();
    // The other name of a file that may be somebody else's.
    let twin = file(home.path().join("twin"));
    fs::hard_link(&twin, data.join("twin")).unwrap();
    let mut gateway = serve(home.path(), &env(home.path(), &[NOBODY, RUN_AS]));
    if is_root() {
        let told = gateway.line("RUN_AS").await;
        assert!(
            told.contains("1 things in") && told.contains("twin: it has another name elsewhere"),
            "{told}"
        );
    }
    gateway.addr().await;
    for kept in [outside.path(), &outside.path().join("folder"), &secret, &twin] {
        assert_eq!(owner(kept), before, "{}", kept.display());
    }
    for link in ["to-a-file", "to-a-folder", "broken", "in-a-circle"] {
        assert_eq!(owner(data.join(link)), expected(), "{link}");
    }
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

async fn ran(command: &mut Command) -> (i32, String) {
    let output = within("the command ends", command.output()).await.unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[tokio::test]
async fn commands_leave_no_files_of_root() {
    let home = open_home();
    for args in [&["token", "create", "--name", "t"][..], &["check-config"], &["backup", "data/copy"]] {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(home.path()).env_clear().envs(env(home.path(), &[NOBODY, RUN_AS]));
        let (code, text) = ran(&mut command).await;
        assert_eq!(code, 0, "{args:?}: {text}");
    }
    let names = fs::read_dir(home.path().join("data")).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<_> = names.collect();
    assert!(names.len() >= 3, "{names:?}");
    for path in names {
        assert_eq!(owner(&path), expected(), "{}", path.display());
    }
}

#[tokio::test]
async fn a_folder_that_many_share_is_not_taken() {
    let home = open_home();
    // Whatever goes wrong, those of this machine stay as they are.
    let script = "exec 3<\"$0\"; for folder in /tmp /var/lib /usr/local /srv /media; do \
        [ ! -d $folder ] || mount -t tmpfs tmpfs $folder; done; exec /proc/self/fd/3 token list";
    for folder in ["/tmp", "/var/lib", "/usr/local", "/srv", "/media"] {
        let mut command = Command::new(if is_root() { "unshare" } else { PROGRAM });
        match is_root() {
            true => command.args(["-m", "sh", "-ec", script, PROGRAM]),
            false => command.args(["token", "list"]),
        };
        let given = env(home.path(), &[NOBODY, RUN_AS, ("DATA_DIR", folder)]);
        command.current_dir(home.path()).env_clear().env("PATH", "/usr/bin:/bin").envs(given);
        let (code, text) = ran(&mut command).await;
        assert_eq!(code, 1, "{text}");
        let told = text.contains(&format!("RUN_AS: {folder} cannot be given to 65532:65532"))
            && text.contains("name a folder of its own in DATA_DIR");
        assert_eq!(told, is_root(), "{text}");
    }
}

/// The program, where a script has changed what is mounted, which nobody else sees. It works in the `home`, its `$1`.
fn among_mounts(home: &Path, script: &str, env: Vec<(String, String)>) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-ec", &format!("{script}; exec \"$0\""), PROGRAM]).arg(home);
    command.current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").envs(env);
    command
}

#[tokio::test]
async fn what_is_mounted_in_the_folder_is_left_alone() {
    // Only root mounts, and only what root starts is given away.
    if !is_root() {
        return;
    }
    let home = open_home();
    let outside = file(home.path().join("outside/deep/file"));
    let (mine, point) = (file(home.path().join("data/own")), home.path().join("data/models"));
    fs::create_dir(&point).unwrap();
    file(home.path().join("data/fixed"));
    // Of the same file system as all the rest, one of them read-only.
    let script = "mount --bind \"$1/outside\" \"$1/data/models\"; mount --bind \"$1/outside/deep/file\" \"$1/data/fixed\"; \
        mount -o remount,bind,ro \"$1/data/fixed\"";
    let mut gateway = started(among_mounts(home.path(), script, env(home.path(), &[NOBODY, RUN_AS])));
    gateway.addr().await;
    for kept in [outside.as_path(), outside.parent().unwrap(), &home.path().join("outside")] {
        assert_eq!(owner(kept), own(), "{}", kept.display());
    }
    assert_eq!(owner(mine), USER);
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_database_with_another_name_elsewhere_is_told_of_with_what_mends_it() {
    let home = open_home();
    let env = env(home.path(), &[NOBODY, RUN_AS]);
    let mut gateway = serve(home.path(), &env);
    gateway.addr().await;
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
    let database = home.path().join("data/ollama2openai.db");
    fs::hard_link(&database, home.path().join("backup.db")).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&database, Some(0), Some(0)).unwrap();
        let (code, log) = serve(home.path(), &env).exited().await;
        assert_eq!(code, 1, "{log}");
        assert!(log.contains("ollama2openai.db: it has another name elsewhere"), "{log}");
        assert!(log.contains("chown 65532:65532"), "{log}");
        std::os::unix::fs::chown(&database, Some(USER), Some(USER)).unwrap();
    }
    let mut gateway = serve(home.path(), &env);
    gateway.addr().await;
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_missing_capability_is_named() {
    if !is_root() {
        return;
    }
    let home = open_home();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&data, Some(USER), Some(USER)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", PROGRAM]);
    command.current_dir(home.path()).env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(env(home.path(), &[NOBODY, RUN_AS]));
    let (code, log) = started(command).exited().await;
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("this root has no capability DAC_OVERRIDE"), "{log}");
}

#[tokio::test]
async fn a_key_that_only_root_can_read_is_told_of() {
    if !is_root() {
        return;
    }
    let home = open_home();
    let pair = Pair::new(&Identity::new());
    let [certificate, key] = [("c.pem", pair.certificate()), ("k.pem", pair.key())].map(|(name, from)| {
        let path = home.path().join(name);
        fs::copy(from, &path).unwrap();
        path.to_str().unwrap().to_owned()
    });
    fs::set_permissions(&certificate, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let env = env(home.path(), &[NOBODY, RUN_AS, ("TLS_CERT", &certificate), ("TLS_KEY", &key)]);
    let (code, log) = serve(home.path(), &env).exited().await;
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("k.pem cannot be read"), "{log}");
    assert!(log.contains("it must be readable for the user 65532"), "{log}");
}

/// The program of a root that may nothing that other users may not.
fn without_capabilities(home: &Path, more: &[(&str, &str)]) -> Command {
    let mut command = match is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", PROGRAM]);
            command
        }
        false => Command::new(PROGRAM),
    };
    command.current_dir(home).env_clear().env("PATH", "/usr/bin:/bin").envs(env(home, more));
    command
}

#[tokio::test]
async fn a_root_that_may_nothing_goes_on_where_it_can_write() {
    let home = open_home();
    let mut gateway = started(without_capabilities(home.path(), &[NOBODY, RUN_AS]));
    if is_root() {
        gateway.line("RUN_AS does not count: this root may not become another user").await;
    }
    gateway.addr().await;
    assert_eq!(owner(home.path().join("data/ollama2openai.db")), own());
    gateway.signal("TERM");
    assert_eq!(gateway.exited().await.0, 0);
}

#[tokio::test]
async fn a_root_that_may_nothing_says_where_it_cannot_write() {
    let home = open_home();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o500)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&data, Some(USER), Some(USER)).unwrap();
    }
    let (code, log) = started(without_capabilities(home.path(), &[NOBODY, RUN_AS])).exited().await;
    assert_eq!(code, 1, "{log}");
    let told = log.contains("this root may neither become another user nor write to");
    assert_eq!(told, is_root(), "{log}");
}
