//! Files that the binary writes about itself: the manual page and shell completions. Not written by hand.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::chores::{Chores, Outcome};

/// One generated file.
#[derive(Clone, Copy)]
pub enum Asset {
    /// `undertone man`.
    Man,
    /// `undertone completions SHELL`, and the file name that the shell looks for.
    Completions(&'static str, &'static str),
}

const ASSETS: &[Asset] = &[
    Asset::Man,
    Asset::Completions("bash", "undertone.bash"),
    Asset::Completions("fish", "undertone.fish"),
    Asset::Completions("zsh", "_undertone"),
    Asset::Completions("powershell", "_undertone.ps1"),
];

impl Asset {
    /// Where it is kept, from the repository's root.
    fn path(self) -> PathBuf {
        match self {
            Self::Man => "assets/man/undertone.1".into(),
            Self::Completions(_, file) => Path::new("assets/completions").join(file),
        }
    }

    /// What the binary prints for it now.
    fn generate(self) -> Result<Vec<u8>> {
        let args = match self {
            Self::Man => vec!["man"],
            Self::Completions(shell, _) => vec!["completions", shell],
        };
        let output = cargo::command()
            .args(["run", "--quiet", "-p", "cli", "--bin", "undertone", "--"])
            .args(&args)
            .output()
            .context("cannot start cargo run")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`undertone {}` ended with {}: {}", args.join(" "), output.status, said.trim());
        }
        if output.stdout.is_empty() {
            bail!("`undertone {}` printed nothing", args.join(" "));
        }
        Ok(output.stdout)
    }
}

/// Writes the assets that `wanted` picks under `root`.
pub fn write(chores: &mut Chores, root: &Path, wanted: impl Fn(&Asset) -> bool) {
    for asset in ASSETS.iter().filter(|asset| wanted(asset)) {
        chores.step("asset", || {
            let path = root.join(asset.path());
            let text = asset.generate()?;
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Outcome::Passed(asset.path().display().to_string()))
        });
    }
}

/// Fails when a kept asset is not what the binary prints now.
pub fn compare(root: &Path) -> Result<Outcome> {
    if !root.join("assets").is_dir() {
        return Ok(Outcome::Skipped("none kept: cargo xtask assets writes them".into()));
    }
    let mut stale = Vec::new();
    for asset in ASSETS {
        let kept = fs::read(root.join(asset.path())).unwrap_or_default();
        if kept != asset.generate()? {
            stale.push(asset.path().display().to_string());
        }
    }
    if !stale.is_empty() {
        bail!("out of date, run cargo xtask assets:\n{}", stale.join("\n"));
    }
    Ok(Outcome::Passed(format!("{} files", ASSETS.len())))
}
