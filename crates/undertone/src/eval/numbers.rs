//! Spelled-out numbers to digits: openai-whisper's `EnglishNumberNormalizer`. Not a reader of numbers: what it makes of
//! odd ones is what openai-whisper makes of them.

use super::characters::{digit, is_boundary, is_digit, is_space, words};
use super::numerals::{Numeral, Whole, is_decimal, numeral};
use super::postprocess;

/// Signs that stand before a number.
const PREFIXES: [char; 6] = ['-', '+', '£', '€', '$', '¢'];

/// The text with its numbers in digits.
pub(super) fn standardize(text: &str) -> String {
    let text = preprocessed(text);
    let words: Vec<&str> = words(&text).collect();
    let mut reader = Reader::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let prev = at.checked_sub(1).map(|before| words[before]);
        let next = words.get(at + 1).copied();
        let skip = reader.take(Place { prev, next }, word);
        at += if skip { 2 } else { 1 };
    }
    reader.flush();
    postprocess::ones_as_words(&postprocess::cents(&reader.out.join(" ")))
}

/// The number read so far.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Whole(Whole),
    /// Digits that were put side by side, perhaps with points.
    Text(String),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Value::Whole(whole) => whole.digits(),
            Value::Text(text) => text,
        }
    }
}

/// The words around the one that is read.
#[derive(Clone, Copy)]
struct Place<'a> {
    prev: Option<&'a str>,
    next: Option<&'a str>,
}

impl Place<'_> {
    fn after(self, is: fn(Numeral) -> bool) -> bool {
        self.prev.and_then(numeral).is_some_and(is)
    }

    fn after_ones(self) -> bool {
        self.after(|numeral| matches!(numeral, Numeral::Ones(_)))
    }

    fn after_tens(self) -> bool {
        self.after(|numeral| matches!(numeral, Numeral::Tens(_)))
    }

    fn before_digits(self) -> bool {
        self.next.is_some_and(is_numeric)
    }

    fn before_number(self) -> bool {
        self.before_digits() || self.next.and_then(numeral).is_some()
    }
}

#[derive(Default)]
struct Reader {
    prefix: Option<char>,
    value: Option<Value>,
    out: Vec<String>,
}

impl Reader {
    /// Puts out a word with the sign that waits for one; whatever was read is done with.
    fn put(&mut self, text: &str) {
        self.value = None;
        let prefix = self.prefix.take();
        self.out.push(prefix.into_iter().collect::<String>() + text);
    }

    /// Puts out the number read so far, if any.
    fn flush(&mut self) {
        if let Some(value) = self.value.take() {
            self.put(value.text());
        }
    }

    fn flush_and_put(&mut self, text: &str) {
        self.flush();
        self.put(text);
    }

    /// The number read so far as text; a 0 in digits counts as none, as in Python's `value or ""`.
    fn text_or_nothing(&mut self) -> String {
        match self.value.take() {
            Some(Value::Whole(whole)) if whole.is_zero() => String::new(),
            value => value.map_or_else(String::new, |value| value.text().to_owned()),
        }
    }

    /// Reads a word; true if the one after it was read along.
    fn take(&mut self, place: Place<'_>, word: &str) -> bool {
        let sign = word.chars().next().filter(|c| PREFIXES.contains(c));
        let bare = &word[sign.map_or(0, char::len_utf8)..];
        if is_numeric(bare) {
            self.digits(word, bare, sign);
            return false;
        }
        let Some(numeral) = numeral(word) else {
            self.flush_and_put(word);
            return false;
        };
        match numeral {
            Numeral::Zero => self.value = Some(Value::Text(self.text_or_nothing() + "0")),
            Numeral::Ones(ones) => self.value = Some(self.with_ones(ones, place)),
            Numeral::OnesSuffixed(ones, suffix) => {
                let text = self.with_ones(ones, place).text().to_owned();
                self.put(&(text + suffix));
            }
            Numeral::Tens(tens) => self.value = Some(self.with_tens(tens)),
            Numeral::TensSuffixed(tens, suffix) => {
                let text = self.with_tens(tens).text().to_owned();
                self.put(&(text + suffix));
            }
            Numeral::Multiplier(zeros) => self.multiply(zeros),
            Numeral::MultiplierSuffixed(zeros, suffix) => self.multiply_suffixed(zeros, suffix),
            Numeral::PrefixBefore(sign) => {
                self.flush();
                if place.before_number() {
                    self.prefix = Some(sign);
                } else {
                    self.put(word);
                }
            }
            Numeral::PrefixAfter(sign) => {
                if self.value.is_some() {
                    self.prefix = Some(sign);
                    self.flush();
                } else {
                    self.put(word);
                }
            }
            Numeral::Per | Numeral::Percent => return self.percent(numeral, place, word),
            Numeral::And | Numeral::Repeat(_) | Numeral::Point => return self.special(numeral, place, word),
        }
        false
    }

