//! Reads GBNF, the notation of llama.cpp's and whisper.cpp's grammars, into rules. Not what the rules accept: that
//! is `program`.
//!
//! ```text
//! root  ::= ("turn" | "switch") " the " lamp " " ("on" | "off") [.!]?   # a comment
//! lamp  ::= "lamp" | "light" | [a-z]{2,8}
//! ```

use std::collections::HashMap;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::expr::Expr;
use super::text::{Text, shown};
use crate::Error;

/// The largest text read, in bytes.
const MAX_TEXT: usize = 1 << 20;
/// The deepest that groups may nest.
const MAX_DEPTH: usize = 100;
/// The largest count in braces.
const MAX_COUNT: u32 = 10_000;

/// A rule and the byte at which its definition begins.
#[derive(Debug)]
pub struct Rule {
    /// What it says.
    pub expr: Expr,
    /// Where its name stands.
    pub at: usize,
}

/// The rules of a grammar, `root` first.
///
/// Above the grammar of llama.cpp, a rule goes on where the next line begins with `|`, and names may hold `_`. A
/// rule that is defined twice, a class of no characters and a repetition of a repetition are refused.
///
/// # Errors
/// [`Error::Grammar`] for the first thing that can't be read, a rule that is not defined, and no `root`.
pub fn parse(text: &str) -> Result<Vec<Rule>, Error> {
    let mut parser = Parser { text: Text::new(text), names: HashMap::new(), rules: Vec::new() };
    if text.len() > MAX_TEXT {
        return Err(Text::new(text).refuse(0, format!("{} bytes", text.len()), "at most 1048576"));
    }
    parser.number("root", 0);
    parser.space(true);
    while parser.text.peek().is_some() {
        parser.rule()?;
        parser.space(true);
    }
    let Parser { text, rules, .. } = parser;
    rules
        .into_iter()
        .map(|(name, mentioned, expr)| match expr {
            Some((at, expr)) => Ok(Rule { expr, at }),
            None if name == "root" => {
                Err(text.refuse(text.len(), "no rule named root".to_owned(), "one: decoding begins there"))
            }
            None => {
                let got = format!("the name {name}, which no rule has");
                Err(text.refuse(mentioned, got, &format!("a rule {name} ::= .. somewhere")))
            }
        })
        .collect()
}

struct Parser<'t> {
    text: Text<'t>,
    /// The numbers of the rules, by name.
    names: HashMap<&'t str, u32>,
    /// Name, where it is first mentioned, and its definition once that is read.
    rules: Vec<(&'t str, usize, Option<Definition>)>,
}

/// Where a rule is defined, and as what.
type Definition = (usize, Expr);

impl<'t> Parser<'t> {
    fn number(&mut self, name: &'t str, at: usize) -> u32 {
        *self.names.entry(name).or_insert_with(|| {
            self.rules.push((name, at, None));
            (self.rules.len() - 1) as u32
        })
    }

    /// Skips blanks and comments, and ends of lines where `lines`.
    fn space(&mut self, lines: bool) {
        while let Some(c) = self.text.peek() {
            match c {
                ' ' | '\t' => self.text.bump(),
                '\r' | '\n' if lines => self.text.bump(),
                '#' => {
                    self.text.skip_while(|c| c != '\n' && c != '\r');
                }
                _ => break,
            }
        }
    }

