//! Words that are likelier than the model thinks: names, terms. Not a prompt, where the model sees them, but for their
//! tokens there.
//!
//! Each phrase is a path of tokens. Where the tokens sampled so far end in the beginning of a path, its next token is
//! raised by the phrase's weight; the first token of a path is raised by [`FIRST_SHARE`] of it only, because
//! nothing of the phrase has been heard yet. So a phrase helps to finish what sounds like it, and hardly begins by
//! itself.
//!
//! A beginning that breaks off is not paid back. Biases are added before log-softmax, where a hypothesis gains no more
//! than what its rivals in that very row lose, and where lowering all tokens alike would change nothing.

mod list;
mod paths;

use crate::{Error, LogitRule, Tokenizer};
use paths::{Begin, Paths, ROOTS};

/// The weight of a phrase that has none, in nats.
pub const DEFAULT_WEIGHT: f32 = 4.0;
/// The part of its weight by which a phrase's first token is raised.
pub const FIRST_SHARE: f32 = 0.1;

/// The end of a sentence, in the scripts that have one.
const SENTENCE_ENDS: [&str; 9] = [".", "?", "!", "…", "。", "？", "！", "।", "؟"];

/// What matters of a text token to the words around it.
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    begins_with_space: bool,
    ends_in_word: bool,
    ends_sentence: bool,
}

/// Phrases that are raised, for one vocabulary.
///
/// - A phrase is looked for as it was typed, after a space, wherever a word may begin.
/// - With its first letter in upper case, it is looked for at the beginning of sentences. No other case is: what is
///   typed is what should be written.
/// - Without the space, it is looked for where text begins and after a token that does not end in a letter or a digit;
///   anywhere, if the script of its first character has no spaces.
/// - Timestamps are skipped; after one, a phrase goes on with its next word, but a word does not go on.
#[derive(Debug)]
pub struct Hotwords {
    paths: Paths,
    edges: Vec<Edge>,
    timestamp_begin: u32,
}

impl Hotwords {
    /// Phrases with their weights in nats. A phrase with no text, or a weight that is not a number, is left out.
    pub fn new(phrases: &[(String, f32)], tokenizer: &Tokenizer) -> Self {
        let mut paths = Paths::new();
        for (phrase, weight) in phrases.iter().filter(|(_, weight)| weight.is_finite()) {
            let phrase = phrase.trim();
            let Some(first) = phrase.chars().next() else { continue };
            let capitalised: String = first.to_uppercase().chain(phrase.chars().skip(1)).collect();
            let bare = if is_unspaced(first) { Begin::Anywhere } else { Begin::Apart };
            for (text, begin) in [
                (format!(" {phrase}"), Begin::Anywhere),
                (phrase.to_owned(), bare),
                (format!(" {capitalised}"), Begin::Sentence),
                (capitalised, Begin::BareSentence),
            ] {
                paths.add(begin, &tokenizer.encode(&text), *weight);
            }
        }
        let edges = (0..tokenizer.specials().eot)
            .map(|token| edge(tokenizer.bytes(token).unwrap_or_default()))
            .collect();
        Self { paths, edges, timestamp_begin: tokenizer.specials().timestamp_begin }
    }

    /// Reads a list of phrases: `phrase:weight, other phrase`, or one a line. A phrase without a weight has
    /// [`DEFAULT_WEIGHT`]. The last colon begins a weight where a number follows it, so `Apollo:13:4` is `Apollo:13`.
    ///
    /// # Errors
    /// [`Error::Hotword`] for a weight that is not above 0 and at most 100, for one without a phrase, for a colon with
    /// nothing after it, for a phrase of more than 200 characters, and for more than 10,000 phrases.
    pub fn parse(text: &str) -> Result<Vec<(String, f32)>, Error> {
        list::parse(text)
    }

