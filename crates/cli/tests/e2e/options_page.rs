//! `docs/options.md` against the binary: every option that it names as ours is there, and none is left out. Not what
//! the options do.

use crate::binary::{done, root, undertone};
use std::collections::BTreeSet;

/// The words of a text that begin with two hyphens, and go on with a letter.
fn flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'));
    let flags = words
        .filter(|word| word.strip_prefix("--").is_some_and(|name| name.starts_with(char::is_alphabetic)));
    flags.map(str::to_owned).collect()
}

/// What stands at the start of the lines of a command's long help.
fn options(command: &str) -> BTreeSet<String> {
    let help = done(&mut undertone(&[command, "--help"]));
    assert_eq!(help.code, Some(0), "{}", help.stderr);
    let lines = help
        .stdout
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-') || line.starts_with("[alias"));
    lines.flat_map(|line| flags(line.split("  ").next().unwrap_or(line))).collect()
}

/// The cells of each row of the page's tables.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("| ---"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn every_option_that_is_called_ours_is_ours() {
    let page = std::fs::read_to_string(root().join("docs/options.md")).unwrap();
    let ours = options("transcribe");
    let mut named = flags(page.split("## Only ours").nth(1).unwrap());
    for row in rows(&page) {
        assert_eq!(row.len(), 3, "{row:?}");
        let cell = row[1];
        assert!(!cell.is_empty() && (cell != "—" || !row[2].is_empty()), "{row:?} says neither what nor why");
        named.extend(flags(cell));
    }
    let missing: Vec<_> = named.difference(&ours).collect();
    assert!(missing.is_empty(), "{missing:?} of the page are no options");
    let common = ["--help", "--version"].map(str::to_owned).into();
    assert_eq!(&ours - &(&named | &common), BTreeSet::new(), "some are not on the page");
}

/// The page's first column has everything that openai-whisper's command line has.
#[test]
fn every_option_of_openai_whisper_is_mapped() {
    let page = std::fs::read_to_string(root().join("docs/options.md")).unwrap();
    let mapped: BTreeSet<String> = rows(&page).iter().flat_map(|row| flags(row[0])).collect();
    let ours = ["--quiet", "--compute", "--isa", "--ffmpeg", "--help", "--version"].map(str::to_owned).into();
    let whisper: BTreeSet<String> = &options("whisper") - &ours;
    assert!(whisper.len() > 28, "{whisper:?}");
    assert_eq!(&whisper - &mapped, BTreeSet::new());
}
