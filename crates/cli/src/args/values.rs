//! Values as openai-whisper's command line spells them: `True`, `None`, lists of ids. Not their meaning.

use std::fmt;
use std::str::FromStr;

/// A value, or the word `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: FromStr<Err: fmt::Display>> FromStr for OrNone<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "None" {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value))).map_err(|error| format!("{error} (or None)"))
    }
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

/// Token ids, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(pub Vec<i64>);

impl FromStr for Ids {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        let ids: Result<_, _> = ids.map(str::parse).collect();
        ids.map(Self).map_err(|error| format!("{error}: expected token ids separated by commas"))
    }
}

/// A number that is one: neither `nan` nor `inf`.
pub fn finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if number.is_finite() { Ok(number) } else { Err("expected a finite number".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lists_are_read() {
        assert_eq!("None".parse(), Ok(OrNone::<usize>(None)));
        assert_eq!("5".parse(), Ok(OrNone(Some(5))));
        assert!("none".parse::<OrNone<usize>>().is_err());
        assert_eq!(["True", "false"].map(str::parse), [Ok(Truth(true)), Ok(Truth(false))]);
        assert!("1".parse::<Truth>().is_err());
        assert_eq!("-1, 50257".parse(), Ok(Ids(vec![-1, 50_257])));
        assert_eq!("".parse(), Ok(Ids(Vec::new())));
        assert!("a".parse::<Ids>().is_err());
        assert!(finite("nan").is_err() && finite("-1.5") == Ok(-1.5));
    }
}
