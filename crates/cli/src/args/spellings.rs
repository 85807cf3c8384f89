//! Both spellings of every option: `--output-dir` and `--output_dir`. Not written by hand for any of them.

/// Gives each option of the command and its subcommands the other spelling as a hidden alias.
pub fn both(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let other = arg.get_long().and_then(other);
        match other {
            Some(other) => arg.alias(other),
            None => arg,
        }
    });
    command.mut_subcommands(both)
}

/// The name with underscores for hyphens, or the other way round; `None` if it has neither.
fn other(name: &str) -> Option<String> {
    if name.contains('_') {
        Some(name.replace('_', "-"))
    } else {
        name.contains('-').then(|| name.replace('-', "_"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_option_of_every_command_has_both() {
        let command = crate::args::command();
        for sub in command.get_subcommands() {
            for arg in sub.get_arguments() {
                let names = arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default());
                let names: Vec<&str> = names.collect();
                for name in &names {
                    let (hyphens, underscores) = (name.replace('_', "-"), name.replace('-', "_"));
                    assert!(names.contains(&hyphens.as_str()), "{} --{hyphens}", sub.get_name());
                    assert!(names.contains(&underscores.as_str()), "{} --{underscores}", sub.get_name());
                }
            }
        }
    }
}
