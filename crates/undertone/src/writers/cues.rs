//! A transcript as cues, what subtitles are made of: openai-whisper's grouping of words (`utils.py`,
//! `iterate_result`), its quirks included. Not a layout for reading: see `layout`.

use std::borrow::Cow;

use super::WriterOptions;
use super::text::stripped;
use crate::layout::Cue;
use crate::transcript::{Segment, Transcript, Word};

/// What openai-whisper takes for no limit.
const UNLIMITED: usize = 1000;
/// A pause before a word that ends a cue where cues span segments, in seconds.
const LONG_PAUSE: f64 = 3.0;

/// The cues that the options ask for.
pub(super) fn cues(transcript: &Transcript, options: &WriterOptions) -> Vec<Cue> {
    if let Some(layout) = &options.layout {
        layout.cues(transcript)
    } else if transcript.segments.first().is_some_and(|segment| segment.words.is_some()) {
        Grouping::new(transcript, options).group(&transcript.segments)
    } else {
        transcript.segments.iter().map(whole).collect()
    }
}

/// A segment as a cue. An arrow in its text would be read as a line of times.
fn whole(segment: &Segment) -> Cue {
    let Segment { start, end, .. } = *segment;
    let word = Word { word: stripped(&segment.text).replace("-->", "->"), start, end, probability: 0.0 };
    Cue { start, end, lines: vec![vec![word]], timed: false }
}

/// The state of openai-whisper's loop over words.
struct Grouping {
    width: usize,
    count: Option<usize>,
    words: usize,
    /// Whether a cue ends where its segment ends.
    preserve: bool,
    /// Characters of the line so far.
    line_len: usize,
    line_count: usize,
    /// When the last word started.
    last: f64,
    lines: Vec<Vec<Word>>,
    cues: Vec<Cue>,
}

impl Grouping {
    fn new(transcript: &Transcript, options: &WriterOptions) -> Self {
        let or_unlimited = |limit: Option<usize>| limit.filter(|&limit| limit > 0).unwrap_or(UNLIMITED);
        let mut starts =
            transcript.segments.iter().filter_map(|s| words_of(s).first().map(|word| word.start));
        let first = transcript.segments.first().map_or(0.0, |segment| segment.start);
        Self {
            width: or_unlimited(options.max_line_width),
            count: options.max_line_count,
            words: or_unlimited(options.max_words_per_line),
            preserve: options.max_line_count.is_none() || options.max_line_width.is_none(),
            line_len: 0,
            line_count: 1,
            last: starts.next().unwrap_or(first),
            lines: Vec::new(),
            cues: Vec::new(),
        }
    }

    fn group(mut self, segments: &[Segment]) -> Vec<Cue> {
        for segment in segments {
            for chunk in words_of(segment).chunks(self.words) {
                for (place, word) in chunk.iter().enumerate() {
                    self.take(word, place == 0);
                }
            }
        }
        self.end_cue();
        self.cues
    }

    fn take(&mut self, word: &Word, first: bool) {
        let long_pause = !self.preserve && word.start - self.last > LONG_PAUSE;
        let segment_ends = first && !self.lines.is_empty() && self.preserve;
        let len = word.word.chars().count();
        self.last = word.start;
        if self.line_len > 0 && self.line_len + len <= self.width && !long_pause && !segment_ends {
            self.line_len += len;
            self.push(word.clone());
            return;
        }
        let text = stripped(&word.word).to_owned();
        let full = self.count.is_some_and(|count| long_pause || self.line_count >= count);
        if segment_ends || (full && !self.lines.is_empty()) {
            self.end_cue();
            self.line_count = 1;
        } else if self.line_len > 0 {
            self.line_count += 1;
            self.lines.push(Vec::new());
        }
        self.line_len = text.chars().count();
        self.push(Word { word: text, ..word.clone() });
    }

    fn push(&mut self, word: Word) {
        match self.lines.last_mut() {
            Some(line) => line.push(word),
            None => self.lines.push(vec![word]),
        }
    }

    fn end_cue(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let ends = lines.iter().flatten().next().zip(lines.iter().flatten().next_back());
        if let Some((start, end)) = ends.map(|(first, last)| (first.start, last.end)) {
            self.cues.push(Cue { start, end, lines, timed: true });
        }
    }
}

/// The words of a segment; its text, where it has none though others have.
fn words_of(segment: &Segment) -> Cow<'_, [Word]> {
    match &segment.words {
        Some(words) => Cow::Borrowed(words),
        None => Cow::Owned(whole(segment).lines.concat()),
    }
}
