//! Exit codes and last words. Not the messages: each error brings its own.

use crate::standard;
use std::process::ExitCode;

/// Something could not be done.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// Ctrl-C stopped the work: 128 and the signal's number, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// A command line that parses and still can't be followed.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// What the process ends with; an error is told on standard error.
pub fn code(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            standard::complain(&error);
            ExitCode::from(code_of(&error))
        }
    }
}

/// Whether the command line is to blame.
fn code_of(error: &anyhow::Error) -> u8 {
    use undertone::Error;
    let library = error.downcast_ref::<Error>();
    let unusable = matches!(
        library,
        Some(
            Error::Isa { .. }
                | Error::Memory { .. }
                | Error::SameOutput { .. }
                | Error::Unfit(_)
                | Error::Pass(_)
        )
    );
    if error.is::<Usage>() || unusable { USAGE } else { FAILED }
}
