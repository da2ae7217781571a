//! The files that `build.rs` has built into the program, each in the codings that are worth it.

use http::{HeaderMap, header};

use super::accept::weight;

/// One file below `/admin/`.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) content_type: &'static str,
    /// A hash of `identity`.
    pub(super) tag: &'static str,
    pub(super) identity: &'static [u8],
    pub(super) br: Option<&'static [u8]>,
    pub(super) gzip: Option<&'static [u8]>,
}

impl File {
    /// The bytes in the coding that the caller weighs most, the smaller one among equals. A caller that forbids all of
    /// them gets the plain bytes.
    pub(super) fn best(&self, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let named = |coding| weight(asked, header::ACCEPT_ENCODING, coding);
        let any = named("*");
        let packed = [("br", self.br), ("gzip", self.gzip)];
        let mut best = (None, self.identity);
        // Plain bytes are taken by all who do not say otherwise, but liked less than what is named.
        let mut most = named("identity").unwrap_or(0);
        for (coding, bytes) in packed.into_iter().rev() {
            let weight = named(coding).or(any).unwrap_or(0);
            if let Some(bytes) = bytes
                && weight > 0
                && weight >= most
            {
                (best, most) = ((Some(coding), bytes), weight);
            }
        }
        best
    }
}

include!(concat!(env!("OUT_DIR"), "/panel.rs"));
