//! Rules that every source file keeps: its size, its head, the words it may not hold. Not a style: that is rustfmt's.

mod unsafe_code;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::chores::Outcome;
pub use unsafe_code::unsafe_code;

/// A file has fewer lines than this.
const LINES: usize = 500;

/// `word <tab> what to do instead`, one a line; kept out of Rust sources so that none holds the words.
const FORBIDDEN: &str = include_str!("../forbidden.txt");

/// Fails with every breach under `root`, as `path:line: what`.
pub fn check(root: &Path) -> Result<Outcome> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut faults = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let shown = path.strip_prefix(root).unwrap_or(path).display();
        faults
            .extend(breaches(path, &text).into_iter().map(|(line, what)| format!("{shown}:{line}: {what}")));
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(Outcome::Passed(format!("{} files", files.len())))
}

/// Every `.rs` and `.py` file below `folder`, but hidden folders, links and build output.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() && !name.starts_with('.') && name != "target" {
            collect(&path, files)?;
        } else if kind.is_file() && (is(&path, "rs") || is(&path, "py")) {
            files.push(path);
        }
    }
    Ok(())
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// What is wrong with one file, by line number from 1.
fn breaches(path: &Path, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines >= LINES {
        found.push((lines, format!("{lines} lines, and a file stays under {LINES}: split it")));
    }
    if !has_head(path, text) {
        found.push((1, "no head: say what the file is, and one thing that it is not".into()));
    }
    for (number, line) in text.lines().enumerate().filter(|_| is(path, "rs")) {
        for (word, instead) in FORBIDDEN.lines().filter_map(|row| row.split_once('\t')) {
            if holds(line, word) {
                found.push((number + 1, format!("`{word}`: {instead}")));
            }
        }
    }
    found
}

/// Whether the file opens with its description: `//!` in Rust, a docstring in Python.
fn has_head(path: &Path, text: &str) -> bool {
    let first = text.lines().find(|line| !line.is_empty() && !line.starts_with("#!/"));
    let head = if is(path, "rs") { "//!" } else { "\"\"\"" };
    first.is_none_or(|line| line.starts_with(head))
}

/// Whether `line` holds `word`, not as the end of a longer name.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<(usize, String)> {
        breaches(Path::new(name), text)
    }

    #[test]
    fn a_file_stays_under_the_limit() {
        let text = |lines: usize| "//! Head.\n".repeat(lines);
        assert!(found("a.rs", &text(LINES - 1)).is_empty());
        assert_eq!(found("a.rs", &text(LINES))[0].0, LINES);
    }

    #[test]
    fn a_file_has_a_head() {
        assert_eq!(found("a.rs", "fn f() {}\n").len(), 1);
        assert!(found("a.py", "#!/usr/bin/env python3\n\"\"\"Head.\"\"\"\n").is_empty());
        assert_eq!(found("a.py", "import os\n").len(), 1);
    }

    #[test]
    fn every_forbidden_word_is_found_where_it_stands() {
        let rows: Vec<_> = FORBIDDEN.lines().filter_map(|row| row.split_once('\t')).collect();
        assert_eq!(rows.len(), FORBIDDEN.lines().count(), "a row without a tab is never looked for");
        for (word, _) in rows {
            let breaches = found("a.rs", &format!("//! Head.\n\n    ({word}(\"x\")\n"));
            assert_eq!(breaches.len(), 1, "{word}");
            assert_eq!(breaches[0].0, 3);
        }
    }

    #[test]
    fn a_longer_name_is_another_word() {
        assert!(holds("    (word())", "word"));
        assert!(!holds("    foreword()", "word"));
        assert!(holds("foreword(word())", "word"));
    }
}
