//! A grammar as a network of states over bytes, in which rules call each other. Not the walk through it: that is
//! `machine`.

use std::collections::HashMap;

use regex_syntax::hir::ClassUnicode;
use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

use super::expr::Expr;

/// A state's place in [`Program::states`].
pub type StateId = u32;

/// The state that every rule ends in.
pub const RETURN: StateId = 0;

/// The most states and ways out of them that a grammar may have, together: a few ten megabytes.
pub const MAX_SIZE: usize = 500_000;

/// A point within a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The end of the rule: goes on where it was called.
    Return,
    /// Ways by byte: first byte, last byte, next state; ascending and apart.
    Bytes(Vec<(u8, u8, StateId)>),
    /// Goes on in all of these without a byte. None is a dead end.
    Split(Vec<StateId>),
    /// Goes through a rule first.
    Call {
        /// The rule's number.
        rule: u32,
        /// Where it goes on afterwards.
        next: StateId,
    },
}

/// A grammar, compiled.
#[derive(Debug)]
pub struct Program {
    /// [`RETURN`] first, then a state after those that it leads to, but for loops and calls.
    pub states: Vec<State>,
    /// The first state of each rule; the root is the first rule.
    pub starts: Vec<StateId>,
    /// The class of each byte: bytes of a class lead to the same states everywhere.
    pub classes: [u8; 256],
    /// How many classes there are.
    pub n_classes: usize,
}

/// What is said when [`MAX_SIZE`] is not enough: the rule that went beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// The rule's number.
    pub rule: usize,
}

impl Program {
    /// Compiles the rules, of which the first is the root.
    ///
    /// # Errors
    /// [`TooLarge`] beyond [`MAX_SIZE`].
    pub fn new<'e>(rules: impl IntoIterator<Item = &'e Expr>) -> Result<Self, TooLarge> {
        let mut compiler = Compiler { states: vec![State::Return], size: 1 };
        let mut starts = Vec::new();
        for (rule, expr) in rules.into_iter().enumerate() {
            starts.push(compiler.expr(expr, RETURN).ok_or(TooLarge { rule })?);
        }
        let (classes, n_classes) = byte_classes(&compiler.states);
        Ok(Self { states: compiler.states, starts, classes, n_classes })
    }
}

struct Compiler {
    states: Vec<State>,
    size: usize,
}

impl Compiler {
    fn spend(&mut self, amount: usize) -> Option<()> {
        self.size += amount;
        (self.size <= MAX_SIZE).then_some(())
    }

    fn push(&mut self, state: State) -> Option<StateId> {
        let ways = match &state {
            State::Bytes(ways) => ways.len(),
            State::Split(ways) => ways.len(),
            State::Return | State::Call { .. } => 1,
        };
        self.spend(1 + ways)?;
        self.states.push(state);
        Some((self.states.len() - 1) as StateId)
    }

    /// Compiles what comes before `next`; none where it grows too large. Even what adds no state is counted, so
    /// that repeating nothing for long comes to an end.
    fn expr(&mut self, expr: &Expr, next: StateId) -> Option<StateId> {
        self.spend(1)?;
        match expr {
            Expr::Literal(bytes) => bytes
                .iter()
                .rev()
                .try_fold(next, |next, byte| self.push(State::Bytes(vec![(*byte, *byte, next)]))),
            Expr::Class(class) => self.class(class, next),
            Expr::Sequence(all) => all.iter().rev().try_fold(next, |next, expr| self.expr(expr, next)),
            Expr::Choice(all) => {
                let ways = all.iter().map(|expr| self.expr(expr, next)).collect::<Option<Vec<_>>>()?;
                self.push(State::Split(ways))
            }
            Expr::Repeat { inner, min, max } => self.repeat(inner, (*min, *max), next),
            Expr::Rule(rule) => self.push(State::Call { rule: *rule, next }),
        }
    }

    fn repeat(&mut self, inner: &Expr, (min, max): (u32, Option<u32>), exit: StateId) -> Option<StateId> {
        let mut next = exit;
        if let Some(max) = max {
            // Optional turns nest, so that a state leads to one turn and not to all that are left.
            for _ in min..max {
                let turn = self.expr(inner, next)?;
                next = self.push(State::Split(vec![turn, exit]))?;
            }
        } else {
            let again = self.push(State::Split(vec![exit, exit]))?;
            let turn = self.expr(inner, again)?;
            self.states[again as usize] = State::Split(vec![turn, exit]);
            next = again;
        }
        for _ in 0..min {
            next = self.expr(inner, next)?;
        }
        Some(next)
    }

    fn class(&mut self, class: &ClassUnicode, next: StateId) -> Option<StateId> {
        let sequences: Vec<_> =
            class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end())).collect();
        let sequences: Vec<&[Utf8Range]> =
            sequences.iter().map(regex_syntax::utf8::Utf8Sequence::as_slice).collect();
        self.sequences(&sequences, next, &mut HashMap::new())
    }

    /// Compiles sequences of byte ranges, which are in order. The ranges at one place are equal or apart: a range
    /// of several bytes stands only before all that may follow. Equal tails become one state.
    fn sequences(
        &mut self,
        sequences: &[&[Utf8Range]],
        next: StateId,
        made: &mut HashMap<Vec<(u8, u8, StateId)>, StateId>,
    ) -> Option<StateId> {
        let mut ways = Vec::new();
        for group in sequences.chunk_by(|a, b| a[0] == b[0]) {
            let tails: Vec<&[Utf8Range]> =
                group.iter().map(|sequence| &sequence[1..]).filter(|tail| !tail.is_empty()).collect();
            let after = if tails.is_empty() { next } else { self.sequences(&tails, next, made)? };
            ways.push((group[0][0].start, group[0][0].end, after));
        }
        if let Some(state) = made.get(&ways) {
            return Some(*state);
        }
        let state = self.push(State::Bytes(ways.clone()))?;
        made.insert(ways, state);
        Some(state)
    }
}

/// Groups the bytes that no state tells apart. The space stands alone: it is skipped where text begins.
fn byte_classes(states: &[State]) -> ([u8; 256], usize) {
    let mut begins = [false; 257];
    let mut cut = |first: u8, last: u8| {
        begins[usize::from(first)] = true;
        begins[usize::from(last) + 1] = true;
    };
    cut(b' ', b' ');
    for state in states {
        if let State::Bytes(ways) = state {
            for (first, last, _) in ways {
                cut(*first, *last);
            }
        }
    }
    let (mut classes, mut class) = ([0; 256], 0);
    for byte in 1..256 {
        class += u8::from(begins[byte]);
        classes[byte] = class;
    }
    (classes, usize::from(class) + 1)
}
