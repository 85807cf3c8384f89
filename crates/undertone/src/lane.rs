//! A lane: one stretch of a recording on its way through its windows, with its own place and prompt. Not a decoder:
//! it says what to decode next and takes what came of it (openai-whisper's `transcribe.py`).

use crate::echo::is_echo;
use crate::fallback::is_silence;
use crate::hallucinations::{self, Skip, Surroundings};
use crate::ledger::Reason;
use crate::options::WordTimes;
use crate::recording::nearest_frame;
use crate::segments::{Window, cut};
use crate::{Error, Options, Segment, words};
use std::ops::Range;
use whisper::align::WordTiming;
use whisper::graphs::FRAMES;
use whisper::{Decoded, Tokenizer};

/// A window that was sampled at a higher temperature is no prompt.
const PROMPT_TEMPERATURE: f64 = 0.5;

/// One stretch of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// The frames that are transcribed, one clip after the other.
    clips: Vec<Range<usize>>,
    place: Place,
    /// The initial prompt, then the tokens of all segments.
    tokens: Vec<u32>,
    /// How many of them are the initial prompt.
    initial: usize,
}

/// How far a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// The clip that it is in.
    pub(crate) clip: usize,
    /// The frame at which the next window starts.
    pub(crate) seek: usize,
    /// The tokens before this one are no prompt.
    pub(crate) prompt_from: usize,
    /// The end of the last word, in seconds.
    pub(crate) last_speech: f64,
}

/// What a lane knows of the whole.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a Options,
    pub(crate) tokenizer: &'a Tokenizer,
    /// Frames of the whole sound.
    pub(crate) content: usize,
    /// Why a segment is dropped, if it is.
    pub(crate) reject: &'a dyn Fn(&Segment) -> Option<Reason>,
}

/// What became of a window.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Its segments as they were decoded; those without text or length are still to be [emptied](empty).
    pub(crate) segments: Vec<Segment>,
    /// Segments that were dropped, and why.
    pub(crate) dropped: Vec<(Segment, Reason)>,
    /// Whether it was skipped as silence.
    pub(crate) silence: bool,
}

/// The words of tokens, aligned to the window that was decoded.
pub(crate) type Align<'a> = dyn FnMut(&[u32]) -> Result<Vec<WordTiming>, Error> + 'a;

impl Lane {
    /// A lane over `clips`, frames of the sound, that begins with the prompt `initial`.
    pub(crate) fn new(clips: Vec<Range<usize>>, initial: &[u32]) -> Lane {
        let place = Place { seek: clips.first().map_or(0, |clip| clip.start), ..Place::default() };
        Lane { clips, place, tokens: initial.to_vec(), initial: initial.len() }
    }

    /// A lane that goes on from `place`, after the segments whose tokens are `tokens`.
    pub(crate) fn resume(mut self, place: Place, tokens: impl IntoIterator<Item = u32>) -> Lane {
        self.place = place;
        self.tokens.extend(tokens);
        self
    }

    /// How far it is.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The window to decode next; `None` at the end.
    pub(crate) fn window(&mut self) -> Option<Window> {
        loop {
            let clip = self.clips.get(self.place.clip)?;
            self.place.seek = self.place.seek.max(clip.start);
            let seek = self.place.seek;
            if seek < clip.end {
                return Some(Window { seek, frames: FRAMES.min(clip.end - seek) });
            }
            self.place.clip += 1;
            self.place.seek = self.clips.get(self.place.clip).map_or(seek, |next| next.start);
        }
    }

    /// Whether the next window begins a clip, and is no rest of one.
    pub(crate) fn begins_clip(&self) -> bool {
        self.clips.get(self.place.clip).is_some_and(|clip| clip.start == self.place.seek)
    }

    /// The tokens that stand before the next window, with `room` for so many.
    pub(crate) fn prompt(&self, options: &Options, room: usize) -> Vec<u32> {
        let (initial, rest) = self.tokens.split_at(self.initial);
        if !options.carry_initial_prompt {
            return self.tokens[self.place.prompt_from.min(self.tokens.len())..].to_vec();
        }
        let rest = &rest[self.place.prompt_from.saturating_sub(self.initial).min(rest.len())..];
        // As Python slices: the last so many, all where there is room for exactly none, and where the initial prompt
        // alone is too long, all but the first.
        let from = match room.checked_sub(initial.len()) {
            Some(0) => 0,
            Some(left) => rest.len().saturating_sub(left),
            None => (initial.len() - room).min(rest.len()),
        };
        [initial, &rest[from..]].concat()
    }

