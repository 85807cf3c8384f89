//! `undertone man`: one manual page of all commands, made from the command line itself. Not the README.

use crate::{args, standard};
use clap_mangen::Man;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Prints the page: the program, then each command with its options.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    for sub in command.get_subcommands() {
        let name = sub.get_display_name().unwrap_or(sub.get_name()).replace('-', " ");
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        page.extend_from_slice(subsections(&Man::new(sub.clone()))?.as_bytes());
    }
    man.render_version_section(&mut page)?;
    standard::print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// A command's sections, one level down.
fn subsections(man: &Man) -> io::Result<String> {
    let mut text = Vec::new();
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    man.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".SH EXTRA", ".SH EXAMPLES");
    Ok(text.replace(".SH DESCRIPTION\n", "").replace(".SH ", ".SS "))
}
