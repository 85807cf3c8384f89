//! Spans of speech out of probabilities, exactly as faster-whisper finds them. Not a detector.
//!
//! `faster_whisper/vad.py`, `get_speech_timestamps`, version 1.2.1, after snakers4/silero-vad.

use crate::{CHUNK, SAMPLE_RATE};

/// Speech shorter than its limit is cut in a silence of more than this only.
const LEAST_SILENCE_MS: u32 = 98;

/// A stretch of speech, in samples: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// Its first sample.
    pub start: usize,
    /// The sample after its last.
    pub end: usize,
}

/// How speech is cut out, with faster-whisper's names and defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VadOptions {
    /// From this probability on, a chunk is speech.
    pub threshold: f64,
    /// Below this, it is silence; between the two it is what the chunk before it was. `None`: `threshold - 0.15`, but
    /// 0.01 at least.
    pub neg_threshold: Option<f64>,
    /// Speech that is not longer is dropped, in ms.
    pub min_speech_duration_ms: u32,
    /// Longer speech is cut, in seconds: at the last silence of more than 98 ms in it, or else where it is too long.
    pub max_speech_duration_s: f64,
    /// Speech ends with a silence of this length, in ms.
    pub min_silence_duration_ms: u32,
    /// Speech is widened by this at both ends, in ms; neighbours that would overlap share the silence between them.
    pub speech_pad_ms: u32,
}

impl Default for VadOptions {
    fn default() -> VadOptions {
        VadOptions {
            threshold: 0.5,
            neg_threshold: None,
            min_speech_duration_ms: 0,
            max_speech_duration_s: f64::INFINITY,
            min_silence_duration_ms: 2000,
            speech_pad_ms: 400,
        }
    }
}

/// The spans of speech in a sound of `total_samples`, in order and without overlap, from the `probabilities` of its
/// chunks of [`CHUNK`] samples. faster-whisper has one more chunk, of zeros, where the sound ends with a whole one.
pub fn speech_spans(probabilities: &[f32], total_samples: usize, options: &VadOptions) -> Vec<Span> {
    let mut scan = Scan::new(options);
    for (i, probability) in probabilities.iter().enumerate() {
        scan.chunk(i * CHUNK, *probability);
    }
    if let Some(start) = scan.start
        && total_samples.saturating_sub(start) > scan.min_speech
    {
        scan.spans.push(Span { start, end: total_samples });
    }
    pad(&mut scan.spans, total_samples, samples(options.speech_pad_ms));
    scan.spans
}

fn samples(ms: u32) -> usize {
    ms as usize * (SAMPLE_RATE / 1000)
}

/// One pass over the chunks.
struct Scan {
    threshold: f32,
    neg_threshold: f32,
    min_speech: usize,
    max_speech: f64,
    min_silence: usize,
    spans: Vec<Span>,
    /// Where the speech started that is under way.
    start: Option<usize>,
    /// Where the silence started that may end it.
    silence: Option<usize>,
    /// Where it is cut if it gets too long: the start of the last long silence in it.
    cut: Option<usize>,
    /// Where speech went on after that silence; before the cut if it did not.
    resumed: usize,
}

impl Scan {
    fn new(options: &VadOptions) -> Scan {
        let negative = options.neg_threshold.unwrap_or((options.threshold - 0.15).max(0.01));
        let around = (CHUNK + 2 * samples(options.speech_pad_ms)) as f64;
        Scan {
            threshold: options.threshold as f32,
            neg_threshold: negative as f32,
            min_speech: samples(options.min_speech_duration_ms),
            max_speech: SAMPLE_RATE as f64 * options.max_speech_duration_s - around,
            min_silence: samples(options.min_silence_duration_ms),
            spans: Vec::new(),
            start: None,
            silence: None,
            cut: None,
            resumed: 0,
        }
    }

    /// The chunk that starts at sample `at`.
    fn chunk(&mut self, at: usize, probability: f32) {
        let speech = probability >= self.threshold;
        if speech && self.silence.take().is_some() && self.cut.is_some_and(|cut| self.resumed < cut) {
            self.resumed = at;
        }
        let Some(start) = self.start else {
            if speech {
                self.start = Some(at);
            }
            return;
        };
        if (at - start) as f64 > self.max_speech && self.split(at, start) {
            return;
        }
        if probability < self.neg_threshold && self.start.is_some() {
            self.silent(at);
        }
    }

    /// Ends speech that is too long; whether nothing is under way for want of a silence.
    fn split(&mut self, at: usize, start: usize) -> bool {
        let end = self.cut.unwrap_or(at);
        self.spans.push(Span { start, end });
        self.start = self.cut.filter(|cut| self.resumed >= *cut).map(|_| self.resumed);
        let aggressive = self.cut.is_none();
        self.forget();
        aggressive
    }

    /// A silent chunk in speech.
    fn silent(&mut self, at: usize) {
        // faster-whisper's mark of no silence is sample 0, where none can start: speech starts before it.
        let since = *self.silence.get_or_insert(at);
        if at - since > samples(LEAST_SILENCE_MS) {
            self.cut = Some(since);
        }
        if at - since < self.min_silence {
            return;
        }
        if let Some(start) = self.start.take()
            && since - start > self.min_speech
        {
            self.spans.push(Span { start, end: since });
        }
        self.forget();
    }

    fn forget(&mut self) {
        (self.silence, self.cut, self.resumed) = (None, None, 0);
    }
}

/// Widens each span by `pad` at both ends; neighbours nearer than twice that meet in the middle.
fn pad(spans: &mut [Span], total: usize, pad: usize) {
    if let Some(first) = spans.first_mut() {
        first.start = first.start.saturating_sub(pad);
    }
    for i in 0..spans.len() {
        let Some(next) = spans.get(i + 1).map(|s| s.start) else {
            spans[i].end = total.min(spans[i].end + pad);
            break;
        };
        let silence = next.saturating_sub(spans[i].end);
        if silence < 2 * pad {
            spans[i].end += silence / 2;
            spans[i + 1].start = next - silence / 2;
        } else {
            spans[i].end = total.min(spans[i].end + pad);
            spans[i + 1].start = next - pad;
        }
    }
}
