//! Values as openai-whisper's command line spells them: Python's numbers, `True`, `None`, lists. Not their meaning.

use std::str::FromStr;
use undertone::Language;

/// A value, or the word `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrNone<T>(pub Option<T>);

/// Reads `None`, or a value by `read`.
fn or_none<T>(text: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<OrNone<T>, String> {
    if text == "None" {
        return Ok(OrNone(None));
    }
    read(text).map(|value| OrNone(Some(value))).map_err(|error| format!("{error}, or None"))
}

/// `True` or `False`, in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth(pub bool);

impl FromStr for Truth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err("expected True or False".to_owned()),
        }
    }
}

/// openai-whisper's `str2bool`: `True` or `False`, spelled so.
pub fn boolean(text: &str) -> Result<Truth, String> {
    match text {
        "True" => Ok(Truth(true)),
        "False" => Ok(Truth(false)),
        _ => Err("expected True or False".to_owned()),
    }
}

/// The text without white space around it and without Python's underscores between digits; `None` where one stands
/// elsewhere.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    let sound =
        underscores.fold(true, |sound, (at, _)| sound && digit(at.checked_sub(1)) && digit(Some(at + 1)));
    sound.then(|| text.replace('_', ""))
}

/// A whole number, as Python's `int` reads it.
pub fn integer(text: &str) -> Result<i64, String> {
    let number = plain(text).and_then(|text| text.parse().ok());
    number.ok_or_else(|| "expected a whole number".to_owned())
}

/// A number, as Python's `float` reads it: `nan` and `inf` are some.
pub fn float(text: &str) -> Result<f64, String> {
    plain(text).and_then(|text| text.parse().ok()).ok_or_else(|| "expected a number".to_owned())
}

/// A number that is one: neither `nan` nor `inf`.
pub fn finite(text: &str) -> Result<f64, String> {
    float(text).ok().filter(|number| number.is_finite()).ok_or_else(|| "expected a finite number".to_owned())
}

/// A finite number that is not below 0.
pub fn positive(text: &str) -> Result<f64, String> {
    let number = finite(text).ok().filter(|number| *number >= 0.0);
    number.ok_or_else(|| "expected a number of 0 or more".to_owned())
}

/// A number from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    let number = finite(text).ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A whole number that is not below 0.
pub fn count(text: &str) -> Result<usize, String> {
    let number = integer(text).ok().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| "expected a whole number of 0 or more".to_owned())
}

/// A whole number of at least 1.
pub fn some(text: &str) -> Result<usize, String> {
    let number = count(text).ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a whole number of 1 or more".to_owned())
}

/// Bytes: a number with a unit, such as `300MB` (of 1000) or `512MiB` (of 1024).
pub fn size(text: &str) -> Result<usize, String> {
    let size = text.parse::<bytesize::ByteSize>().ok().and_then(|size| usize::try_from(size.as_u64()).ok());
    size.filter(|bytes| *bytes > 0).ok_or_else(|| "expected a size such as 300MB, 1.5GB or 512MiB".to_owned())
}

/// [`integer`], or `None`: openai-whisper's `optional_int`.
pub fn optional_integer(text: &str) -> Result<OrNone<i64>, String> {
    or_none(text, integer)
}

/// [`float`], or `None`: openai-whisper's `optional_float`.
pub fn optional_float(text: &str) -> Result<OrNone<f64>, String> {
    or_none(text, float)
}

/// [`share`], or `None`.
pub fn optional_share(text: &str) -> Result<OrNone<f64>, String> {
    or_none(text, share)
}

/// [`count`], or `None`.
pub fn optional_count(text: &str) -> Result<OrNone<usize>, String> {
    or_none(text, count)
}

/// [`some`], or `None`.
pub fn optional_some(text: &str) -> Result<OrNone<usize>, String> {
    or_none(text, some)
}

/// Values separated by commas; none in an empty text.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T>(pub Vec<T>);

fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<List<T>, String> {
    if text.is_empty() {
        return Ok(List(Vec::new()));
    }
    let values: Result<_, _> = text.split(',').map(|part| read(part.trim())).collect();
    values.map(List).map_err(|error| format!("{error} in each place between commas"))
}

/// Token ids, separated by commas.
pub fn ids(text: &str) -> Result<List<i64>, String> {
    list(text, integer)
}

/// Times in seconds, separated by commas.
pub fn times(text: &str) -> Result<List<f64>, String> {
    list(text, positive)
}

/// Temperatures, separated by commas; one at least.
pub fn temperatures(text: &str) -> Result<List<f64>, String> {
    let list = list(text, positive)?;
    if list.0.is_empty() { Err("expected a number of 0 or more".to_owned()) } else { Ok(list) }
}

/// Languages by code or name, separated by commas.
pub fn languages(text: &str) -> Result<List<Language>, String> {
    list(text, |name| name.parse::<Language>().map_err(|error| error.to_string()))
}