    /// The tokens of the phrases as the beginning of a prompt: a space, then the phrases with a comma and a space
    /// between them (faster-whisper's form of hotwords, `get_prompt`). Weights mean nothing there.
    pub fn prompt(phrases: &[(String, f32)], tokenizer: &Tokenizer) -> Vec<u32> {
        let phrases: Vec<&str> = phrases.iter().map(|(phrase, _)| phrase.trim()).collect();
        if phrases.is_empty() { Vec::new() } else { tokenizer.encode(&format!(" {}", phrases.join(", "))) }
    }

    /// How much a token is raised after `sampled`, by token; one may come more than once, and the most counts.
    fn boosts(&self, sampled: &[u32]) -> Vec<(u32, f32)> {
        // Text tokens, and whether a segment begins with each; one more for the token to come.
        let mut text: Vec<(u32, bool)> = Vec::with_capacity(sampled.len());
        let mut begins = true;
        for &token in sampled {
            if token >= self.timestamp_begin {
                begins = true;
            } else if (token as usize) < self.edges.len() {
                text.push((token, begins));
                begins = false;
            }
        }
        let mut boosts = Vec::new();
        let earliest = (text.len() + 1).saturating_sub(self.paths.longest());
        for start in earliest..=text.len() {
            let first = text.get(start).map_or(begins, |(_, begins)| *begins);
            let before = start.checked_sub(1).map(|before| self.edges[text[before].0 as usize]);
            for begin in ROOTS.into_iter().filter(|begin| may_begin(*begin, first, before)) {
                self.follow(begin, &text[start..], begins, &mut boosts);
            }
        }
        boosts
    }

    /// Follows `text` from a root on, and adds what the tokens after it are raised by.
    fn follow(&self, begin: Begin, text: &[(u32, bool)], begins: bool, boosts: &mut Vec<(u32, f32)>) {
        // Within a phrase, a segment may begin with a word only.
        let goes_on = |token: u32, begins: bool| !begins || self.edges[token as usize].begins_with_space;
        let mut at = begin.root();
        for (depth, (token, begins)) in text.iter().enumerate() {
            match self.paths.next(at, *token) {
                Some(next) if depth == 0 || goes_on(*token, *begins) => at = next,
                _ => return,
            }
        }
        let share = if text.is_empty() { FIRST_SHARE } else { 1.0 };
        let after = self.paths.after(at).filter(|(token, _)| text.is_empty() || goes_on(*token, begins));
        boosts.extend(after.map(|(token, weight)| (token, weight * share)));
    }
}

impl LogitRule for Hotwords {
    fn apply(&self, sampled: &[u32], bias: &mut [f32]) {
        let mut boosts = self.boosts(sampled);
        boosts.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        boosts.dedup_by_key(|(token, _)| *token);
        for (token, boost) in boosts {
            if let Some(bias) = bias.get_mut(token as usize) {
                *bias += boost;
            }
        }
    }
}

/// Whether a path of a kind may begin where a segment does (`first`) or after a token with such an end.
fn may_begin(begin: Begin, first: bool, before: Option<Edge>) -> bool {
    let apart = first || before.is_none_or(|before| !before.ends_in_word);
    let sentence = first || before.is_none_or(|before| before.ends_sentence);
    match begin {
        Begin::Anywhere => true,
        Begin::Apart => apart,
        Begin::Sentence => sentence,
        Begin::BareSentence => sentence && apart,
    }
}

fn edge(bytes: &[u8]) -> Edge {
    let text = std::str::from_utf8(bytes);
    Edge {
        begins_with_space: bytes.first() == Some(&b' '),
        // A part of a character is taken for a letter.
        ends_in_word: text.map_or(true, |text| text.chars().next_back().is_some_and(char::is_alphanumeric)),
        ends_sentence: text.is_ok_and(|text| SENTENCE_ENDS.iter().any(|end| text.ends_with(end))),
    }
}

/// Whether a character is of a script that sets no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(
        u32::from(c),
        0xe00..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x2e80..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff
    )
}

#[cfg(test)]
mod tests;
