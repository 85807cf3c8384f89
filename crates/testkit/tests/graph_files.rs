//! Runs every graph file of the repository; `cargo xtask bless` rewrites their expectations.

use compiler::pipeline::Pipeline;
use std::path::{Path, PathBuf};
use testkit::files::{FileTest, UNCHANGED, commands, find, run_files};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn graph_files() {
    let report = run_files(&root().join("tests/graph"), &commands(), testkit::blessing()).unwrap();
    assert!(report.ran > 0, "no graph file was found");
    assert!(report.failures.is_empty(), "{report}");
}

#[test]
fn each_pass_has_a_file_where_it_fires_and_one_where_it_must_not() {
    let files = find(&root().join("tests/graph")).unwrap();
    for name in Pipeline::every().names() {
        let of_pass = || files.iter().filter(|f| f.head() == format!("; test pass {name}"));
        assert!(of_pass().any(|f| !f.text.contains(UNCHANGED)), "no file shows what {name} does");
        assert!(of_pass().any(FileTest::must_not_fire), "no *must_not_fire* file for {name}");
    }
}

#[test]
fn the_op_reference_is_up_to_date() {
    let path = root().join("docs/ops.md");
    let expected = testkit::reference::ops();
    if testkit::blessing() {
        std::fs::create_dir_all(root().join("docs")).unwrap();
        return std::fs::write(path, expected).unwrap();
    }
    let is = std::fs::read_to_string(path).unwrap_or_default();
    let diff = testkit::diff::diff(&is, &expected);
    assert!(is == expected, "docs/ops.md is stale; `cargo xtask bless` writes it:\n{diff}");
}
