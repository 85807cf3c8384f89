//! The words of English numbers, and whole numbers of any length as their digits. Not how words follow one another: see
//! `numbers`.

const ONES: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
/// With their zeros.
const MULTIPLIERS: [(&str, usize); 12] = [
    ("hundred", 2),
    ("thousand", 3),
    ("million", 6),
    ("billion", 9),
    ("trillion", 12),
    ("quadrillion", 15),
    ("quintillion", 18),
    ("sextillion", 21),
    ("septillion", 24),
    ("octillion", 27),
    ("nonillion", 30),
    ("decillion", 33),
];

/// What a word means in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numeral {
    /// `zero`, `oh`.
    Zero,
    /// 1 to 19.
    Ones(u32),
    /// 0 to 19, with the ending of a plural or an ordinal.
    OnesSuffixed(u32, &'static str),
    /// 20 to 90.
    Tens(u32),
    /// 20 to 90, with such an ending.
    TensSuffixed(u32, &'static str),
    /// A power of ten, by its zeros.
    Multiplier(usize),
    /// A power of ten, with such an ending.
    MultiplierSuffixed(usize, &'static str),
    /// `minus`: the sign before a number.
    PrefixBefore(char),
    /// `dollars`: the sign of a number before it.
    PrefixAfter(char),
    /// `per`, which `cent` follows.
    Per,
    /// `percent`.
    Percent,
    /// `and`.
    And,
    /// `double`, `triple`: how often.
    Repeat(usize),
    /// `point`.
    Point,
}

/// What the word means; `None` if it belongs to no number.
pub(super) fn numeral(word: &str) -> Option<Numeral> {
    use Numeral as N;
    Some(match word {
        "o" | "oh" | "zero" => N::Zero,
        "zeroth" => N::OnesSuffixed(0, "th"),
        "first" => N::OnesSuffixed(1, "st"),
        "second" => N::OnesSuffixed(2, "nd"),
        "third" => N::OnesSuffixed(3, "rd"),
        "fifth" => N::OnesSuffixed(5, "th"),
        "twelfth" => N::OnesSuffixed(12, "th"),
        "sixes" => N::OnesSuffixed(6, "s"),
        "minus" | "negative" => N::PrefixBefore('-'),
        "plus" | "positive" => N::PrefixBefore('+'),
        "pound" | "pounds" => N::PrefixAfter('£'),
        "euro" | "euros" => N::PrefixAfter('€'),
        "dollar" | "dollars" => N::PrefixAfter('$'),
        "cent" | "cents" => N::PrefixAfter('¢'),
        "per" => N::Per,
        "percent" => N::Percent,
        "and" => N::And,
        "double" => N::Repeat(2),
        "triple" => N::Repeat(3),
        "point" => N::Point,
        _ => return regular(word),
    })
}

fn regular(word: &str) -> Option<Numeral> {
    use Numeral as N;
    let ones = |word: &str| ONES.iter().position(|name| *name == word).map(|place| place as u32 + 1);
    let tens = |word: &str| TENS.iter().position(|name| *name == word).map(|place| (place as u32 + 2) * 10);
    let zeros = |word: &str| MULTIPLIERS.iter().find(|(name, _)| *name == word).map(|(_, zeros)| *zeros);
    if let Some(value) = ones(word) {
        return Some(N::Ones(value));
    } else if let Some(value) = tens(word) {
        return Some(N::Tens(value));
    } else if let Some(value) = zeros(word) {
        return Some(N::Multiplier(value));
    }
    if let Some(stem) = word.strip_suffix("ies").or_else(|| word.strip_suffix("ieth")) {
        let suffix = if word.ends_with('s') { "s" } else { "th" };
        return tens(&format!("{stem}y")).map(|value| N::TensSuffixed(value, suffix));
    }
    if let Some(stem) = word.strip_suffix("th") {
        // "eight" has its t already, and the first three, five and twelve have forms of their own.
        let plain = ones(stem).filter(|value| *value > 3 && ![5, 8, 12].contains(value));
        let value = plain.or_else(|| (stem == "eigh").then_some(8));
        return value
            .map(|value| N::OnesSuffixed(value, "th"))
            .or_else(|| zeros(stem).map(|zeros| N::MultiplierSuffixed(zeros, "th")));
    }
    let stem = word.strip_suffix('s')?;
    ones(stem)
        .filter(|value| *value != 6)
        .map(|value| N::OnesSuffixed(value, "s"))
        .or_else(|| zeros(stem).map(|zeros| N::MultiplierSuffixed(zeros, "s")))
}

/// Whether the word is the digits of a decimal or may follow `point`.
pub(super) fn is_decimal(word: &str) -> bool {
    matches!(numeral(word), Some(Numeral::Zero | Numeral::Ones(_) | Numeral::Tens(_)))
}

/// A whole number as its digits, without zeros before them but for 0 itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whole(String);

impl Whole {
    /// From ASCII digits.
    pub(super) fn new(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self(if digits.is_empty() { "0" } else { digits }.to_owned())
    }

    /// A power of ten.
    pub(super) fn power(zeros: usize) -> Self {
        Self(format!("1{}", "0".repeat(zeros)))
    }

    pub(super) fn digits(&self) -> &str {
        &self.0
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0 == "0"
    }

    /// Whether it ends with so many zeros, as a multiple of that power of ten does.
    pub(super) fn ends_with_zeros(&self, zeros: usize) -> bool {
        self.is_zero() || self.0.len() - self.0.trim_end_matches('0').len() >= zeros
    }

    /// The sum with a number.
    pub(super) fn plus(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.0.bytes().rev(), other.0.bytes().rev());
        let (mut sum, mut carry) = (Vec::new(), 0);
        loop {
            let (x, y) = (a.next(), b.next());
            if x.is_none() && y.is_none() && carry == 0 {
                break;
            }
            let digit = carry + x.map_or(0, |x| x - b'0') + y.map_or(0, |y| y - b'0');
            carry = digit / 10;
            sum.push(char::from(b'0' + digit % 10));
        }
        Self::new(&sum.into_iter().rev().collect::<String>())
    }

    /// What is below a thousand times a power of ten, and the rest as it was: `2003` and `hundred` give `2300`.
    pub(super) fn last_thousand_times(&self, zeros: usize) -> Self {
        let cut = self.0.len().saturating_sub(3);
        let (before, residual) = self.0.split_at(cut);
        let before = Self::new(&format!("{before}000"));
        before.plus(&Self::new(&format!("{residual}{}", "0".repeat(zeros))))
    }
}

#[cfg(test)]
mod tests {
    use super::{Numeral, Whole, numeral};

    #[test]
    fn endings_are_told_apart() {
        let expected = [
            ("eighth", Some(Numeral::OnesSuffixed(8, "th"))),
            ("eightth", None),
            ("eightieth", Some(Numeral::TensSuffixed(80, "th"))),
            ("nineth", Some(Numeral::OnesSuffixed(9, "th"))),
            ("ninth", None),
            ("sixs", None),
            ("fives", Some(Numeral::OnesSuffixed(5, "s"))),
            ("fiveth", None),
            ("millionth", Some(Numeral::MultiplierSuffixed(6, "th"))),
            ("twenties", Some(Numeral::TensSuffixed(20, "s"))),
            ("thirds", None),
        ];
        for (word, meaning) in expected {
            assert_eq!(numeral(word), meaning, "{word}");
        }
    }

    #[test]
    fn digits_carry() {
        let whole = |text| Whole::new(text);
        assert_eq!(whole("999").plus(&whole("1")), whole("1000"));
        assert_eq!(whole("2003").last_thousand_times(2), whole("2300"));
        assert_eq!(whole("007").digits(), "7");
        assert!(whole("100").ends_with_zeros(2) && whole("0").ends_with_zeros(2));
        assert!(!whole("110").ends_with_zeros(2));
    }
}
