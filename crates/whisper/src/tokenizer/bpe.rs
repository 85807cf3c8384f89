//! Byte-level byte-pair encoding over ranked tokens. Not special tokens: those are never made from text.
//!
//! A token's id is its rank, as in tiktoken's files; GPT-2's list of merges gives the same order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::split::Splitter;
use crate::Error;

/// The most text tokens read: twenty times Whisper's.
pub const MAX_TOKENS: usize = 1_000_000;

/// A vocabulary of text tokens, and the way to it.
#[derive(Debug)]
pub struct Bpe {
    tokens: Vec<Vec<u8>>,
    ranks: HashMap<Vec<u8>, u32>,
    splitter: Splitter,
}

impl Bpe {
    /// Takes the tokens' bytes in order of id. Empty tokens are placeholders that no text encodes to.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] where a byte has no token of its own or two tokens are equal.
    pub fn new(tokens: Vec<Vec<u8>>) -> Result<Self, Error> {
        let refuse = |what, got: String, expected: &str| {
            Err(Error::Vocabulary { what, got, expected: expected.to_owned() })
        };
        if tokens.len() > MAX_TOKENS {
            return refuse("number of text tokens", tokens.len().to_string(), "at most 1000000");
        }
        let mut ranks = HashMap::with_capacity(tokens.len());
        for (id, token) in tokens.iter().enumerate().filter(|(_, token)| !token.is_empty()) {
            if let Some(first) = ranks.insert(token.clone(), id as u32) {
                return refuse("tokens", format!("equal at ids {first} and {id}"), "all different");
            }
        }
        if let Some(byte) = (0..=u8::MAX).find(|byte| !ranks.contains_key([*byte].as_slice())) {
            return refuse(
                "token for a single byte",
                format!("absent for byte {byte}"),
                "one for each of 256 bytes",
            );
        }
        Ok(Self { tokens, ranks, splitter: Splitter::new() })
    }

    /// A text token's bytes, which need not be whole characters.
    pub fn token(&self, id: u32) -> Option<&[u8]> {
        self.tokens.get(id as usize).map(Vec::as_slice)
    }

    /// The ids that spell a text.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut out = Vec::with_capacity(text.len() / 4);
        for piece in self.splitter.split(text) {
            match self.ranks.get(piece.as_bytes()) {
                Some(&id) => out.push(id),
                None => self.merge(piece.as_bytes(), &mut out),
            }
        }
        out
    }

    /// Encodes one piece: joins the two neighbours of lowest rank, leftmost first, until none make a token.
    fn merge(&self, piece: &[u8], out: &mut Vec<u32>) {
        let n = piece.len();
        // A part is known by its first byte: where it ends (0 once it has been joined to the one before), and where
        // the part before it begins.
        let mut end: Vec<usize> = (1..=n).collect();
        let mut before: Vec<usize> = (0..n).map(|i| i.wrapping_sub(1)).collect();
        let mut heap = BinaryHeap::new();
        let offer = |heap: &mut BinaryHeap<_>, start: usize, middle: usize, stop: usize| {
            if let Some(&rank) = self.ranks.get(&piece[start..stop]) {
                heap.push(Reverse((rank, start, middle, stop)));
            }
        };
        for start in 0..n.saturating_sub(1) {
            offer(&mut heap, start, start + 1, start + 2);
        }
        while let Some(Reverse((_, start, middle, stop))) = heap.pop() {
            if end[start] != middle || end[middle] != stop {
                continue;
            }
            (end[start], end[middle]) = (stop, 0);
            if stop < n {
                before[stop] = start;
                offer(&mut heap, start, stop, end[stop]);
            }
            if start > 0 {
                offer(&mut heap, before[start], start, stop);
            }
        }
        let mut start = 0;
        while start < n {
            // Every part is a single byte or a join that was looked up, so it has a rank.
            out.extend(self.ranks.get(&piece[start..end[start]]));
            start = end[start];
        }
    }
}
