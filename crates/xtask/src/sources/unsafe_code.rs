//! Which crates may hold unsafe code, and where. Not whether it is sound: each block's SAFETY comment says that.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;
use crate::chores::Outcome;

const FORBID: &str = "#![forbid(unsafe_code)]";
const DENY: &str = "#![deny(unsafe_code)]";
const ALLOW: &str = "allow(unsafe_code)";

/// The crates that are not under `FORBID`.
const EXCEPTIONS: &[(&str, Rule)] = &[
    ("cpu", Rule::Anywhere),      // SIMD, packed panels and the thread pool
    ("whisper", Rule::OneModule), // the weights' memory map
    ("python", Rule::Anywhere),   // what PyO3's macros write
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Rule {
    /// `#![forbid(unsafe_code)]` in the crate's root.
    Nowhere,
    /// `#![deny(unsafe_code)]` in the root, allowed again at most once.
    OneModule,
    Anywhere,
}

/// Checks the root of every library and binary, and that its crate takes the workspace's lints.
pub fn unsafe_code(metadata: &Value) -> Result<Outcome> {
    let mut faults = Vec::new();
    for package in cargo::packages(metadata) {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        if !read(manifest)?.contains("[lints]\nworkspace = true") {
            faults.push(format!("{name}: Cargo.toml has no `[lints] workspace = true`"));
        }
        let rule = EXCEPTIONS.iter().find(|(exempt, _)| *exempt == name).map_or(Rule::Nowhere, |row| row.1);
        for target in package["targets"].as_array().into_iter().flatten() {
            let shipped = ["lib", "bin", "proc-macro", "cdylib"];
            let kinds = target["kind"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if kinds.into_iter().any(|kind| shipped.contains(&kind)) {
                let root = Path::new(target["src_path"].as_str().unwrap_or_default());
                faults.extend(
                    fault(rule, &read(root)?, allowances(root)?).map(|what| format!("{name}: {what}")),
                );
            }
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(String::new()))
}

/// What is wrong with a crate whose root file is `root` and that says `ALLOW` in `allowances` places.
fn fault(rule: Rule, root: &str, allowances: usize) -> Option<String> {
    let says = |attribute: &str| root.lines().any(|line| line.trim() == attribute);
    match rule {
        Rule::Nowhere if !says(FORBID) => Some(format!("the crate's root has no `{FORBID}`")),
        Rule::OneModule if !says(DENY) && !says(FORBID) => Some(format!("the crate's root has no `{DENY}`")),
        Rule::OneModule if allowances > 1 => {
            Some(format!("`{ALLOW}` stands in {allowances} places, and one module may hold it"))
        }
        _ => None,
    }
}

/// How often the files beside and below `root` say `ALLOW`.
fn allowances(root: &Path) -> Result<usize> {
    let mut files = Vec::new();
    super::collect(root.parent().unwrap_or(root), &mut files)?;
    files.iter().map(|path| Ok(read(path)?.matches(ALLOW).count())).sum()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_unless_excepted() {
        assert_eq!(fault(Rule::Nowhere, &format!("//! Head.\n\n{FORBID}\n"), 0), None);
        assert!(fault(Rule::Nowhere, &format!("//! {FORBID}\n"), 0).is_some(), "a comment is no attribute");
        assert!(fault(Rule::Nowhere, DENY, 0).is_some(), "deny can be undone further down");
        assert_eq!(fault(Rule::Anywhere, "", 9), None);
    }

    #[test]
    fn one_module_may_allow_it() {
        assert_eq!(fault(Rule::OneModule, DENY, 1), None);
        assert!(fault(Rule::OneModule, DENY, 2).is_some());
        assert!(fault(Rule::OneModule, "", 1).is_some());
    }
}