    /// Whether the text of `decoded` repeats what was said before it and stood in its prompt of at most `room` tokens.
    pub(crate) fn echoes(&self, decoded: &Decoded, eot: u32, room: usize) -> bool {
        let from = self.place.prompt_from.max(self.initial).max(self.tokens.len().saturating_sub(room));
        let before = self.tokens.get(from..).unwrap_or_default();
        is_echo(&text(before, eot), &text(&decoded.tokens, eot))
    }

    /// What was said so far is no prompt.
    pub(crate) fn forget(&mut self) {
        self.place.prompt_from = self.tokens.len();
    }

    /// Takes what came of `window` and moves on. `failed` says that no attempt at it was good enough.
    pub(crate) fn take(
        &mut self,
        window: Window,
        (decoded, failed): (&Decoded, bool),
        context: &Context<'_>,
        align: Option<&mut Align<'_>>,
    ) -> Result<Taken, Error> {
        let Context { options, tokenizer, .. } = context;
        if is_silence(decoded, options) {
            self.place.seek += window.frames;
            return Ok(Taken { silence: true, ..Taken::default() });
        }
        let cut = cut(&decoded.tokens, window, tokenizer.specials().timestamp_begin);
        let eot = tokenizer.specials().eot;
        let mut segments: Vec<Segment> = Vec::with_capacity(cut.pieces.len());
        for piece in cut.pieces {
            let tokens = decoded.tokens[piece.tokens].to_vec();
            segments.push(Segment {
                id: 0,
                seek: window.seek,
                start: piece.start,
                end: piece.end,
                text: tokenizer.decode(&text(&tokens, eot)),
                tokens,
                temperature: decoded.temperature,
                avg_logprob: decoded.avg_logprob,
                compression_ratio: decoded.compression_ratio,
                no_speech_prob: decoded.no_speech_prob,
                words: None,
                language: None,
            });
        }
        self.place.seek = window.seek + cut.advance;
        let mut taken = Taken::default();
        let made_up = |segment| (segment, Reason::MadeUp);
        if let Some(align) = align {
            let spoken: Vec<u32> = segments.iter().flat_map(|segment| text(&segment.tokens, eot)).collect();
            words::add(&mut segments, align(&spoken)?, options, (self.place.last_speech, eot));
            let last = words::end(&segments).filter(|last| *last > window.start());
            let follow = !cut.single_ending && options.word_timestamps == Some(WordTimes::Exact);
            if let Some(last) = last.filter(|_| follow) {
                self.place.seek = nearest_frame(last);
            }
            if let Some(threshold) = options.hallucination_silence_threshold {
                let around = Surroundings {
                    window,
                    single_ending: cut.single_ending,
                    last_speech: self.place.last_speech,
                    content: context.content,
                };
                match hallucinations::skip(&segments, around, threshold) {
                    Skip::Nothing => {}
                    Skip::To(seek) => self.place.seek = seek,
                    Skip::Drop { from, seek } => {
                        self.place.seek = seek;
                        taken.dropped.extend(segments.split_off(from).into_iter().map(made_up));
                    }
                    Skip::All { seek } => {
                        self.place.seek = seek.max(window.seek + 1);
                        taken.dropped.extend(segments.into_iter().map(made_up));
                        return Ok(taken);
                    }
                }
            }
            self.place.last_speech = words::end(&segments).unwrap_or(self.place.last_speech);
        }
        // No window is decoded twice in the same place, whatever its words say.
        self.place.seek = self.place.seek.max(window.seek + 1);
        for segment in segments {
            match (context.reject)(&segment).filter(|_| !is_empty(&segment)) {
                Some(reason) => taken.dropped.push((segment, reason)),
                None => taken.segments.push(segment),
            }
        }
        let spoken = taken.segments.iter().filter(|segment| !is_empty(segment));
        self.tokens.extend(spoken.flat_map(|segment| segment.tokens.iter().copied()));
        let reset = !options.condition_on_previous_text
            || decoded.temperature > PROMPT_TEMPERATURE
            || (failed && options.protections);
        if reset {
            self.forget();
        }
        Ok(taken)
    }
}

/// The tokens before `eot`: those of text.
pub(crate) fn text(tokens: &[u32], eot: u32) -> Vec<u32> {
    tokens.iter().copied().filter(|token| *token < eot).collect()
}

/// Whether a segment has no text, or no length.
fn is_empty(segment: &Segment) -> bool {
    segment.start == segment.end || segment.text.trim().is_empty()
}

/// Takes text, tokens and words from a segment without text or length, as openai-whisper does.
pub(crate) fn empty(segment: &mut Segment) {
    if is_empty(segment) {
        segment.text.clear();
        segment.tokens.clear();
        segment.words = Some(Vec::new());
    }
}
