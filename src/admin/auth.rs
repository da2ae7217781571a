//! Who may call the admin API: whoever shows the admin password, as a bearer or bare.

use std::net::SocketAddr;

use http::{Request, StatusCode};
use subtle::ConstantTimeEq as _;

use super::Admin;
use super::error::AdminError;
use crate::http::{credential, is_loopback};

/// The password of an installation that has set none. It opens nothing to other machines.
const DEFAULT: &str = "admin123";

/// Lets the caller in.
///
/// # Errors
/// 401 without the password; 403 when it is still the default and the caller is not a program of this machine.
pub(super) fn admit<B>(admin: &Admin, request: &Request<B>, peer: SocketAddr) -> Result<(), AdminError> {
    let shown = credential(request.headers()).unwrap_or_default();
    let expected = admin.password.expose();
    if !bool::from(shown.ct_eq(expected.as_bytes())) {
        let message = "Unauthorized. Provide admin password.";
        return Err(AdminError::new(StatusCode::UNAUTHORIZED, "unauthorized", message));
    }
    if expected == DEFAULT && !is_loopback(request, peer) {
        let message =
            "the admin password is still the default: set ADMIN_PASSWORD to use it from other machines";
        return Err(AdminError::new(StatusCode::FORBIDDEN, "password_change_required", message));
    }
    Ok(())
}
