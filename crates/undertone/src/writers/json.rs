//! JSON with everything that is known. Not a schema of our own: what openai-whisper writes comes first, in its spelling.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::ser::Formatter;

use super::WriterOptions;
use crate::transcript::Transcript;

pub(super) fn write(transcript: &Transcript, options: &WriterOptions, to: &mut dyn Write) -> io::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(to, Python);
    match options.language.clone() {
        Some(language) => Transcript { language, ..transcript.clone() }.serialize(&mut json)?,
        None => transcript.serialize(&mut json)?,
    }
    Ok(())
}

/// JSON as Python's `json.dump` spells it: a space after `,` and `:`, ASCII only, floats as `repr` gives them.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, text: &str) -> io::Result<()> {
        for c in text.chars() {
            if (' '..='~').contains(&c) {
                write!(to, "{c}")?;
            } else {
                let mut units = [0; 2];
                c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(to, "\\u{unit:04x}"))?;
            }
        }
        Ok(())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, to: &mut W, number: f64) -> io::Result<()> {
        to.write_all(repr(number).as_bytes())
    }
}

/// A finite float as Python's `repr` gives it: the fewest digits that read back as the same number, in positional form
/// between 1e-4 and 1e16.
fn repr(number: f64) -> String {
    if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) =
                exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::repr;

    /// Expected: Python's `repr`.
    #[test]
    fn floats_are_pythons() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (7.6, "7.6"),
            (100.0, "100.0"),
            (-0.268_341_064_453_125, "-0.268341064453125"),
            (0.0001, "0.0001"),
            (0.000_099_9, "9.99e-05"),
            (1e-5, "1e-05"),
            (2.5e-11, "2.5e-11"),
            (1e-100, "1e-100"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(repr(number), expected);
        }
    }
}
