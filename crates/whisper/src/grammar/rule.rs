//! Keeps a window's text to a grammar. Not a rule on timestamps: those pass, and other rules decide on them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::machine::{DEAD, Machine, Place};
use super::{Grammar, TokenTrie};
use crate::tokenizer::Specials;
use crate::{LogitRule, Tokenizer};

/// The most masks that are remembered, each of one bit per text token.
const MAX_MASKS: usize = 1024;

/// A grammar over the text of a window, for one vocabulary.
///
/// - Of the tokens before, only text counts, byte by byte, so that a character may be cut anywhere.
/// - Where text begins, in a window and after a timestamp, one space is allowed that the grammar does not have:
///   Whisper's texts begin with one. A space that the grammar does have there must come.
/// - A text token is allowed where the grammar can still be completed after it, `<|endoftext|>` where the grammar may
///   end. Timestamps are allowed, other special tokens never.
/// - Where no text token is left, counting what `bias` has banned already, `<|endoftext|>` is allowed all the same.
/// - With a penalty, text may leave the grammar. What comes after that is not steered.
///
/// States and masks are remembered, so that a step whose state is known costs one pass over the biases. What is
/// remembered is bounded, and behind a lock that is not held during that pass.
#[derive(Debug)]
pub struct GrammarRule {
    /// What is taken from the logit of a token against the grammar, in nats; none bans it. whisper.cpp has 100.
    pub penalty: Option<f32>,
    trie: Arc<TokenTrie>,
    specials: Specials,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    machine: Machine,
    masks: HashMap<Place, Arc<[u64]>>,
}

impl GrammarRule {
    /// A rule that bans what is against the grammar.
    pub fn new(grammar: &Grammar, tokenizer: &Tokenizer) -> Self {
        Self::with_trie(grammar, tokenizer, Arc::new(TokenTrie::new(tokenizer)))
    }

    /// As [`new`](Self::new), with the tokenizer's tree made before.
    pub fn with_trie(grammar: &Grammar, tokenizer: &Tokenizer, trie: Arc<TokenTrie>) -> Self {
        let known = Mutex::new(Known { machine: grammar.machine(), masks: HashMap::new() });
        Self { penalty: None, trie, specials: *tokenizer.specials(), known }
    }

    /// The mask of the tokens that may follow `sampled`, whether the text may end there, and whether it is still
    /// within the grammar.
    fn look_up(&self, sampled: &[u32]) -> (Arc<[u64]>, bool, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { machine, masks } = &mut *known;
        if machine.forget_if_full() || masks.len() >= MAX_MASKS {
            masks.clear();
        }
        let start = machine.start();
        let mut place = machine.fresh(start);
        for &token in sampled {
            if token >= self.specials.timestamp_begin {
                place = machine.fresh(place);
            } else {
                let bytes = self.trie.bytes(token).unwrap_or_default();
                place = bytes.iter().fold(place, |place, byte| machine.step(place, *byte));
            }
        }
        let mask = masks.entry(place).or_insert_with(|| {
            let mut mask = vec![0_u64; self.trie.n_tokens().div_ceil(64)];
            self.trie.walk(place, |place, byte, token| {
                let next = Some(machine.step(place, byte)).filter(|next| *next != DEAD)?;
                if let Some(token) = token {
                    mask[token as usize / 64] |= 1 << (token % 64);
                }
                Some(next)
            });
            mask.into()
        });
        (Arc::clone(mask), machine.ends(place), place != DEAD)
    }
}

impl LogitRule for GrammarRule {
    fn apply(&self, sampled: &[u32], bias: &mut [f32]) {
        let (mask, ends, within) = self.look_up(sampled);
        let eot = self.specials.eot as usize;
        let (text, special) = bias.split_at_mut(eot.min(bias.len()));
        let others = (self.specials.timestamp_begin as usize).saturating_sub(eot).min(special.len());
        if let Some(others) = special.get_mut(1..others) {
            others.fill(f32::NEG_INFINITY);
        }
        if !within && self.penalty.is_some() {
            return;
        }
        let lower =
            |bias: &mut f32| *bias = self.penalty.map_or(f32::NEG_INFINITY, |penalty| *bias - penalty);
        let mut any_left = false;
        for (biases, word) in text.chunks_mut(64).zip(mask.iter()) {
            for (i, bias) in biases.iter_mut().enumerate() {
                if word >> i & 1 == 0 {
                    lower(bias);
                } else {
                    any_left |= *bias > f32::NEG_INFINITY;
                }
            }
        }
        if !ends
            && any_left
            && let Some(bias) = special.first_mut()
        {
            lower(bias);
        }
    }
}
