//! Checking of passwords: slow by design, so never on the async threads, two at once at most, and not for whoever
//! guesses. Live sessions and API tokens need none of this.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use super::rules::SHORTEST_PASSWORD;
use super::throttle::Throttle;
use crate::config::Secret;
use crate::store::{Store, StoreError, UserRow};

/// The password of an installation that has set none. It opens nothing to other machines, and nothing but its change.
pub(super) const DEFAULT: &str = "admin123";
/// Each takes 19 MiB and a core for some 20 ms.
const HASHES_AT_ONCE: usize = 2;
/// Attempts that wait for their turn.
const WAITING: usize = 64;
/// How long a password that was right as a bearer need not be hashed again.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Failures of an account before attempts on it are slowed down, and by how much each.
const UNDELAYED: u32 = 10;
const DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// Accounts are counted in so many groups, so that no flood of names takes memory.
const GROUPS: usize = 256;
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Failures that are written to the audit in a minute; the others are counted.
const WRITTEN: u32 = 60;
const A_MINUTE: Duration = Duration::from_secs(60);

/// Why a password opens nothing.
#[derive(Debug)]
pub(super) enum Refused {
    /// Too many attempts; a new one makes sense after this time.
    Later(Duration),
    /// It is not the one. The account that was meant, if there is one, and how many failures before this one were
    /// not written to the audit; `None` when this one shall not be either.
    Wrong {
        user: Option<Box<UserRow>>,
        unwritten: Option<u32>,
    },
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        Refused::Store(error)
    }
}

/// What the checks share.
pub struct Passwords {
    /// `ADMIN_PASSWORD`.
    configured: Mutex<Secret>,
    hashing: Arc<Semaphore>,
    waiting: Semaphore,
    shared: Mutex<Shared>,
    /// Of the remembered bearer.
    key: [u8; 32],
    groups: RandomState,
}