    /// Digits, perhaps with a sign before them.
    fn digits(&mut self, word: &str, bare: &str, sign: Option<char>) {
        if let Some(Value::Text(text)) = &mut self.value
            && text.ends_with('.')
        {
            text.push_str(word);
            return;
        }
        self.flush();
        self.prefix = sign.or(self.prefix);
        let whole = fraction(bare).filter(|(_, decimals)| decimals.is_empty());
        self.value = Some(match whole {
            Some((whole, _)) => Value::Whole(Whole::new(&whole)),
            None => Value::Text(bare.to_owned()),
        });
    }

    /// The number so far and 0 to 19 after it: added where there is room, else put beside it.
    fn with_ones(&mut self, ones: u32, place: Place<'_>) -> Value {
        let small = Whole::new(&ones.to_string());
        let room = if ones < 10 { 1 } else { 2 };
        match self.value.take() {
            None => Value::Whole(small),
            Some(value) if matches!(value, Value::Text(_)) || place.after_ones() => {
                let text = value.text();
                let tens = place.after_tens() && ones < 10;
                let text = if tens { text.strip_suffix('0').unwrap_or(text) } else { text };
                Value::Text(format!("{text}{ones}"))
            }
            Some(Value::Whole(whole)) if whole.ends_with_zeros(room) => Value::Whole(whole.plus(&small)),
            Some(value) => Value::Text(format!("{}{ones}", value.text())),
        }
    }

    /// The number so far and 20 to 90 after it.
    fn with_tens(&mut self, tens: u32) -> Value {
        let small = Whole::new(&tens.to_string());
        match self.value.take() {
            None => Value::Whole(small),
            Some(Value::Whole(whole)) if whole.ends_with_zeros(2) => Value::Whole(whole.plus(&small)),
            Some(value) => Value::Text(format!("{}{tens}", value.text())),
        }
    }

    fn multiply(&mut self, zeros: usize) {
        self.value = Some(match self.value.take() {
            None => Value::Whole(Whole::power(zeros)),
            Some(Value::Whole(whole)) if whole.is_zero() => Value::Whole(whole),
            Some(Value::Whole(whole)) => Value::Whole(whole.last_thousand_times(zeros)),
            Some(Value::Text(text)) => Value::Whole(times(&text, zeros).unwrap_or_else(|| {
                self.put(&text);
                Whole::power(zeros)
            })),
        });
    }

    fn multiply_suffixed(&mut self, zeros: usize, suffix: &str) {
        let product = match self.value.take() {
            None => Whole::power(zeros),
            Some(Value::Whole(whole)) => whole.last_thousand_times(zeros),
            Some(Value::Text(text)) => times(&text, zeros).unwrap_or_else(|| {
                self.put(&text);
                Whole::power(zeros)
            }),
        };
        self.put(&format!("{}{suffix}", product.digits()));
    }

    fn percent(&mut self, numeral: Numeral, place: Place<'_>, word: &str) -> bool {
        let whole = numeral == Numeral::Percent || place.next == Some("cent");
        match self.value.take() {
            Some(value) if whole => {
                self.put(&format!("{}%", value.text()));
                return numeral == Numeral::Per;
            }
            Some(value) => {
                self.put(value.text());
                self.put(word);
            }
            None => self.put(word),
        }
        false
    }