    fn name(&mut self) -> &'t str {
        self.text.skip_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    }

    fn rule(&mut self) -> Result<(), Error> {
        let at = self.text.at();
        let name = self.name();
        if name.is_empty() {
            return Err(self.text.unexpected("the name of a rule"));
        }
        let number = self.number(name, at);
        if self.rules[number as usize].2.is_some() {
            let got = format!("a second rule {name}");
            return Err(self.text.refuse(at, got, "each rule once; join them with |"));
        }
        self.space(false);
        self.text.expect("::=", "::= after the name of a rule")?;
        self.space(true);
        let expr = self.choice(0)?;
        if !matches!(self.text.peek(), None | Some('\r' | '\n')) {
            return Err(self
                .text
                .unexpected("a literal, a class, a name, a group, a repetition, | or the end of the line"));
        }
        self.rules[number as usize].2 = Some((at, expr));
        Ok(())
    }

    fn choice(&mut self, depth: usize) -> Result<Expr, Error> {
        let mut all = vec![self.sequence(depth)?];
        loop {
            let end = self.text.at();
            self.space(true);
            if self.text.peek() != Some('|') {
                self.text.back_to(end);
                break;
            }
            self.text.bump();
            self.space(true);
            all.push(self.sequence(depth)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Expr::Choice(all) })
    }

    fn sequence(&mut self, depth: usize) -> Result<Expr, Error> {
        let mut all = Vec::new();
        while let Some(c) = self.text.peek() {
            let item = match c {
                '"' => self.literal()?,
                '[' => self.class()?,
                '(' => self.group(depth)?,
                '.' => {
                    self.text.bump();
                    Expr::Class(ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)]))
                }
                '*' | '+' | '?' | '{' => {
                    let expected = "something to repeat before it; a repetition is repeated in parentheses";
                    return Err(self.text.unexpected(expected));
                }
                _ => {
                    let at = self.text.at();
                    let name = self.name();
                    if name.is_empty() {
                        break;
                    }
                    Expr::Rule(self.number(name, at))
                }
            };
            self.space(depth > 0);
            let item = self.repeated(item)?;
            self.space(depth > 0);
            all.push(item);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Expr::Sequence(all) })
    }

    fn group(&mut self, depth: usize) -> Result<Expr, Error> {
        if depth == MAX_DEPTH {
            return Err(self.text.unexpected("groups at most 100 deep"));
        }
        self.text.bump();
        self.space(true);
        let expr = self.choice(depth + 1)?;
        self.space(true);
        self.text.expect(")", "a literal, a class, a name, a group, a repetition, | or )")?;
        Ok(expr)
    }

    fn literal(&mut self) -> Result<Expr, Error> {
        self.text.bump();
        let mut text = String::new();
        loop {
            match self.text.peek() {
                Some('"') => break self.text.bump(),
                Some('\n' | '\r') | None => {
                    return Err(self.text.unexpected("\" at the end of a literal"));
                }
                Some(_) => text.push(self.character()?),
            }
        }
        Ok(Expr::Literal(text.into_bytes()))
    }

    fn class(&mut self) -> Result<Expr, Error> {
        let at = self.text.at();
        self.text.bump();
        let negated = self.text.peek() == Some('^');
        if negated {
            self.text.bump();
        }
        let mut ranges = Vec::new();
        while self.text.peek() != Some(']') {
            if matches!(self.text.peek(), None | Some('\n' | '\r')) {
                return Err(self.text.unexpected("] at the end of a class"));
            }
            let from = self.text.at();
            let first = self.character()?;
            let mut last = first;
            if self.text.rest().starts_with('-') && !self.text.rest().starts_with("-]") {
                self.text.bump();
                if matches!(self.text.peek(), None | Some('\n' | '\r')) {
                    return Err(self.text.unexpected("the last character of a range"));
                }
                last = self.character()?;
            }
            if last < first {
                let got = format!("the range {} to {}", shown(Some(first)), shown(Some(last)));
                return Err(self.text.refuse(from, got, "the lower character first"));
            }
            ranges.push(ClassUnicodeRange::new(first, last));
        }
        self.text.bump();
        if ranges.is_empty() {
            return Err(self.text.refuse(at, "a class of no characters".to_owned(), "one at least"));
        }
        let mut class = ClassUnicode::new(ranges);
        if negated {
            class.negate();
        }
        Ok(Expr::Class(class))
    }

    /// A character of a literal or a class, which may be escaped. There is one.
    fn character(&mut self) -> Result<char, Error> {
        let at = self.text.at();
        let c = self.text.peek().unwrap_or_default();
        self.text.bump();
        if c != '\\' {
            return Ok(c);
        }
        let escape = self.text.peek();
        self.text.bump();
        let digits = match escape {
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some(c @ ('"' | '\\' | '[' | ']' | '-' | '^')) => return Ok(c),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            other => {
                let expected = r#"one of \n \r \t \" \\ \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH"#;
                return Err(self.text.refuse(at, format!("an escape of {}", shown(other)), expected));
            }
        };
        let hex: String = self.text.rest().chars().take(digits).take_while(char::is_ascii_hexdigit).collect();
        if hex.len() < digits {
            let got = format!("an escape of {} hexadecimal digits", hex.len());
            return Err(self.text.refuse(at, got, &digits.to_string()));
        }
        hex.chars().for_each(|_| self.text.bump());
        u32::from_str_radix(&hex, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| self.text.refuse(at, format!("an escape of {hex}"), "a Unicode character"))
    }

    /// What follows `inner` says how often it comes.
    fn repeated(&mut self, inner: Expr) -> Result<Expr, Error> {
        let (min, max) = match self.text.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => self.counts()?,
            _ => return Ok(inner),
        };
        self.text.bump();
        Ok(Expr::Repeat { inner: Box::new(inner), min, max })
    }

    /// Reads counts in braces up to the closing one.
    fn counts(&mut self) -> Result<(u32, Option<u32>), Error> {
        let at = self.text.at();
        self.text.bump();
        self.space(false);
        let min = self.count()?;
        self.space(false);
        let mut max = Some(min);
        if self.text.peek() == Some(',') {
            self.text.bump();
            self.space(false);
            max = if self.text.peek() == Some('}') { None } else { Some(self.count()?) };
            self.space(false);
        }
        if self.text.peek() != Some('}') {
            return Err(self.text.unexpected("} after counts such as {3}, {3,} or {3,5}"));
        }
        match max {
            Some(max) if max < min => {
                Err(self.text.refuse(at, format!("the counts {min} to {max}"), "the lower one first"))
            }
            _ => Ok((min, max)),
        }
    }

    fn count(&mut self) -> Result<u32, Error> {
        let at = self.text.at();
        let digits = self.text.skip_while(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.text.unexpected("a count"));
        }
        let count = digits.parse().ok().filter(|count| *count <= MAX_COUNT);
        count.ok_or_else(|| self.text.refuse(at, format!("the count {digits}"), "at most 10000"))
    }
}
