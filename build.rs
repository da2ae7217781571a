//! Builds the panel of `ui/` and writes it as a table of files that `src/admin/panel/files.rs` includes.
//!
//! `PANEL` says how: `auto` builds it where Node and npm are there, and else embeds a page that says what is missing;
//! `required` fails then; `skip` never builds it.

#![expect(clippy::print_stderr, reason = "so a build script says why it fails")]

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What the panel is made of. Never `ui` itself: `node_modules` below it changes with each build.
const SOURCES: [&str; 6] =
    ["ui/src", "ui/public", "ui/index.html", "ui/package-lock.json", "ui/vite.config.ts", "ui/tsconfig.json"];
const OURS: [&str; 4] = ["build.rs", COMPRESS, NOTICE, NAMES];
const COMPRESS: &str = "scripts/compress.mjs";
const NOTICE: &str = "src/admin/panel/notice.html";
/// What a program with glibc within it needs in order to find hosts.
const NAMES: &str = "src/boot/names.c";
/// Where `scripts/setup.sh` puts Node and npm when the system's are too old.
const TOOLS: &str = "target/tools/node_modules/.bin";
/// Takes the place of a nonce, which is new in each reply.
const NONCE: &str = "%CSP_NONCE%";
/// The lock file of the packages that are installed.
const INSTALLED: &str = "node_modules/.installed-lock.json";
const INDEX: &str = "index.html";
/// Lines of a failed program that are shown.
const SHOWN: usize = 40;

fn main() -> ExitCode {
    watch();
    if let Err(why) = find_hosts_alone() {
        eprintln!("error: {NAMES} could not be compiled: {why}");
        return ExitCode::FAILURE;
    }
    let wish = env::var_os("PANEL").unwrap_or_default().to_string_lossy().into_owned();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let built = match wish.as_str() {
        "" | "auto" | "required" => build(&out.join("ui")).and_then(|()| table(&out.join("ui"))),
        "skip" => Ok(notice()),
        other => {
            eprintln!("error: PANEL={other} is none of auto, required and skip");
            return ExitCode::FAILURE;
        }
    };
    let text = match built {
        Ok(text) => text,
        Err(why) if wish == "required" => {
            eprintln!("error: the panel could not be built: {why}");
            return ExitCode::FAILURE;
        }
        Err(why) => {
            let lines = why.lines().filter(|line| !line.trim().is_empty());
            lines.for_each(|line| println!("cargo:warning={line}"));
            println!("cargo:warning=so /admin is a page that says how to build the panel; all else works");
            notice()
        }
    };
    match fs::write(out.join("panel.rs"), text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", out.join("panel.rs").display());
            ExitCode::FAILURE
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Tells cargo when to build again. A path that is not there would count as changed each time.
fn watch() {
    println!("cargo:rerun-if-env-changed=PANEL");
    for path in OURS.iter().chain(&SOURCES).filter(|path| root().join(path).exists()) {
        println!("cargo:rerun-if-changed={path}");
    }
}

/// Links [`NAMES`] into a program that has glibc within it.
fn find_hosts_alone() -> Result<(), String> {
    let told = |name: &str| env::var_os(name).unwrap_or_default().to_string_lossy().into_owned();
    let has = |name: &str, word: &str| told(name).split(',').any(|one| one == word);
    let is_ours = has("CARGO_CFG_TARGET_OS", "linux")
        && has("CARGO_CFG_TARGET_ENV", "gnu")
        && has("CARGO_CFG_TARGET_FEATURE", "crt-static");
    if !is_ours {
        return Ok(());
    }
    println!("cargo:rerun-if-env-changed=CC");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let object = out.join("names.o");
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    run(Command::new(compiler).args(["-O2", "-fPIE", "-c"]).arg(root().join(NAMES)).arg("-o").arg(&object))?;
    println!("cargo:rustc-link-arg-bins={}", object.display());
    Ok(())
}

/// Builds the panel into `folder`.
fn build(folder: &Path) -> Result<(), String> {
    let ui = root().join("ui");
    let lock = File::open(ui.join("package-lock.json")).map_err(|_| "there is no ui/package-lock.json")?;
    // Two builds may run at once, and `npm ci` begins by removing what is there.
    lock.lock().map_err(|error| format!("ui/package-lock.json cannot be locked: {error}"))?;
    let node = version("node")?;
    if !matches!(node, (20, 19..) | (22, 12..) | (23.., _)) {
        return Err(format!("Node {}.{} is too old for the panel: it takes 20.19 or 22.12", node.0, node.1));
    }
    if !is_installed(&ui) {
        let npm = version("npm")?;
        if npm.0 < 11 {
            return Err(format!("npm {}.{} is too old for the panel: it takes npm 11", npm.0, npm.1));
        }
        run(program("npm").args(["ci", "--no-audit", "--no-fund", "--prefer-offline"]).current_dir(&ui))?;
        let kept = fs::copy(ui.join("package-lock.json"), ui.join(INSTALLED));
        kept.map_err(|error| format!("ui/{INSTALLED}: {error}"))?;
    }
    let vite = ui.join("node_modules/vite/bin/vite.js");
    run(program("node").arg(vite).args(["build", "--emptyOutDir", "--outDir"]).arg(folder).current_dir(&ui))?;
    // The last hundredths of size take most of the time: only for what is shipped.
    let quality = if env::var_os("PROFILE").is_some_and(|profile| profile == "release") { "11" } else { "9" };
    run(program("node").arg(root().join(COMPRESS)).arg(folder).arg(quality))
}

/// Whether the packages are those of the lock file. A checkout may make it new without a change, and a person may have
/// called npm, which writes a lock file of its own when it is done: either sign will do.
fn is_installed(ui: &Path) -> bool {
    let text = |path: &str| fs::read(ui.join(path)).ok();
    let changed = |path: &str| fs::metadata(ui.join(path)).and_then(|file| file.modified()).ok();
    let is_same = text(INSTALLED).is_some_and(|kept| Some(kept) == text("package-lock.json"));
    is_same
        || changed("node_modules/.package-lock.json")
            .is_some_and(|at| Some(at) >= changed("package-lock.json"))
}

/// A program of Node's, those of `scripts/setup.sh` first.
fn program(name: &str) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [root().join(TOOLS)].into_iter().chain(env::split_paths(&path));
    let mut command = Command::new(name);
    if let Ok(path) = env::join_paths(folders) {
        command.env("PATH", path);
    }
    command
}

/// Major and minor of a program's version: `v20.19.0`, `11.2.1`.
fn version(name: &str) -> Result<(u32, u32), String> {
    let missing = |_| format!("{name} is missing, and the panel is built by Node 20.19 or later with npm 11");
    let told = program(name).arg("--version").output().map_err(missing)?;
    let told = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    let mut parts = told.trim_start_matches('v').split('.').map(|part| part.parse().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) => Ok((major, minor)),
        _ => Err(format!("{name} --version answers {told:?}")),
    }
}

