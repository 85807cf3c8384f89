//! Standard output and standard error. Not a logger: data goes to the one, what people want to know to the other.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes data. A reader that has gone away is no error: there is nobody left to work for, so the process ends well.
///
/// # Errors
/// Those of standard output, but for the broken pipe.
pub fn print(data: &[u8]) -> io::Result<()> {
    match write(data) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        result => result,
    }
}

/// Writes what is only shown: files are the data, so a reader that has gone away stops nothing.
///
/// # Errors
/// As [`print`].
pub fn show(text: &str) -> io::Result<()> {
    match write(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn write(data: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(data)?;
    out.flush()
}

/// Tells an error on standard error.
pub fn complain(error: &dyn Display) {
    say(error);
}

/// Tells one line on standard error. Where that is closed, nobody wants to hear it.
pub fn say(line: &dyn Display) {
    let _ = writeln!(io::stderr(), "undertone: {line}");
}
