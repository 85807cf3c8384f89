//! Calls cargo, and reads what it says of the workspace. Not a build system: every decision is cargo's.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::chores::Outcome;

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    let here = PathBuf::from(here);
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}

/// The cargo that runs us, else the one on the path.
pub fn command() -> Command {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
}

/// Runs `cargo ARGS` with its output passed through.
pub fn run(args: &[&str], env: &[(&str, &str)]) -> Result<Outcome> {
    let status = command().args(args).envs(env.iter().copied()).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo {}` ended with {status}", args.join(" "));
    }
    Ok(Outcome::Passed(String::new()))
}

/// `cargo metadata` without the registry's packages.
pub fn metadata() -> Result<Value> {
    let output = command()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")
}

/// The packages in `cargo metadata`'s output.
pub fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}