/// Runs a program; what it printed is the error when it fails.
fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let lines: Vec<&str> = printed.lines().collect();
    let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
    Err(format!("{name} ended with {}\n{last}", output.status))
}

/// The built files as Rust, in the order of their paths.
fn table(folder: &Path) -> Result<String, String> {
    let page = folder.join(INDEX);
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    if !text.contains(NONCE) {
        return Err(format!("ui/index.html has no {NONCE}"));
    }
    let mut paths = Vec::new();
    collect(folder, &mut paths).map_err(|error| format!("{}: {error}", folder.display()))?;
    paths.sort();
    let mut rows = String::new();
    for path in paths.iter().filter(|path| !is_packed(path) && **path != page) {
        rows.push_str(&row(folder, path)?);
    }
    Ok(rust(&page, &rows))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "br" || extension == "gz")
}

fn row(folder: &Path, path: &Path) -> Result<String, String> {
    let name = path.strip_prefix(folder).expect("it was found there").to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let kind = content_type(&extension).ok_or(format!("{name}: nobody knows the type of .{extension}"))?;
    if name.starts_with("assets/") && !is_hashed(path) {
        return Err(format!("{name} has no hash in its name, and browsers would keep it for a year"));
    }
    let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let packed = |extension: &str| {
        let packed = PathBuf::from(format!("{}.{extension}", path.display()));
        if packed.exists() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() }
    };
    Ok(format!(
        "    File {{ path: {name:?}, content_type: {kind:?}, tag: \"{:016x}\", identity: include_bytes!({path:?}), \
         br: {}, gzip: {} }},\n",
        hasher.finish(),
        packed("br"),
        packed("gz")
    ))
}

/// Whether the name ends as Vite's do: `index-BFoztkxr.js`.
fn is_hashed(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
    let Some((_, [b'-', hash @ ..])) = stem.split_last_chunk::<9>().map(|(name, end)| (name, end.as_slice()))
    else {
        return false;
    };
    hash.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn content_type(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// The table of a build without a panel.
fn notice() -> String {
    rust(&root().join(NOTICE), "")
}

fn rust(page: &Path, rows: &str) -> String {
    let mut text = String::new();
    let wrote = write!(
        text,
        "/// The page of every path that is no file.\npub(super) static PAGE: &str = include_str!({page:?});\n\n\
         /// In the order of their paths.\npub(super) static FILES: &[File] = &[\n{rows}];\n"
    );
    wrote.expect("text takes all that is written");
    text
}
