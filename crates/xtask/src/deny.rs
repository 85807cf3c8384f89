//! Dependencies against deny.toml, by cargo-deny. Not an installer: where cargo-deny is missing, it says how to get it.

use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::chores::Outcome;

const MISSING: &str = "cargo-deny is not installed: cargo install cargo-deny --locked";

/// Licences, banned crates and sources. Needs no network beyond what cargo itself has fetched.
pub fn policy() -> Result<Outcome> {
    if !installed() {
        return without_deny();
    }
    cargo::run(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"], &[])
}

/// Known vulnerabilities. Skipped where the advisory database can't be fetched.
pub fn advisories() -> Result<Outcome> {
    if !installed() {
        return without_deny();
    }
    let output = cargo::command()
        .args(["deny", "--log-level", "error", "check", "advisories"])
        .output()
        .context("cannot start cargo deny")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(Outcome::Passed(String::new()));
    }
    if said.contains("failed to fetch advisory database") {
        return Ok(Outcome::Skipped("the advisory database can't be reached".into()));
    }
    bail!("{}", said.trim());
}

fn installed() -> bool {
    let version =
        cargo::command().args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// A skip for a person, a failure for CI, which installs it.
fn without_deny() -> Result<Outcome> {
    if std::env::var_os("CI").is_some() {
        bail!(MISSING);
    }
    Ok(Outcome::Skipped(MISSING.into()))
}
