//! The list of checks, in the order in which they run. Not the checks themselves.

use std::path::Path;

use crate::chores::Chores;
use crate::{assets, cargo, deny, floors, sources};

/// The checks that build nothing.
pub fn instant(chores: &mut Chores) {
    chores.step("fmt", || cargo::run(&["fmt", "--all", "--check"], &[]));
    chores.step("floors", || floors::check(&cargo::metadata()?));
    chores.step("sources", || sources::check(Path::new(".")));
    chores.step("unsafe code", || sources::unsafe_code(&cargo::metadata()?));
}

/// Every check but the tests.
pub fn all(chores: &mut Chores) {
    instant(chores);
    chores.step("clippy", || {
        cargo::run(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
    });
    // Libraries only: the binary `undertone` would write over the pages of the library of that name.
    chores.step("doc", || {
        let args = ["doc", "--quiet", "--workspace", "--lib", "--no-deps"];
        cargo::run(&args, &[("RUSTDOCFLAGS", "-D warnings")])
    });
    chores.step("assets", || assets::compare(Path::new(".")));
    chores.step("licences", deny::policy);
    chores.step("advisories", deny::advisories);
}
