//! What one search starts from: a window, and the tokens that stand before what is sampled. Not the search.

use crate::error::Error;
use crate::languages::Language;
use crate::model::Model;
use crate::tokenizer::Task;

/// How a window's transcript begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start<'a> {
    /// The language spoken.
    pub language: Language,
    /// What is written.
    pub task: Task,
    /// Whether timestamps are sampled.
    pub timestamps: bool,
    /// Tokens of hotwords that stand before the prompt, the first that fit in half of the model's context; none where
    /// there is a prefix.
    pub hotwords: &'a [u32],
    /// Tokens that the transcript begins with; they are not part of what is decoded.
    pub prefix: &'a [u32],
    /// Tokens that are sampled at most, half of the model's context if `None` or 0: a prefix is cut so that it and
    /// they fit in that half.
    pub sample_len: Option<usize>,
}

impl Start<'_> {
    /// The start of a transcript without hotwords and prefix.
    pub fn new(language: Language, task: Task, timestamps: bool) -> Start<'static> {
        Start { language, task, timestamps, hotwords: &[], prefix: &[], sample_len: None }
    }

    /// What stands before the start sequence in a model with `context` positions: the first `most` tokens of the
    /// hotwords, then the last `most` of `prompt` (faster-whisper's `get_prompt`; decoding.py, `_get_initial_tokens`).
    /// Beside very many hotwords the prompt is cut shorter, so that a quarter of the context is left for the text;
    /// faster-whisper leaves little there, or fails.
    fn before(&self, prompt: &[u32], (most, context): (usize, usize)) -> Vec<u32> {
        let hotwords = if self.prefix.is_empty() { self.hotwords } else { &[] };
        let hotwords = &hotwords[..hotwords.len().min(most)];
        let room = most.min((context - context / 4).saturating_sub(hotwords.len()));
        [hotwords, &prompt[prompt.len().saturating_sub(room)..]].concat()
    }

    /// The part of the prefix that is kept: its end, where `sample_len` leaves room for less. Where `sample_len` is
    /// the whole half nothing is cut, and where it is more the prefix loses as many tokens at its start: so does a
    /// Python slice from minus zero, or from minus a negative number (decoding.py, `_get_initial_tokens`).
    fn kept_prefix(&self, half: usize) -> &[u32] {
        let sample_len = self.sample_len.filter(|n| *n > 0).unwrap_or(half);
        let len = self.prefix.len();
        let from = match half.checked_sub(sample_len) {
            Some(0) => 0,
            Some(room) => len.saturating_sub(room),
            None => len.min(sample_len - half),
        };
        &self.prefix[from..]
    }
}

/// What one search decodes: a window, and the tokens that stand before what is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The window whose cross keys and values the session keeps.
    pub window: usize,
    /// Hotwords and prompt, if any, start sequence, and prefix, if any.
    pub initial: Vec<u32>,
    /// The place of `<|startoftranscript|>` in them.
    pub sot: usize,
}

impl Attempt {
    /// The start of `window`'s transcript after the hotwords and the text of the tokens `prompt`, of which the last
    /// that fit are taken.
    ///
    /// # Errors
    /// The model has no such language, or prompt and prefix fill its whole context.
    pub fn new(model: &Model, window: usize, prompt: &[u32], start: Start<'_>) -> Result<Attempt, Error> {
        let specials = model.tokenizer.specials();
        let context = model.config.n_text_ctx;
        let mut initial = Vec::new();
        let before = start.before(prompt, (model.config.max_prompt(), context));
        if !before.is_empty() {
            initial.push(specials.sot_prev);
            initial.extend(before);
        }
        let sot = initial.len();
        initial.extend(model.tokenizer.sot_sequence(start.language, start.task)?);
        if !start.timestamps {
            initial.push(specials.no_timestamps);
        }
        initial.extend_from_slice(start.kept_prefix(context / 2));
        if initial.len() > context {
            return Err(Error::Context {
                what: "the start of a transcript",
                got: initial.len(),
                limit: context,
            });
        }
        Ok(Attempt { window, initial, sot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    /// Expected: what faster-whisper's `get_prompt` puts between `<|startofprev|>` and `<|startoftranscript|>`.
    #[test]
    fn hotwords_and_prompt_are_cut_as_faster_whisper_cuts_them() {
        let before = |hotwords: u32, prompt: u32, prefix: &[u32]| {
            let hotwords: Vec<u32> = (1000..1000 + hotwords).collect();
            let start = Start {
                hotwords: &hotwords,
                prefix,
                ..Start::new(Language::ENGLISH, Task::Transcribe, true)
            };
            start.before(&(0..prompt).collect::<Vec<u32>>(), (223, 448))
        };
        let of = |hotwords, prompt| -> Vec<u32> { Range::chain(hotwords, prompt).collect() };
        assert_eq!(before(3, 5, &[]), of(1000..1003, 0..5));
        assert_eq!(before(3, 300, &[]), of(1000..1003, 77..300));
        assert_eq!(before(0, 300, &[]), of(0..0, 77..300));
        assert_eq!(before(113, 300, &[]), of(1000..1113, 77..300));
        assert_eq!(before(223, 10, &[]), of(1000..1223, 0..10));
        assert_eq!(before(224, 10, &[]), of(1000..1223, 0..10));
        assert_eq!(before(500, 0, &[]), of(1000..1223, 0..0));
        assert_eq!(before(3, 5, &[7]), of(0..0, 0..5), "a prefix takes the hotwords' place");
        assert_eq!(before(3, 0, &[7]), of(0..0, 0..0));
        // Its own are 450 tokens, more than the context.
        assert_eq!(before(223, 300, &[]), of(1000..1223, 187..300));
    }

    #[test]
    fn a_prefix_is_cut_as_python_slices() {
        let prefix: Vec<u32> = (0..10).collect();
        let kept = |sample_len| {
            let start = Start {
                prefix: &prefix,
                sample_len,
                ..Start::new(Language::ENGLISH, Task::Transcribe, true)
            };
            start.kept_prefix(224).to_vec()
        };
        // list(range(10))[-(224 - sample_len):]
        assert_eq!(kept(Some(220)), [6, 7, 8, 9]);
        assert_eq!(kept(Some(100)), prefix);
        assert_eq!(kept(Some(224)), prefix);
        assert_eq!(kept(None), prefix);
        assert_eq!(kept(Some(0)), prefix);
        assert_eq!(kept(Some(227)), [3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(kept(Some(300)), [0_u32; 0]);
    }
}
