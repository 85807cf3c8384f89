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
    /// Tokens that the transcript begins with; they are not part of what is decoded.
    pub prefix: &'a [u32],
    /// Tokens that are sampled at most, half of the model's context if `None` or 0: a prefix is cut so that it and
    /// they fit in that half.
    pub sample_len: Option<usize>,
}

impl Start<'_> {
    /// The start of a transcript without a prefix.
    pub fn new(language: Language, task: Task, timestamps: bool) -> Start<'static> {
        Start { language, task, timestamps, prefix: &[], sample_len: None }
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
    /// Prompt, if any, start sequence, and prefix, if any.
    pub initial: Vec<u32>,
    /// The place of `<|startoftranscript|>` in them.
    pub sot: usize,
}

impl Attempt {
    /// The start of `window`'s transcript after the text of the tokens `prompt`, of which the last that fit are
    /// taken (decoding.py, `_get_initial_tokens`).
    ///
    /// # Errors
    /// The model has no such language, or prompt and prefix fill its whole context.
    pub fn new(model: &Model, window: usize, prompt: &[u32], start: Start<'_>) -> Result<Attempt, Error> {
        let specials = model.tokenizer.specials();
        let context = model.config.n_text_ctx;
        let mut initial = Vec::new();
        if !prompt.is_empty() {
            let room = model.config.max_prompt();
            initial.push(specials.sot_prev);
            initial.extend_from_slice(&prompt[prompt.len().saturating_sub(room)..]);
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
