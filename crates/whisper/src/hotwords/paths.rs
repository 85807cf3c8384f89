//! Paths of tokens as trees that share their beginnings, one tree for each kind of place where a path may begin.
//! Not the matching of a text.

use std::collections::BTreeMap;

/// Where a path may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// After any token.
    Anywhere,
    /// Where text begins, or after what is no letter or digit.
    Apart,
    /// Where text begins, or after the end of a sentence.
    Sentence,
    /// Where text begins, or after the end of a sentence, without a space of its own.
    BareSentence,
}

/// Every kind, in the order of the trees' roots.
pub const ROOTS: [Begin; 4] = [Begin::Anywhere, Begin::Apart, Begin::Sentence, Begin::BareSentence];

impl Begin {
    /// The node that paths of this kind begin at.
    pub fn root(self) -> usize {
        self as usize
    }
}

#[derive(Debug, Default)]
struct Node {
    /// By token: the next node, and the largest weight of the paths that go there.
    next: BTreeMap<u32, (usize, f32)>,
}

/// The trees.
#[derive(Debug)]
pub struct Paths {
    nodes: Vec<Node>,
    longest: usize,
}

impl Paths {
    /// Trees without paths.
    pub fn new() -> Self {
        Self { nodes: ROOTS.iter().map(|_| Node::default()).collect(), longest: 0 }
    }

    /// Adds a path.
    pub fn add(&mut self, begin: Begin, tokens: &[u32], weight: f32) {
        self.longest = self.longest.max(tokens.len());
        let mut at = begin.root();
        for token in tokens {
            let new = self.nodes.len();
            let (next, largest) = self.nodes[at].next.entry(*token).or_insert((new, weight));
            *largest = largest.max(weight);
            at = *next;
            if at == new {
                self.nodes.push(Node::default());
            }
        }
    }

    /// The tokens of the longest path.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Where a token leads.
    pub fn next(&self, at: usize, token: u32) -> Option<usize> {
        self.nodes[at].next.get(&token).map(|(next, _)| *next)
    }

    /// The tokens that may follow, with their weights.
    pub fn after(&self, at: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.nodes[at].next.iter().map(|(token, (_, weight))| (*token, *weight))
    }
}
