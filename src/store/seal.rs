//! Credentials at rest: sealed with XChaCha20-Poly1305 under one key, bound to the row that they belong to.
//!
//! A sealed credential is `key id (8) | nonce (24) | ciphertext | tag (16)`. The key id tells a credential of another
//! key from one that was tampered with. Not here: where the key comes from; see `folder`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::StoreError;
use crate::config::Secret;

const ID: usize = 8;
const NONCE: usize = 24;

/// The key of all credentials. `Debug` shows its id only.
#[derive(Clone)]
pub(super) struct Key(Zeroizing<[u8; 32]>);

/// Why a credential cannot be read. The row is otherwise whole; entering the credential anew mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("sealed with the key {sealed_with}, which is not the one in use")]
    OtherKey {
        /// The first bytes of the key's SHA-256, in hex.
        sealed_with: String,
    },
    #[error("damaged, or moved from another row")]
    Damaged,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", hex(&self.id()))
    }
}

impl Key {
    pub(super) fn random() -> Result<Key, StoreError> {
        let mut key = Key(Zeroizing::new([0; 32]));
        getrandom::fill(&mut *key.0)?;
        Ok(key)
    }

    /// From base64; `from` names the source in the error.
    pub(super) fn parse(text: &str, from: impl Into<String>) -> Result<Key, StoreError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
        match <[u8; 32]>::try_from(bytes.as_slice()) {
            Ok(key) => Ok(Key(Zeroizing::new(key))),
            Err(_) => Err(StoreError::BadKey(from.into())),
        }
    }

    pub(super) fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(*self.0))
    }

    fn id(&self) -> [u8; ID] {
        let hash = Sha256::digest(*self.0);
        std::array::from_fn(|at| hash[at])
    }

    /// Seals what belongs to `place`. An empty text stays empty: there is nothing to hide, and it survives the key.
    pub(super) fn seal(&self, place: &str, secret: &Secret) -> Result<Vec<u8>, StoreError> {
        if secret.expose().is_empty() {
            return Ok(Vec::new());
        }
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: place.as_bytes() };
        let text = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("the cipher fails on texts of many gigabytes only");
        Ok([&self.id()[..], &nonce, &text].concat())
    }

    /// Opens what [`Key::seal`] made for the same `place`.
    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Result<Secret, Lost> {
        if sealed.is_empty() {
            return Ok(Secret::new(""));
        }
        let (id, rest) = sealed.split_first_chunk::<ID>().ok_or(Lost::Damaged)?;
        if *id != self.id() {
            return Err(Lost::OtherKey { sealed_with: hex(id) });
        }
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(Lost::Damaged)?;
        let payload = Payload { msg: text, aad: place.as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| Lost::Damaged)?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| Lost::Damaged)
    }

    /// Equal for equal pairs only, and tells nothing of them without the key.
    pub(super) fn fingerprint(&self, base_url: &str, credential: &Secret) -> Vec<u8> {
        // A key of its own, so that the cipher's is used for the cipher alone.
        let key = Zeroizing::new(mac(&self.0, &[b"fingerprint"]));
        mac(&key, &[base_url.as_bytes(), b"\0", credential.expose().as_bytes()]).to_vec()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let (key, secret) = (Key::random().unwrap(), Secret::new("sk-ü"));
        let sealed = key.seal("backends.credential.1", &secret).unwrap();
        assert_eq!(key.open("backends.credential.1", &sealed).unwrap(), secret);
        assert_eq!(key.open("backends.credential.2", &sealed), Err(Lost::Damaged));
        assert_ne!(key.seal("backends.credential.1", &secret).unwrap(), sealed, "nonces differ");
    }

    #[test]
    fn no_byte_may_change() {
        let key = Key::random().unwrap();
        let sealed = key.seal("p", &Secret::new("secret")).unwrap();
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert!(key.open("p", &other).is_err(), "byte {at}");
            assert!(at == 0 || key.open("p", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let (one, two) = (Key::random().unwrap(), Key::random().unwrap());
        let sealed = one.seal("p", &Secret::new("secret")).unwrap();
        assert_eq!(two.open("p", &sealed), Err(Lost::OtherKey { sealed_with: hex(&one.id()) }));
    }

    #[test]
    fn fingerprints_tell_pairs_apart() {
        let key = Key::random().unwrap();
        let of = |key: &Key, base: &str, credential: &str| key.fingerprint(base, &Secret::new(credential));
        assert_eq!(of(&key, "http://a", "k"), of(&key, "http://a", "k"));
        assert_ne!(of(&key, "http://a", "k"), of(&key, "http://ak", ""));
        assert_ne!(of(&key, "http://a", "k"), of(&Key::random().unwrap(), "http://a", "k"));
    }

    #[test]
    fn a_key_is_32_bytes_and_is_not_printed() {
        let key = Key::random().unwrap();
        let text = key.to_base64();
        assert_eq!(*Key::parse(&format!("{}\n", *text), "it").unwrap().0, *key.0);
        assert!(!format!("{key:?}").contains(&text[..8]));
        for wrong in ["", "YWJj", "not base64", &text[4..]] {
            let error = Key::parse(wrong, "SECRET_KEY").unwrap_err().to_string();
            assert!(error.starts_with("SECRET_KEY is not a key"), "{error}");
        }
    }
}
