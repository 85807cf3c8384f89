//! Reads a list of phrases with weights. Not what they do.

use super::DEFAULT_WEIGHT;
use crate::Error;

/// The most phrases read.
const MAX_PHRASES: usize = 10_000;
/// The most characters of a phrase.
const MAX_CHARS: usize = 200;
/// The largest weight, in nats: more would be a grammar.
const MAX_WEIGHT: f32 = 100.0;

/// The phrases of `phrase:weight, other phrase`, or one a line.
///
/// # Errors
/// [`Error::Hotword`].
pub fn parse(text: &str) -> Result<Vec<(String, f32)>, Error> {
    let items = text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
    items.enumerate().map(|(i, item)| phrase(i + 1, item)).collect()
}

fn phrase(number: usize, item: &str) -> Result<(String, f32), Error> {
    let refuse = |got: String, expected| Err(Error::Hotword { number, got, expected });
    if number > MAX_PHRASES {
        return refuse("one too many".to_owned(), "at most 10000 phrases");
    }
    let (phrase, weight) = match item.rsplit_once(':') {
        Some((phrase, after)) if after.trim().is_empty() || is_number(after.trim()) => {
            if let Some(weight) =
                after.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0 && *weight <= MAX_WEIGHT)
            {
                (phrase.trim(), weight)
            } else {
                let got = format!("{:?} with the weight {:?}", shorter(phrase.trim()), shorter(after.trim()));
                return refuse(got, "a weight above 0 and at most 100, such as 4");
            }
        }
        _ => (item, DEFAULT_WEIGHT),
    };
    match phrase.chars().count() {
        0 => refuse("a weight alone".to_owned(), "phrase or phrase:weight, such as Undertone:4"),
        n if n > MAX_CHARS => refuse(format!("{n} characters long"), "at most 200 characters"),
        _ => Ok((phrase.to_owned(), weight)),
    }
}

/// Whether a text is written with what numbers are written with, and has a digit.
fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))
}

/// The beginning of a text, for a message.
fn shorter(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn phrases_and_weights() {
        let text = "Kubernetes:2.5, Star Trek: Voyager,\n\nApollo:13:4 \r\n, Zoë , a:b,1e1 x:+1e1";
        let expected = [
            ("Kubernetes", 2.5),
            ("Star Trek: Voyager", DEFAULT_WEIGHT),
            ("Apollo:13", 4.0),
            ("Zoë", DEFAULT_WEIGHT),
            ("a:b", DEFAULT_WEIGHT),
            ("1e1 x", 10.0),
        ];
        let got = parse(text).unwrap();
        assert_eq!(got, expected.map(|(phrase, weight)| (phrase.to_owned(), weight)));
        assert!(parse(" ,\n").unwrap().is_empty());
        assert_eq!(parse("Apollo:nan").unwrap()[0], ("Apollo:nan".to_owned(), DEFAULT_WEIGHT));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let weight = "a weight above 0 and at most 100, such as 4";
        for (text, got) in
            [("b, a:0", "\"a\" with the weight \"0\""), ("b\na :", "\"a\" with the weight \"\"")]
        {
            assert_eq!(message(text), format!("hotword 2 is {got}, expected {weight}"));
        }
        for text in ["a:100.1", "a:-4", "a:1e99", "a:1.2.3", "a:-4e"] {
            assert!(message(text).ends_with(weight), "{text}");
        }
        assert_eq!(
            message(":4"),
            "hotword 1 is a weight alone, expected phrase or phrase:weight, such as Undertone:4"
        );
        assert_eq!(
            message(&"é".repeat(201)),
            "hotword 1 is 201 characters long, expected at most 200 characters"
        );
        let many = "a,".repeat(10_001);
        assert_eq!(message(&many), "hotword 10001 is one too many, expected at most 10000 phrases");
        assert_eq!(parse(&many[2..]).unwrap().len(), 10_000);
    }
}
