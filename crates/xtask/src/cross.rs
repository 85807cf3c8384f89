//! Runs the tests of `cpu` on the other architecture that it is written for, in an emulator. Not a part of `test`: a
//! checkout need not have the tools.

use std::path::Path;
use std::process::Command;

use crate::chores::{Chores, Outcome};
use crate::testing;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";

/// Every instruction that the emulator knows, and the system libraries where Debian's linker looks for them.
const RUNNER: &str = "qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu";

/// What leads cargo to the tools.
const TOOLS: &[(&str, &str)] = &[
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER),
    ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", RUNNER),
];

/// Runs the tests of `cpu` that `cargo_args` select on every path of an emulated `AArch64`; says so where it can't.
pub fn test(chores: &mut Chores, cargo_args: &[String]) {
    let missing = missing();
    if !missing.is_empty() {
        let why = format!(
            "{} not found: `rustup target add {TARGET}`; on Debian, `apt install gcc-aarch64-linux-gnu qemu-user`",
            missing.join(", ")
        );
        return chores.step("cross", || Ok(Outcome::Skipped(why)));
    }
    let mut args = vec!["-p", "cpu", "--target", TARGET];
    args.extend(cargo_args.iter().map(String::as_str));
    testing::counted(chores, "cross", &args, TOOLS);
}

/// Which of the three this machine lacks.
fn missing() -> Vec<&'static str> {
    let runs = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let mut missing: Vec<_> = [LINKER, EMULATOR].into_iter().filter(|program| !runs(program)).collect();
    if !has_target() {
        missing.push(TARGET);
    }
    missing
}

/// Whether the compiler has the target's standard library.
fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    output.is_ok_and(|output| {
        output.status.success() && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}
