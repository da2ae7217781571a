//! Whether the certificate that is configured can be used: a mistake in it is one of the configuration.

use crate::config::{Bad, Loaded, Tls};
use crate::serve::{BadPair, Files};

/// # Errors
/// The file that is wrong, and what is wrong with it.
pub(super) fn checked(loaded: Loaded) -> Result<Loaded, Bad> {
    let Some(Tls::Files { certificate, key }) = loaded.config.listen.tls.clone() else {
        return Ok(loaded);
    };
    let Err(BadPair { is_key, file, why }) = (Files { certificate, key }).check() else { return Ok(loaded) };
    let name = if is_key { "TLS_KEY" } else { "TLS_CERT" };
    let message = format!("names {}, which {why}", file.display());
    Err(Bad { problems: vec![loaded.mistake(name, message)] })
}
