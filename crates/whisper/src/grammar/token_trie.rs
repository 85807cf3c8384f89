//! A vocabulary's text tokens as a tree of their bytes, so that a walk reads what tokens share once. Not the ranks of
//! byte-pair encoding.

use crate::Tokenizer;

/// A byte of the tree.
#[derive(Debug, Clone, Copy)]
struct Node {
    byte: u8,
    /// Bytes before it.
    depth: u16,
    /// The token that ends here, if any.
    token: Option<u32>,
    /// The next node that is not below this one.
    after: u32,
}

/// The text tokens of one tokenizer. Tokens without bytes, which no text encodes to, are left out.
#[derive(Debug, Clone)]
pub struct TokenTrie {
    /// Each node before those below it.
    nodes: Vec<Node>,
    /// The bytes of all tokens, and where each token's end.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl TokenTrie {
    /// Takes all text tokens. It takes a few hundredths of a second, so rules of one model should share one.
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        let mut tokens = Vec::new();
        for id in 0..tokenizer.specials().eot {
            // A token longer than any place in the tree can say has no use.
            let token = tokenizer.bytes(id).filter(|token| u16::try_from(token.len()).is_ok());
            let token = token.unwrap_or_default();
            bytes.extend_from_slice(token);
            ends.push(bytes.len());
            if !token.is_empty() {
                tokens.push((token, id));
            }
        }
        tokens.sort_unstable();
        let mut nodes: Vec<Node> = Vec::new();
        // The nodes above the last one and itself.
        let mut open: Vec<usize> = Vec::new();
        let mut before: &[u8] = &[];
        for (token, id) in tokens {
            let shared = token.iter().zip(before).take_while(|(a, b)| a == b).count();
            let now = nodes.len() as u32;
            open.drain(shared..).for_each(|node| nodes[node].after = now);
            for (depth, byte) in token.iter().enumerate().skip(shared) {
                open.push(nodes.len());
                nodes.push(Node { byte: *byte, depth: depth as u16, token: None, after: 0 });
            }
            if let Some(last) = open.last() {
                nodes[*last].token = Some(id);
            }
            before = token;
        }
        let end = nodes.len() as u32;
        for node in open {
            nodes[node].after = end;
        }
        Self { nodes, bytes, ends }
    }

    /// How many text tokens the vocabulary has.
    pub fn n_tokens(&self) -> usize {
        self.ends.len()
    }

    /// A text token's bytes; none for special tokens.
    pub fn bytes(&self, token: u32) -> Option<&[u8]> {
        let token = token as usize;
        let end = *self.ends.get(token)?;
        let start = token.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start..end])
    }

    /// Walks all tokens at once from a place before their first byte. `step` is told a place, the byte after it and
    /// the token that this byte ends, if any; it leads to the next place, or turns away from what begins so.
    pub fn walk<P: Copy>(&self, start: P, mut step: impl FnMut(P, u8, Option<u32>) -> Option<P>) {
        let mut places = vec![start];
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let depth = usize::from(node.depth);
            let Some(next) = step(places[depth], node.byte, node.token) else {
                at = node.after as usize;
                continue;
            };
            places.truncate(depth + 1);
            places.push(next);
            at += 1;
        }
    }
}
