//! `undertone man`: one manual page of all commands, made from the command line itself. Not the README.

use crate::{args, standard};
use clap_mangen::Man;
use std::process::ExitCode;

/// Prints the page: the program's, then each command's options.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands() {
        let name = sub.get_display_name().unwrap_or(sub.get_name()).to_owned();
        let man = Man::new(sub.clone());
        page.extend_from_slice(format!(".SH \"{}\"\n", name.replace('-', " ").to_uppercase()).as_bytes());
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    standard::print(&page)?;
    Ok(ExitCode::SUCCESS)
}
