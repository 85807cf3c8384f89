//! The op reference, docs/ops.md, from what each op says of itself. Not written by hand.

use graph::Op;
use std::fmt::Write;

/// The text of docs/ops.md.
pub fn ops() -> String {
    let mut out = String::from(
        "# Ops\n\nGenerated from `crates/graph/src/ops` by `cargo xtask bless`; do not edit.\n\n\
         Each op with its meaning, its attributes and the cases that every device is checked with.\n",
    );
    for op in Op::reference() {
        let _ = write!(out, "\n## {}\n\n{}\n", op.name, unindent(op.doc));
        if !op.attributes.is_empty() {
            out.push('\n');
        }
        for (name, doc) in op.attributes {
            let _ = writeln!(out, "- `{name}`: {}", unindent(doc).replace('\n', " "));
        }
        let _ = write!(out, "\n```\n{}\n```\n", op.cases.join("\n"));
    }
    out
}

/// Doc comments keep the space after their slashes.
fn unindent(doc: &str) -> String {
    doc.trim_end().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
