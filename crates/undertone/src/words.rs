//! Words and their times in the segments of a window (timing.py, `add_word_timestamps`). Not the alignment, which
//! gives each word its time within the window.

use crate::recording::frame_seconds;
use crate::{Options, Segment, Word};
use whisper::align::{WordTiming, merge_punctuations};

/// Signs that end a sentence.
const SENTENCE_ENDS: &str = ".。!！?？";

/// Puts `alignment`, the words of all `segments` of one window with times from its start, into the segments, whose
/// own times then follow their words. `last_speech` is the end of the last word before the window, in seconds;
/// `eot` the first token that is no text.
pub(crate) fn add(
    segments: &mut [Segment],
    mut alignment: Vec<WordTiming>,
    options: &Options,
    (last_speech, eot): (f64, u32),
) {
    let Some(first) = segments.first() else { return };
    let offset = frame_seconds(first.seek);
    let typical = Typical::of(&alignment);
    typical.shorten_at_sentence_ends(&mut alignment);
    merge_punctuations(&mut alignment, &options.prepend_punctuations, &options.append_punctuations);
    let mut last_speech = last_speech;
    let mut rest = alignment.into_iter();
    for segment in segments {
        let tokens = segment.tokens.iter().filter(|token| **token < eot).count();
        let mut saved = 0;
        let mut words = Vec::new();
        while saved < tokens
            && let Some(timing) = rest.next()
        {
            saved += timing.tokens.len();
            if !timing.word.is_empty() {
                let (start, end) = (hundredths(offset + timing.start), hundredths(offset + timing.end));
                words.push(Word { word: timing.word, start, end, probability: timing.probability });
            }
        }
        if !words.is_empty() {
            typical.shorten_after_a_pause(&mut words, last_speech);
            typical.reconcile(segment, &mut words);
            last_speech = segment.end;
        }
        segment.words = Some(words);
    }
}

/// How long words of a window are.
struct Typical {
    median: f64,
    longest: f64,
    known: bool,
}

impl Typical {
    fn of(alignment: &[WordTiming]) -> Typical {
        let mut durations: Vec<f64> =
            alignment.iter().map(|t| t.end - t.start).filter(|d| *d != 0.0).collect();
        durations.sort_by(f64::total_cmp);
        let middle = durations.len() / 2;
        let median = match durations.len() {
            0 => 0.0,
            n if n % 2 == 1 => durations[middle],
            _ => f64::midpoint(durations[middle - 1], durations[middle]),
        };
        let median = median.min(0.7);
        Typical { median, longest: 2.0 * median, known: !durations.is_empty() }
    }

    /// A sign that ends a sentence, and the word behind it, swallow no pause.
    fn shorten_at_sentence_ends(&self, alignment: &mut [WordTiming]) {
        if !self.known {
            return;
        }
        for i in 1..alignment.len() {
            if alignment[i].end - alignment[i].start <= self.longest {
                continue;
            }
            if SENTENCE_ENDS.contains(alignment[i].word.as_str()) {
                alignment[i].end = alignment[i].start + self.longest;
            } else if SENTENCE_ENDS.contains(alignment[i - 1].word.as_str()) {
                alignment[i].start = alignment[i].end - self.longest;
            }
        }
    }

    /// The first two words after a pause are no longer than two usual ones.
    fn shorten_after_a_pause(&self, words: &mut [Word], last_speech: f64) {
        let longest = self.longest;
        let second = words.get(1).map(|word| (word.start, word.end));
        let long = words[0].end - words[0].start > longest
            || second.is_some_and(|(_, end)| end - words[0].start > 2.0 * longest);
        if !(words[0].end - last_speech > self.median * 4.0 && long) {
            return;
        }
        if let Some((start, end)) = second
            && end - start > longest
        {
            let boundary = (end / 2.0).max(end - longest);
            words[0].end = boundary;
            words[1].start = boundary;
        }
        words[0].start = (words[0].end - longest).max(0.0);
    }

    /// A segment's times are those of its words, unless the first or last word is too long to be true.
    fn reconcile(&self, segment: &mut Segment, words: &mut [Word]) {
        let first = &mut words[0];
        if segment.start < first.end && segment.start - 0.5 > first.start {
            first.start = (first.end - self.median).min(segment.start).max(0.0);
        } else {
            segment.start = first.start;
        }
        if let Some(last) = words.last_mut() {
            if segment.end > last.start && segment.end + 0.5 < last.end {
                last.end = (last.start + self.median).max(segment.end);
            } else {
                segment.end = last.end;
            }
        }
    }
}

/// Rounded to hundredths, as Python's `round(x, 2)` does: the decimal nearest to the exact value.
fn hundredths(seconds: f64) -> f64 {
    format!("{seconds:.2}").parse().unwrap_or(seconds)
}

/// When the last word of the segments ends; where no segment has words, the end of the last segment.
pub(crate) fn end(segments: &[Segment]) -> Option<f64> {
    let words = segments.iter().rev().find_map(|segment| segment.words.as_ref()?.last());
    words.map(|word| word.end).or_else(|| segments.last().map(|segment| segment.end))
}
