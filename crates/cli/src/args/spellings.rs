//! Both spellings of every option, `--output-dir` and `--output_dir`, and values that may be left out. Not written by
//! hand for any of them.

use std::ffi::OsString;

/// Gives each option of the command and its subcommands the other spelling as a hidden alias, and negative numbers as
/// values: what is wrong with one is told then, instead of an unknown option `-1`.
pub fn both(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let names: Vec<String> = names(&arg).iter().filter_map(|name| other(name)).collect();
        let number = arg.get_long().is_some() && matches!(arg.get_action(), clap::ArgAction::Set);
        arg.aliases(names).allow_negative_numbers(number)
    });
    command.mut_subcommands(both)
}

/// Every long name of an option.
fn names(arg: &clap::Arg) -> Vec<&str> {
    arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default()).collect()
}

/// The name with underscores for hyphens, or the other way round; `None` if it has neither.
fn other(name: &str) -> Option<String> {
    if name.contains('_') {
        Some(name.replace('_', "-"))
    } else {
        name.contains('-').then(|| name.replace('-', "_"))
    }
}

/// What can stand behind an option whose value may be left out; every other word there is no value.
const VALUES: [&str; 6] = ["True", "False", "true", "false", "exact", "in-pass"];

/// Joins `--option True` to `--option=True` where the option's value may be left out, so that a file can follow such
/// an option too.
pub fn joined(command: &clap::Command, args: Vec<OsString>) -> Vec<OsString> {
    let named = args.get(1).and_then(|word| command.find_subcommand(word)).unwrap_or(command);
    let bare = named.get_arguments().filter(|arg| arg.is_require_equals_set());
    let bare: Vec<&str> = bare.flat_map(names).collect();
    let mut joined: Vec<OsString> = Vec::with_capacity(args.len());
    for word in args {
        let last = joined.last().and_then(|last| last.to_str()).and_then(|last| last.strip_prefix("--"));
        let takes = last.is_some_and(|last| bare.contains(&last));
        match joined.last_mut() {
            Some(last) if takes && VALUES.iter().any(|value| word == *value) => {
                last.push("=");
                last.push(word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{joined, names};
    use std::ffi::OsString;

    #[test]
    fn every_option_of_every_command_has_both() {
        let command = crate::args::command();
        for sub in command.get_subcommands() {
            for arg in sub.get_arguments() {
                let names = names(arg);
                for name in &names {
                    let (hyphens, underscores) = (name.replace('_', "-"), name.replace('-', "_"));
                    assert!(names.contains(&hyphens.as_str()), "{} --{hyphens}", sub.get_name());
                    assert!(names.contains(&underscores.as_str()), "{} --{underscores}", sub.get_name());
                }
            }
        }
    }

    #[test]
    fn only_a_value_is_taken_for_one() {
        let join = |line: &str| {
            let words = joined(&crate::args::command(), line.split(' ').map(OsString::from).collect());
            words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        for (line, expected) in [
            ("u transcribe --word_timestamps True a.wav", "u transcribe --word_timestamps=True a.wav"),
            ("u transcribe --word-timestamps in-pass", "u transcribe --word-timestamps=in-pass"),
            ("u transcribe --word-timestamps a.wav", "u transcribe --word-timestamps a.wav"),
            ("u transcribe --multilingual -- True", "u transcribe --multilingual -- True"),
            ("u transcribe --initial-prompt True", "u transcribe --initial-prompt True"),
            ("u whisper --word_timestamps True", "u whisper --word_timestamps True"),
        ] {
            assert_eq!(join(line), expected);
        }
    }
}
