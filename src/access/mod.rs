//! Who may come in: addresses, tokens, their rules. Pure: what is known of tokens is in the snapshot, counts are in
//! `limits`, time comes in as a value.

mod expiry;
mod identify;
mod ip;
mod real_ip;
mod token;

pub use expiry::{BadExpiry, parse_expiry, parse_new_expiry};
pub use identify::{Doors, Who, shown};
pub use ip::{Area, admits};
pub use real_ip::{Caller, caller, speaks_tls};
pub use token::{
    Minted, PREFIX, RANDOM_BYTES, Refused, check, check_model, check_standing, ends, is_strong, mask,
};

/// What the one token of the environment is called in the books.
pub const API_TOKEN: &str = "API_TOKEN";