/// The most temperatures that one window is tried at.
const TEMPERATURES: f64 = 1000.0;

/// The temperatures from `first` to 1 in steps, as numpy's `arange(first, 1.0 + 1e-6, step)` computes them; `first`
/// alone without a step.
///
/// # Errors
/// There are none, or more than a thousand.
pub fn steps(first: f64, step: Option<f64>) -> Result<Vec<f64>, String> {
    let Some(step) = step else { return Ok(vec![first]) };
    let count = ((1.0 + 1e-6 - first) / step).ceil();
    if !(1.0..=TEMPERATURES).contains(&count) {
        return Err(format!(
            "there are no steps of {step} from temperature {first} to 1: expected a step above 0 and a first \
             temperature of 1 at most, or None for no steps"
        ));
    }
    let delta = (first + step) - first;
    Ok((0..count as u32).map(|i| first + f64::from(i) * delta).collect())
}

/// A name with capitals, as Python's `str.title` gives it: `Haitian Creole`.
pub fn title(name: &str) -> String {
    let words = name.split(' ').map(|word| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        assert_eq!(optional_count("None"), Ok(OrNone(None)));
        assert_eq!(optional_count("5"), Ok(OrNone(Some(5))));
        assert!(optional_count("none").is_err() && optional_count("-1").is_err());
        assert_eq!(["True", "false"].map(str::parse), [Ok(Truth(true)), Ok(Truth(false))]);
        assert!("1".parse::<Truth>().is_err());
        assert_eq!(["True", "False"].map(boolean), [Ok(Truth(true)), Ok(Truth(false))]);
        assert!(boolean("true").is_err());
        assert_eq!(optional_some("0").unwrap_err(), "expected a whole number of 1 or more, or None");
    }

    #[test]
    fn sizes_have_units_of_1000_or_1024() {
        assert_eq!(
            ["300MB", "1.5GB", "512MiB", "2 GiB", "64k"].map(size),
            [Ok(300_000_000), Ok(1_500_000_000), Ok(512 << 20), Ok(2 << 30), Ok(64_000)]
        );
        for text in ["", "much", "-1GB", "0", "0MB", "1XB", "nanMB", "GB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn titles_are_pythons() {
        assert_eq!(title("haitian creole"), "Haitian Creole");
        assert_eq!(title("english"), "English");
    }

    /// What Python's `int` and `float` read and refuse.
    #[test]
    fn numbers_are_pythons() {
        assert_eq!([" 5 ", "1_000", "+7", "-1"].map(integer), [Ok(5), Ok(1000), Ok(7), Ok(-1)]);
        for text in ["", "5.0", "1__0", "_1", "1_", "0x10", "- 1"] {
            assert!(integer(text).is_err(), "{text}");
        }
        assert_eq!([".5", "5.", " -1e-3", "1_0.5"].map(float), [Ok(0.5), Ok(5.0), Ok(-0.001), Ok(10.5)]);
        assert_eq!(float("inf"), Ok(f64::INFINITY));
        assert!(float("NaN").unwrap().is_nan());
        for text in ["", "1_.5", "0.5f", "1,5"] {
            assert!(float(text).is_err(), "{text}");
        }
        assert!(finite("nan").is_err() && finite("-1.5") == Ok(-1.5));
        assert!(positive("-0.1").is_err() && share("1.1").is_err());
    }

    #[test]
    fn lists_are_read_whole() {
        assert_eq!(ids("-1, 50257"), Ok(List(vec![-1, 50_257])));
        assert_eq!(ids(""), Ok(List(Vec::new())));
        assert!(ids("a").is_err() && ids("1,,2").is_err() && temperatures("").is_err());
        assert_eq!(times("0,1.5"), Ok(List(vec![0.0, 1.5])));
        let codes: Vec<_> = languages("en, German").unwrap().0.iter().map(|l| l.code()).collect();
        assert_eq!(codes, ["en", "de"]);
        assert!(languages("en,klingon").unwrap_err().starts_with("klingon is not a language"));
    }

    /// Expected: `numpy.arange(first, 1.0 + 1e-6, step).tolist()`.
    #[test]
    fn steps_are_numpys() {
        assert_eq!(steps(0.0, Some(0.2)).unwrap(), [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
        let uneven = [0.1, 0.4, 0.700_000_000_000_000_1, 1.000_000_000_000_000_2];
        assert_eq!(steps(0.1, Some(0.3)).unwrap(), uneven);
        assert_eq!(steps(0.5, Some(2.0)).unwrap(), [0.5]);
        assert_eq!(steps(1.5, None).unwrap(), [1.5]);
        for (first, step) in [(1.5, 0.2), (0.0, 0.0), (0.0, -0.2), (0.0, f64::NAN), (0.0, 1e-9)] {
            assert!(steps(first, Some(step)).unwrap_err().contains("temperature"), "{first} {step}");
        }
    }
}