struct Shared {
    throttle: Throttle,
    /// Failures of a group of accounts, and the time of the last.
    accounts: Vec<(u32, Option<Instant>)>,
    bearer: Option<([u8; 32], Instant)>,
    /// Of the running minute: when it began, failures written, failures not written.
    minute: (Instant, u32, u32),
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// With `ADMIN_PASSWORD`.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(configured: Secret) -> Result<Passwords, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Passwords {
            configured: Mutex::new(configured),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
            waiting: Semaphore::new(WAITING),
            shared: Mutex::new(Shared {
                throttle: Throttle::default(),
                accounts: vec![(0, None); GROUPS],
                bearer: None,
                minute: (Instant::now(), 0, 0),
            }),
            key,
            groups: RandomState::new(),
        })
    }

    /// Another `ADMIN_PASSWORD`.
    pub fn set(&self, configured: Secret) {
        *self.configured.lock().unwrap_or_else(PoisonError::into_inner) = configured;
    }

    fn configured(&self) -> Secret {
        self.configured.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the account's password is `ADMIN_PASSWORD`, and is shorter than one that is typed may be.
    #[must_use]
    pub fn is_short(&self, user: &UserRow) -> bool {
        user.password_hash.is_none() && self.configured().expose().len() < SHORTEST_PASSWORD
    }

    /// Whether the account's password is the default, which everybody knows.
    #[must_use]
    pub fn is_default(&self, user: &UserRow) -> bool {
        user.password_hash.is_none() && self.configured().expose() == DEFAULT
    }

    /// The account `name`, if this is its password and it is enabled.
    pub(super) async fn check(
        &self,
        store: &Store,
        name: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<UserRow, Refused> {
        self.may_try(address)?;
        self.verify(store, name, password, address, false).await
    }

    /// [`Passwords::check`] for what comes with every request: one that was right is remembered for a while.
    pub(super) async fn check_bearer(
        &self,
        store: &Store,
        name: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<UserRow, Refused> {
        // Before anything is remembered: else whoever may not try could still find out.
        self.may_try(address)?;
        match store.user_named(name).await? {
            Some(user) if user.enabled && self.remembers(&user, password) => Ok(user),
            _ => self.verify(store, name, password, address, true).await,
        }
    }

    fn may_try(&self, address: IpAddr) -> Result<(), Refused> {
        match self.shared().throttle.wait(address, Instant::now()) {
            Some(left) => Err(Refused::Later(left)),
            None => Ok(()),
        }
    }

    async fn verify(
        &self,
        store: &Store,
        name: &str,
        password: &str,
        address: IpAddr,
        is_bearer: bool,
    ) -> Result<UserRow, Refused> {
        let busy = || Refused::Later(Duration::from_secs(1));
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        tokio::time::sleep(self.delay(name)).await;
        let permit = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| busy())?;
        let user = store.user_named(name).await?;
        // One of many that came at once may have been through meanwhile.
        if let Some(user) =
            user.as_ref().filter(|user| is_bearer && user.enabled && self.remembers(user, password))
        {
            return Ok(user.clone());
        }
        self.shared().throttle.attempt(address, Instant::now()).map_err(Refused::Later)?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = match hash {
            Some(None) => self.is_configured(password),
            hash => {
                let password = Secret::new(password);
                // The permit goes along: a client that leaves does not stop the hash.
                let hashing = move || {
                    let _permit = permit;
                    matches(&password, hash.flatten().as_ref())
                };
                tokio::task::spawn_blocking(hashing).await.unwrap_or(false)
            }
        };
        match user {
            Some(user) if is_right && user.enabled => {
                self.right(&user, password, address, is_bearer);
                Ok(user)
            }
            user => Err(self.wrong(user, name)),
        }
    }

    fn is_configured(&self, password: &str) -> bool {
        bool::from(password.as_bytes().ct_eq(self.configured().expose().as_bytes()))
    }

    fn right(&self, user: &UserRow, password: &str, address: IpAddr, is_bearer: bool) {
        let mut shared = self.shared();
        shared.throttle.forgive(address, Instant::now());
        if is_bearer {
            shared.bearer = Some((self.mac(user, password), Instant::now() + REMEMBERED));
        }
    }

    fn wrong(&self, user: Option<UserRow>, name: &str) -> Refused {
        let (now, group) = (Instant::now(), self.group(name));
        let mut shared = self.shared();
        let (count, last) = &mut shared.accounts[group];
        *count = if last.is_some_and(|last| now - last < FORGOTTEN) { count.saturating_add(1) } else { 1 };
        *last = Some(now);
        if now - shared.minute.0 >= A_MINUTE {
            shared.minute = (now, 0, shared.minute.2);
        }
        let (_, written, left_out) = &mut shared.minute;
        let unwritten = if *written < WRITTEN {
            *written += 1;
            Some(std::mem::take(left_out))
        } else {
            *left_out = left_out.saturating_add(1);
            None
        };
        Refused::Wrong { user: user.map(Box::new), unwritten }
    }

    /// So many failures could not be written to the audit: the next one tells of them.
    pub(super) fn left_out(&self, failures: u32) {
        let left_out = &mut self.shared().minute.2;
        *left_out = left_out.saturating_add(failures);
    }

    /// An account is never locked: whoever guesses it from everywhere only makes it slow.
    fn delay(&self, name: &str) -> Duration {
        match self.shared().accounts[self.group(name)] {
            (count, Some(last)) if last.elapsed() < FORGOTTEN => {
                (DELAY * count.saturating_sub(UNDELAYED).min(1000)).min(LONGEST_DELAY)
            }
            _ => Duration::ZERO,
        }
    }

    fn group(&self, name: &str) -> usize {
        usize::try_from(self.groups.hash_one(name) % GROUPS as u64).unwrap_or_default()
    }

    fn remembers(&self, user: &UserRow, password: &str) -> bool {
        if user.password_hash.is_none() && !self.is_configured(password) {
            return false;
        }
        let known = self.shared().bearer;
        known.is_some_and(|(mac, until)| {
            Instant::now() < until && bool::from(mac.ct_eq(&self.mac(user, password)))
        })
    }

    /// Another one after each change of the password.
    fn mac(&self, user: &UserRow, password: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length will do");
        let hash = user.password_hash.as_ref().map_or("", Secret::expose);
        for part in [user.id.as_str(), hash, password] {
            mac.update(&part.len().to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The hash of a new password, made when it is its turn.
    pub(super) async fn hash(&self, password: Secret) -> Result<Secret, HashError> {
        let permit = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| HashError)?;
        let hashing = move || {
            let _permit = permit;
            hash(&password)
        };
        tokio::task::spawn_blocking(hashing).await.map_err(|_| HashError)?
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A password could not be hashed: memory is short, or the system gives no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashError;

/// A password as it is stored: Argon2id with the parameters that OWASP names (19 MiB, two passes), as a PHC string.
/// Takes some 20 ms of a core.
///
/// # Errors
/// When memory is short, or the system gives no random numbers.
pub fn hash(password: &Secret) -> Result<Secret, HashError> {
    let hash = Argon2::default().hash_password(password.expose().as_bytes()).map_err(|_| HashError)?;
    Ok(Secret::new(hash.to_string()))
}

/// Where there is no hash, as much is done, so that the time does not tell which names exist.
fn matches(password: &Secret, hash: Option<&Secret>) -> bool {
    static NOBODYS: LazyLock<Option<Secret>> = LazyLock::new(|| self::hash(&Secret::new("")).ok());
    let Some(text) = hash.or(NOBODYS.as_ref()) else { return false };
    let Ok(parsed) = PasswordHash::new(text.expose()) else { return false };
    let is_equal = Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok();
    is_equal && hash.is_some()
}
