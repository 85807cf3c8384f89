//! When each word is spoken, as openai-whisper's `timing.py` finds it. Not the clamping of words to segments: that is
//! the lane's.

mod dtw;
mod punctuation;

use crate::error::Error;
use crate::languages::Language;
use crate::session::Session;
use crate::tokenizer::Task;
pub use dtw::dtw;
pub use punctuation::{APPENDED, PREPENDED, merge_punctuations};

/// Places of the encoding in a second (audio.py, `TOKENS_PER_SECOND`).
const PLACES_PER_SECOND: f64 = 50.0;

/// A word, and when it is spoken (timing.py).
#[derive(Clone, Debug, PartialEq)]
pub struct WordTiming {
    /// Its text, with the space before it.
    pub word: String,
    /// Its tokens.
    pub tokens: Vec<u32>,
    /// Seconds from the window's start at which it begins.
    pub start: f64,
    /// Seconds from the window's start at which it ends.
    pub end: f64,
    /// The mean probability of its tokens.
    pub probability: f64,
}

/// What is aligned: the text of one window, whose cross keys and values the session keeps.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'a> {
    /// The window.
    pub window: usize,
    /// The tokens of its text, without timestamps and the end.
    pub tokens: &'a [u32],
    /// The language of the start sequence, by which text is split into words.
    pub language: Language,
    /// The task of the start sequence.
    pub task: Task,
    /// Frames of 10 ms that hold sound, at most 3000; half as many places of the encoding are looked at.
    pub frames: usize,
}

/// What an alignment is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// The probability of each text token among all text tokens.
    pub probabilities: Vec<f64>,
    /// `[text tokens + 1, places]`: what it costs that the token which follows is expected at a place; the last row is
    /// of the last text token.
    pub cost: Vec<f32>,
    /// Places of the encoding.
    pub places: usize,
}

/// A way to come by costs and probabilities.
pub trait Aligner {
    /// Those of `spoken`, which has a token or more.
    ///
    /// # Errors
    /// The session refuses to run, or the text does not fit the model's context.
    fn align(&self, session: &mut Session, spoken: &Spoken<'_>) -> Result<Aligned, Error>;
}

/// One more run of the decoder over the whole text, as openai-whisper does it. The session's biases must be those of
/// [`Rules::bias_table`](crate::Rules::bias_table).
#[derive(Clone, Copy, Debug, Default)]
pub struct Exact;

impl Aligner for Exact {
    fn align(&self, session: &mut Session, spoken: &Spoken<'_>) -> Result<Aligned, Error> {
        let model = session.model().clone();
        let mut tokens = model.tokenizer.sot_sequence(spoken.language, spoken.task)?;
        let text_start = tokens.len() + 1;
        tokens.push(model.tokenizer.specials().no_timestamps);
        tokens.extend_from_slice(spoken.tokens);
        tokens.push(model.tokenizer.specials().eot);
        session.align(spoken.window, &tokens, text_start, spoken.frames)
    }
}

/// What the search saw when it decoded the text: no further run of the decoder. The rows are normalised over the
/// text alone, and stand in the company of timestamps and a prompt, so that times differ a little from [`Exact`].
#[derive(Clone, Copy, Debug)]
pub struct InPass<'a> {
    /// `[text tokens + 1, layers * n_text_state]`: the queries of the token before the first text token, then of each
    /// text token; those of timestamps are left out.
    pub queries: &'a [f32],
    /// The probability with which each text token was taken.
    pub probabilities: &'a [f64],
}

impl Aligner for InPass<'_> {
    fn align(&self, session: &mut Session, spoken: &Spoken<'_>) -> Result<Aligned, Error> {
        let rows = spoken.tokens.len() + 1;
        let config = &session.model().config;
        let width = config.aligned_width();
        let (queries, probabilities) = (self.queries.len(), self.probabilities.len());
        if queries != rows * width || probabilities != spoken.tokens.len() {
            return Err(Error::Recorded { queries, probabilities, rows, width });
        }
        let places = session.places_of(spoken.window, spoken.frames);
        let cost = session.costs(self.queries, spoken.window, places)?.to_vec();
        Ok(Aligned { probabilities: self.probabilities.to_vec(), cost, places })
    }
}

/// The words of `spoken` with their times, by [`Exact`] (timing.py, `find_alignment`).
///
/// # Errors
/// The session refuses to run, or the text does not fit the model's context.
pub fn find_alignment(session: &mut Session, spoken: &Spoken<'_>) -> Result<Vec<WordTiming>, Error> {
    find_alignment_with(&Exact, session, spoken)
}

/// [`find_alignment`] by any [`Aligner`].
///
/// # Errors
/// Those of the aligner.
pub fn find_alignment_with(
    aligner: &dyn Aligner,
    session: &mut Session,
    spoken: &Spoken<'_>,
) -> Result<Vec<WordTiming>, Error> {
    if spoken.tokens.is_empty() {
        return Ok(Vec::new());
    }
    let aligned = aligner.align(session, spoken)?;
    let tokenizer = &session.model().tokenizer;
    let mut tokens = spoken.tokens.to_vec();
    tokens.push(tokenizer.specials().eot);
    let mut words = tokenizer.split_to_word_tokens(&tokens, spoken.language);
    // The last holds the end.
    words.pop();
    let words = words.into_iter().map(|word| (word.text, word.tokens)).collect();
    Ok(timed(words, &aligned))
}

/// The words, in order, with the times at which the path of least cost comes to their first token and to the one
/// after their last.
fn timed(words: Vec<(String, Vec<u32>)>, aligned: &Aligned) -> Vec<WordTiming> {
    let rows = aligned.probabilities.len() + 1;
    let path = dtw(&aligned.cost, rows, aligned.places);
    let mut jumps = Vec::with_capacity(rows);
    let mut before = None;
    for (row, place) in path {
        if before.replace(row) != Some(row) {
            jumps.push(place as f64 / PLACES_PER_SECOND);
        }
    }
    let mut out = Vec::with_capacity(words.len());
    let mut from = 0;
    for (word, tokens) in words {
        let to = from + tokens.len();
        let own = &aligned.probabilities[from..to];
        let probability = own.iter().sum::<f64>() / own.len() as f64;
        out.push(WordTiming { word, tokens, start: jumps[from], end: jumps[to], probability });
        from = to;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_lasts_from_its_first_token_to_the_next_words() {
        // Row i is cheap at places 2i and 2i + 1.
        let cost: Vec<f32> = (0..4 * 8).map(|at| if (at % 8) / 2 == at / 8 { -1.0 } else { 1.0 }).collect();
        let aligned = Aligned { probabilities: vec![0.5, 1.0, 0.25], cost, places: 8 };
        let words = vec![(" one".to_owned(), vec![7, 8]), (" two".to_owned(), vec![9])];
        let words = timed(words, &aligned);
        assert_eq!(words.iter().map(|w| (w.start, w.end)).collect::<Vec<_>>(), [(0.0, 0.08), (0.08, 0.12)]);
        assert_eq!(words.iter().map(|w| w.probability).collect::<Vec<_>>(), [0.75, 0.25]);
    }

    #[test]
    fn without_a_place_words_stand_before_the_first() {
        let aligned = Aligned { probabilities: vec![0.5], cost: vec![], places: 0 };
        let words = timed(vec![(" one".to_owned(), vec![7])], &aligned);
        assert_eq!((words[0].start, words[0].end), (-0.02, -0.02));
    }
}
