//! Random grammars, their text in both syntaxes, and a slow reading of them that shares nothing with the machine: all
//! ends of a piece in a text, one by one. Not the tests that use them.

use proptest::prelude::*;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::super::expr::Expr;

/// What random literals and classes are made of: characters of one to four bytes.
pub const ALPHABET: [char; 8] = [' ', 'a', 'b', 't', 'é', 'è', '♪', '🎵'];

/// A grammar in which every text can be completed. Rule 1 calls itself between brackets; nothing else recurs.
pub fn exprs(rules: bool) -> BoxedStrategy<Expr> {
    let character = prop::sample::select(ALPHABET.to_vec());
    let literal = prop::collection::vec(character.clone(), 0..3)
        .prop_map(|chars| Expr::Literal(chars.into_iter().collect::<String>().into_bytes()));
    let class = prop::collection::btree_set(character, 1..4).prop_map(|chars| {
        Expr::Class(ClassUnicode::new(chars.into_iter().map(|c| ClassUnicodeRange::new(c, c))))
    });
    let leaf = if rules {
        prop_oneof![3 => literal, 3 => class, 1 => Just(Expr::Rule(1))].boxed()
    } else {
        prop_oneof![literal, class].boxed()
    };
    leaf.prop_recursive(4, 16, 3, |inner| {
        let counts = prop_oneof![Just((0, None)), Just((1, None)), Just((0, Some(1))), Just((1, Some(3)))];
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Sequence),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Choice),
            (inner, counts).prop_map(|(inner, (min, max))| Expr::Repeat { inner: Box::new(inner), min, max }),
        ]
    })
    .boxed()
}

/// The rule that rule 1 is: `"a" r1 "b" | [t♪]`.
pub fn recursive() -> Expr {
    let class = ClassUnicode::new(['t', '♪'].map(|c| ClassUnicodeRange::new(c, c)));
    let between = vec![Expr::Literal(b"a".to_vec()), Expr::Rule(1), Expr::Literal(b"b".to_vec())];
    Expr::Choice(vec![Expr::Sequence(between), Expr::Class(class)])
}

/// The text of an expression in GBNF, or as a regular expression.
pub fn written(expr: &Expr, gbnf: bool) -> String {
    let counts = |min: u32, max: Option<u32>| match (min, max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, max) => format!("{{{min},{}}}", max.map(|max| max.to_string()).unwrap_or_default()),
    };
    let all = |all: &[Expr], between: &str| {
        let all: Vec<String> = all.iter().map(|expr| written(expr, gbnf)).collect();
        all.join(between)
    };
    let open = if gbnf { "(" } else { "(?:" };
    match expr {
        Expr::Literal(bytes) if gbnf => format!("\"{}\"", String::from_utf8_lossy(bytes)),
        Expr::Literal(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Expr::Class(class) => {
            let ranges = class.iter().map(|range| format!("{}-{}", range.start(), range.end()));
            format!("[{}]", ranges.collect::<Vec<_>>().concat())
        }
        Expr::Sequence(exprs) => format!("{open}{})", all(exprs, if gbnf { " " } else { "" })),
        Expr::Choice(exprs) => format!("{open}{})", all(exprs, "|")),
        Expr::Repeat { inner, min, max } => format!("{open}{}){}", written(inner, gbnf), counts(*min, *max)),
        Expr::Rule(rule) => format!("r{rule}"),
    }
}

/// A text against which an expression is read.
pub struct Reading<'t> {
    /// Its bytes.
    pub text: &'t [u8],
    /// Whether the text has been used up within something that can go on.
    pub viable: bool,
}

impl Reading<'_> {
    /// Every place at which `expr` may end when it begins at one of `starts`.
    pub fn ends(&mut self, expr: &Expr, starts: &[usize]) -> Vec<usize> {
        let mut ends: Vec<usize> = match expr {
            Expr::Literal(bytes) => starts.iter().filter_map(|start| self.over(bytes, *start)).collect(),
            Expr::Class(class) => {
                let chars = class.iter().flat_map(|range| range.start()..=range.end());
                let spelt: Vec<String> = chars.map(String::from).collect();
                let each = starts.iter().flat_map(|start| spelt.iter().map(move |spelt| (*start, spelt)));
                each.filter_map(|(start, spelt)| self.over(spelt.as_bytes(), start)).collect()
            }
            Expr::Sequence(all) => all.iter().fold(starts.to_vec(), |starts, expr| self.ends(expr, &starts)),
            Expr::Choice(all) => all.iter().flat_map(|expr| self.ends(expr, starts)).collect(),
            Expr::Repeat { inner, min, max } => {
                let mut found = if *min == 0 { starts.to_vec() } else { Vec::new() };
                let mut now = starts.to_vec();
                // More turns than bytes add nothing.
                for turn in 1..=max.unwrap_or(self.text.len() as u32 + 1 + min) {
                    now = self.ends(inner, &now);
                    found.extend(now.iter().filter(|_| turn >= *min));
                }
                found
            }
            Expr::Rule(_) if starts.is_empty() => Vec::new(),
            Expr::Rule(_) => self.ends(&recursive(), starts),
        };
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    fn over(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let rest = &self.text[start..];
        self.viable |= rest.len() < bytes.len() && bytes.starts_with(rest);
        rest.starts_with(bytes).then_some(start + bytes.len())
    }
}
