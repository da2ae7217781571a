//! The certificate that the gateway makes itself, for trials.

use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};

use super::pair::{Files, Pair};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Some clients believe none that lives longer than 398 days.
const LIFE_DAYS: i32 = 365;
/// One that ends within this many days is made anew.
const RENEWED_DAYS: i32 = 30;
/// Begins the line that says for which names it is.
const NAMES: &str = "names: ";

/// Where it is kept, and for which address of the gateway it must be.
#[derive(Debug, Clone)]
pub(super) struct Own {
    folder: PathBuf,
    host: IpAddr,
}

impl Own {
    pub(super) fn new(data_dir: &Path, host: IpAddr) -> Own {
        Own { folder: data_dir.join("tls"), host }
    }

    pub(super) fn files(&self) -> Files {
        Files { certificate: self.folder.join("self-signed.pem"), key: self.folder.join("self-signed.key") }
    }

    /// The one that is there, or a new one where it is of no use any more.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub(super) fn pair(&self) -> anyhow::Result<Pair> {
        let files = self.files();
        match files.read() {
            Ok(pair) if !is_due(pair.end) && self.is_for_host(&files) => Ok(pair),
            _ => {
                self.make().context("no certificate could be made")?;
                Ok(files.read()?)
            }
        }
    }

    /// By the text that stands before it. The machine's name does not count: in a container it is another at each start.
    fn is_for_host(&self, files: &Files) -> bool {
        let text = std::fs::read_to_string(&files.certificate).unwrap_or_default();
        let names = text.lines().find_map(|line| line.strip_prefix(NAMES)).unwrap_or_default();
        let host = self.host.to_string();
        self.host.is_unspecified() || names.split(' ').any(|name| name == host)
    }

    fn names(&self) -> Vec<String> {
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        if !self.host.is_unspecified() {
            names.push(self.host.to_string());
        }
        let machine = rustix::system::uname();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let machine = machine.nodename().to_str().unwrap_or_default();
        if !machine.is_empty() && machine.bytes().all(is_name) {
            names.push(machine.to_ascii_lowercase());
        }
        let mut known = std::collections::HashSet::new();
        names.retain(|name| known.insert(name.clone()));
        names
    }

    fn make(&self) -> anyhow::Result<()> {
        let (names, now) = (self.names(), Timestamp::now());
        let mut params = CertificateParams::new(names.clone())?;
        params.distinguished_name.push(DnType::CommonName, "ollama2openai, self-signed");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Clocks differ.
        let ((year, month, date), end) = (day(now - DAY), day(now + DAY * LIFE_DAYS));
        params.not_before = date_time_ymd(year, month, date);
        params.not_after = date_time_ymd(end.0, end.1, end.2);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.with_context(|| format!("the folder {}", self.folder.display()))?;
        let files = self.files();
        self.write(&files.key, &key.serialize_pem())?;
        self.write(&files.certificate, &format!("{NAMES}{}\n{certificate}", names.join(" ")))
    }

    /// Whole or not at all, with mode 0600.
    fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let written = tempfile::NamedTempFile::new_in(&self.folder).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path).map(drop).map_err(|error| error.error)
        });
        written.with_context(|| format!("the file {}", path.display()))
    }
}

/// Whether it is time for a new one.
pub(super) fn is_due(end: Timestamp) -> bool {
    end.duration_since(Timestamp::now()) < DAY * RENEWED_DAYS
}

/// Year, month and day.
fn day(time: Timestamp) -> (i32, u8, u8) {
    let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}
