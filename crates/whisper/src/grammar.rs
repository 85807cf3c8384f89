//! Grammars that a window's text must follow, in GBNF or as a regular expression. Not a check of text that is there
//! already, but a rule on the next token.
//!
//! A grammar becomes a network of states over bytes ([`Grammar`]). While a window is decoded, the text so far leads
//! to a state; a walk over the vocabulary's bytes from there finds the tokens that keep to the grammar, and both are
//! remembered ([`GrammarRule`]).

mod check;
mod expr;
mod gbnf;
mod machine;
mod pattern;
mod program;
mod rule;
mod stacks;
mod text;
mod token_trie;

use std::sync::Arc;

use crate::Error;
use machine::{DEAD, Machine};
use program::Program;
use text::Text;

pub use rule::GrammarRule;
pub use token_trie::TokenTrie;

/// What texts are allowed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Grammar {
    program: Arc<Program>,
}

impl Grammar {
    /// Reads a grammar in GBNF, as llama.cpp and whisper.cpp have it
    /// (<https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md>): rules `name ::= ..`, of which
    /// `root` is the whole text; literals in double quotes, classes such as `[a-z]` and `[^0-9]`, `.`, `|`, groups,
    /// `*`, `+`, `?`, `{3}`, `{3,}` and `{3,5}`, comments after `#`.
    ///
    /// # Errors
    /// [`Error::Grammar`], with line and column, for what can't be read, for names without a rule, for rules that
    /// begin with themselves, and where the grammar is too large or has no text at all.
    pub fn gbnf(text: &str) -> Result<Self, Error> {
        let rules = gbnf::parse(text)?;
        let refuse = |rule: usize, got: &str, expected: &str| {
            Text::new(text).refuse(rules[rule].at, got.to_owned(), expected)
        };
        let mut program = Program::new(rules.iter().map(|rule| &rule.expr)).map_err(|error| {
            refuse(
                error.rule,
                "a rule with which the grammar grows too large",
                "fewer or shorter repetitions",
            )
        })?;
        if let Some(rule) = check::left_recursive(&program) {
            let expected = "something before it calls itself; write a list as item more*";
            return Err(refuse(rule, "a rule that begins with itself", expected));
        }
        if !check::prune(&mut program) {
            return Err(refuse(0, "a root that no text can complete", "a way without recursion"));
        }
        Ok(Self { program: Arc::new(program) })
    }

    /// Reads a regular expression in the syntax of the `regex` crate (<https://docs.rs/regex/#syntax>). The whole
    /// text must match it. Nothing in it may look around: no `\b`, and `^` and `$` only at the ends.
    ///
    /// # Errors
    /// [`Error::Pattern`], with its column, for what can't be read or is too large, and where nothing can match.
    pub fn regex(pattern: &str) -> Result<Self, Error> {
        let expr = pattern::parse(pattern)?;
        let mut program = Program::new([&expr]).map_err(|_| pattern::too_large())?;
        if !check::prune(&mut program) {
            return Err(pattern::matches_nothing());
        }
        Ok(Self { program: Arc::new(program) })
    }

    /// Whether a text is allowed, to the last byte. No space is skipped.
    pub fn matches(&self, text: &str) -> bool {
        let mut machine = self.machine();
        let place = text.bytes().fold(machine.start(), |place, byte| machine.step(place, byte));
        machine.ends(place)
    }

    /// Whether a text is allowed or is the beginning of one that is. No space is skipped.
    pub fn may_begin(&self, text: &[u8]) -> bool {
        let mut machine = self.machine();
        text.iter().fold(machine.start(), |place, byte| machine.step(place, *byte)) != DEAD
    }

    /// The text tokens that are allowed texts by themselves, ascending. No space is skipped.
    pub(crate) fn tokens(&self, trie: &TokenTrie) -> Vec<u32> {
        let mut machine = self.machine();
        let mut found = Vec::new();
        trie.walk(machine.start(), |place, byte, token| {
            let next = machine.step(place, byte);
            found.extend(token.filter(|_| machine.ends(next)));
            (next != DEAD).then_some(next)
        });
        found.sort_unstable();
        found
    }

    fn machine(&self) -> Machine {
        Machine::new(Arc::clone(&self.program))
    }
}

#[cfg(test)]
mod tests;