    fn special(&mut self, special: Numeral, place: Place<'_>, word: &str) -> bool {
        if !place.before_number() {
            self.flush_and_put(word);
            return false;
        }
        match special {
            // "one hundred and two" is one number.
            Numeral::And if place.after(|numeral| matches!(numeral, Numeral::Multiplier(_))) => {}
            Numeral::Repeat(times) => {
                let digit = match place.next.and_then(numeral) {
                    Some(Numeral::Ones(ones)) => ones,
                    Some(Numeral::Zero) => 0,
                    _ => {
                        self.flush_and_put(word);
                        return false;
                    }
                };
                let text = self.text_or_nothing() + &digit.to_string().repeat(times);
                self.value = Some(Value::Text(text));
                return true;
            }
            Numeral::Point => {
                if place.before_digits() || place.next.is_some_and(is_decimal) {
                    self.value = Some(Value::Text(self.text_or_nothing() + "."));
                }
            }
            _ => self.flush_and_put(word),
        }
        false
    }
}

/// `^\d+(\.\d+)?$`.
fn is_numeric(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(is_digit);
    match text.split_once('.') {
        Some((whole, decimals)) => digits(whole) && digits(decimals),
        None => digits(text),
    }
}

/// The ASCII digits before and after the point, without zeros at the end; `None` where Python's `Fraction` refuses.
fn fraction(text: &str) -> Option<(String, String)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let valid = |part: &str| part.chars().all(is_digit);
    if (whole.is_empty() && decimals.is_empty()) || !valid(whole) || !valid(decimals) {
        return None;
    }
    let ascii = |part: &str| part.chars().map(digit).collect::<String>();
    Some((ascii(whole), ascii(decimals).trim_end_matches('0').to_owned()))
}

/// The number times a power of ten, if that is whole.
fn times(text: &str, zeros: usize) -> Option<Whole> {
    let (whole, decimals) = fraction(text)?;
    let missing = zeros.checked_sub(decimals.len())?;
    Some(Whole::new(&format!("{whole}{decimals}{}", "0".repeat(missing))))
}

/// What is done before words are read: "and a half", and spaces between numbers and letters.
fn preprocessed(text: &str) -> String {
    let parts = around_halves(text);
    let mut results = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let Some(last) = words(part).next_back() else { continue };
        results.push(*part);
        if place + 1 < parts.len() {
            let number = is_decimal(last) || matches!(numeral(last), Some(Numeral::Multiplier(_)));
            results.push(if number { "point five" } else { "and a half" });
        }
    }
    let text = results.join(" ");
    let mut apart = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        let letter = |c: char| c.is_ascii_lowercase();
        let digit = |c: char| c.is_ascii_digit();
        if before.is_some_and(|b| (letter(b) && digit(c)) || (digit(b) && letter(c))) {
            apart.push(' ');
        }
        apart.push(c);
        before = Some(c);
    }
    suffixes_joined(&apart)
}

/// `re.split(r"\band\s+a\s+half\b", text)`.
fn around_halves(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(at) = text[from..].find("and").map(|at| at + from) {
        from = at + "and".len();
        let before = text[..at].chars().next_back();
        let end = after_spaces(&text[from..])
            .and_then(|rest| after_spaces(rest.strip_prefix('a')?)?.strip_prefix("half"));
        let Some(end) = end else { continue };
        if is_boundary(before, Some('a')) && is_boundary(Some('f'), end.chars().next()) {
            parts.push(&text[start..at]);
            start = text.len() - end.len();
            from = start;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The text after the white space that it begins with, of which there must be some.
fn after_spaces(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(is_space);
    (rest.len() < text.len()).then_some(rest)
}

/// `re.sub(r"([0-9])\s+(st|nd|rd|th|s)\b", r"\1\2", text)`.
fn suffixes_joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        out.push(c);
        rest = &rest[c.len_utf8()..];
        let Some(after) = after_spaces(rest).filter(|_| c.is_ascii_digit()) else { continue };
        let suffixes = ["st", "nd", "rd", "th", "s"];
        let found = suffixes.iter().filter_map(|suffix| Some((*suffix, after.strip_prefix(suffix)?)));
        let mut found = found.filter(|(_, end)| is_boundary(Some('s'), end.chars().next()));
        if let Some((suffix, end)) = found.next() {
            out.push_str(suffix);
            rest = end;
        }
    }
    out
}
