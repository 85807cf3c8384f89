//! Runs the graph files that need a device; `cargo xtask bless` rewrites their expectations. Not those of the passes.

use compiler::Device;
use cpu::{Cpu, Isa};
use std::path::Path;
use testkit::files::{device, run_files};

#[test]
fn graph_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // One path and one thread that every machine has: the text of a program is the same everywhere.
    let plan = device::plan("cpu", Box::new(Cpu::with_isa(Isa::Scalar, 1)));
    let devices = Isa::available().flat_map(|isa| [1, 3].map(|threads| (isa, threads)));
    let devices = devices.map(|(isa, threads)| {
        let device: Box<dyn Device> = Box::new(Cpu::with_isa(isa, threads));
        (format!("{isa}, {threads} threads"), device)
    });
    let commands = [plan, device::run(devices.collect())];
    let report = run_files(&root.join("tests/graph"), &commands, testkit::blessing()).unwrap();
    assert!(report.ran > 0, "no graph file was found");
    assert!(report.failures.is_empty(), "{report}");
}
