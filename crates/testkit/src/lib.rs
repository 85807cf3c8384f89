//! Graph file tests, device conformance and goldens. Not shipped: a test dependency only.

#![forbid(unsafe_code)]

pub mod close;
pub mod conformance;
pub mod diff;
pub mod files;
pub mod inputs;
pub mod plans;
pub mod random;
pub mod reference;
pub mod runner;

/// Whether expectations are to be rewritten instead of compared: `UNDERTONE_BLESS=1`, as `cargo xtask bless`
/// sets it.
pub fn blessing() -> bool {
    std::env::var_os("UNDERTONE_BLESS").is_some_and(|v| v == "1")
}
