//! The `undertone` command. Not a library: it only wires flags to one.

#![forbid(unsafe_code)]

mod args;
mod batch;
mod commands;
mod engine;
mod exit;
mod interrupt;
mod progress;
mod resume;
mod standard;
mod teller;
mod work;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = args::parse(std::env::args_os());
    exit::code(commands::run(command))
}
