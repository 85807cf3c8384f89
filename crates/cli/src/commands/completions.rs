//! `undertone completions`: made from the command line itself. Not installed: the user's shell says where to.

use crate::{args, standard};
use clap_complete::Shell;
use std::process::ExitCode;

/// Prints the script.
pub fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "undertone", &mut script);
    standard::print(&script)?;
    Ok(ExitCode::SUCCESS)
}
