//! A recording as windows of log-mel: read once from its file, scanned for its loudest frame and its speech, then any
//! window in any order. Not a decoder of files, and never the whole sound in memory.

use crate::spool::Spool;
use crate::{Error, Options, Segment};
use audio::{SAMPLE_RATE, Sound};
use std::ops::Range;
use vad::{Detector, Span, TimeMap, VadOptions, speech_spans};
use whisper::Session;
use whisper::graphs::{FRAMES, HOP, LEAD, N_FFT};

/// Frames of one second.
pub const FRAMES_PER_SECOND: usize = SAMPLE_RATE as usize / HOP;
/// The logarithm of the smallest mel power, which silence has.
const SILENCE: f32 = -10.0;
/// Frames of silence that openai-whisper appends to a recording (transcribe.py, `padding=N_SAMPLES`).
const PADDING: usize = FRAMES;
/// A sound up to this length is not cut at its silences: one window holds it.
const UNCUT: usize = FRAMES * HOP;
/// Samples of a pause in which a recording may be cut: half a second.
const PAUSE: usize = SAMPLE_RATE as usize / 2;
/// Seconds by which a segment's times may miss the voice that it stands for.
const SLACK: f64 = 0.5;

/// A sound that is ready to be transcribed.
pub struct Recording {
    spool: Spool,
    /// The largest log-mel value, the silence behind the sound included.
    peak: f32,
    /// Where there is speech, with a margin and the pauses within it, if that was asked for.
    speech: Option<Vec<Span>>,
    /// Where a voice is heard, in seconds, if that was asked for.
    voiced: Option<Vec<(f64, f64)>>,
    /// Frames of what is transcribed that lie in pauses.
    pauses: Vec<usize>,
    /// What is transcribed, where that is not all of the sound: its speech laid end to end.
    map: Option<TimeMap>,
    window: Vec<f32>,
    block: Vec<f32>,
}

impl Recording {
    /// Reads `sound` and finds its loudest frame.
    ///
    /// # Errors
    /// Nothing of the sound can be decoded, or its samples can't be kept.
    pub fn new(sound: &Sound, session: &mut Session) -> Result<Recording, Error> {
        let spool = Spool::of(sound)?;
        let mut recording = Recording {
            spool,
            peak: SILENCE,
            speech: None,
            voiced: None,
            pauses: Vec::new(),
            map: None,
            window: Vec::new(),
            block: Vec::new(),
        };
        recording.peak = recording.loudest(session)?;
        Ok(recording)
    }

    /// Finds speech, if the options want it, and pauses, if there are lanes to cut for. What is transcribed is then
    /// the speech alone.
    pub(crate) fn listen(&mut self, options: &Options, detector: &mut Detector) -> Result<(), Error> {
        if options.vad.is_none() && options.batch_size < 2 {
            return Ok(());
        }
        let probabilities = self.hear(detector)?;
        let len = self.spool.len();
        let voices = speech_spans(&probabilities, len, &voices(options.vad.as_ref()));
        if let Some(vad) = &options.vad {
            let spans = speech_spans(&probabilities, len, vad);
            let whole = options.clip_timestamps.iter().all(|time| *time == 0.0);
            if !self.is_short() && whole && !spans.is_empty() {
                self.map = Some(TimeMap::new(&spans)?);
            }
            self.speech = Some(spans);
            self.voiced =
                Some(voices.iter().map(|voice| (seconds(voice.start), seconds(voice.end))).collect());
        }
        let pauses = voices.windows(2).filter(|pair| pair[1].start - pair[0].end >= PAUSE);
        let middles = pauses.map(|pair| usize::midpoint(pair[0].end, pair[1].start));
        self.pauses = middles
            .map(|middle| self.map.as_ref().map_or(middle, |map| map.to_speech(middle).point()) / HOP)
            .collect();
        Ok(())
    }

    /// The largest log-mel value.
    fn loudest(&mut self, session: &mut Session) -> Result<f32, Error> {
        let end = self.spool.len().div_ceil(HOP) + LEAD;
        let mut peak = SILENCE;
        for first in (0..end).step_by(FRAMES) {
            let (_, peaks) = self.log_mel(session, first..end.min(first + FRAMES))?;
            peak = peaks.iter().copied().fold(peak, f32::max);
        }
        Ok(peak)
    }

    /// The probabilities of speech of all chunks.
    fn hear(&mut self, detector: &mut Detector) -> Result<Vec<f32>, Error> {
        detector.reset();
        for from in (0..self.spool.len()).step_by(UNCUT) {
            self.block.clear();
            self.spool.read(from, UNCUT, &mut self.block)?;
            detector.push(&self.block)?;
        }
        Ok(detector.finish()?.to_vec())
    }

    /// Whole frames of what is transcribed.
    pub fn frames(&self) -> usize {
        self.len() / HOP
    }

    /// Samples of what is transcribed.
    fn len(&self) -> usize {
        self.map.as_ref().map_or(self.spool.len(), TimeMap::speech_len)
    }

    /// The length of the whole sound in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.spool.len() as f64 / f64::from(SAMPLE_RATE)
    }

    /// Where there is speech, in seconds, if that was asked for.
    pub(crate) fn speech_seconds(&self) -> Option<Vec<(f64, f64)>> {
        let spans = self.speech.as_ref()?;
        Some(spans.iter().map(|span| (seconds(span.start), seconds(span.end))).collect())
    }

    /// Where a voice is heard, in seconds, if that was asked for.
    pub(crate) fn voiced(&self) -> Option<&[(f64, f64)]> {
        self.voiced.as_deref()
    }

    /// Frames of what is transcribed that lie in pauses, ascending.
    pub(crate) fn pauses(&self) -> &[usize] {
        &self.pauses
    }

    /// The times of the sound between which the seconds `start` to `end` of what is transcribed lie.
    pub(crate) fn to_sound(&self, start: f64, end: f64) -> (f64, f64) {
        match &self.map {
            Some(map) => (map.start_seconds(start), map.end_seconds(end)),
            None => (start, end),
        }
    }

    /// The seconds of what is transcribed for times of the sound.
    pub(crate) fn to_view(&self, start: f64, end: f64) -> (f64, f64) {
        match &self.map {
            Some(map) => (map.speech_seconds(start), map.speech_seconds(end)),
            None => (start, end),
        }
    }

    /// Moves a segment's times from what is transcribed to the sound.
    pub(crate) fn place(&self, segment: &mut Segment) {
        let Some(map) = &self.map else { return };
        (segment.start, segment.end) = (map.start_seconds(segment.start), map.end_seconds(segment.end));
        let seek = map.start_seconds(frame_seconds(segment.seek));
        segment.seek = (seek * FRAMES_PER_SECOND as f64).round() as usize;
        for word in segment.words.iter_mut().flatten() {
            (word.start, word.end) = (map.start_seconds(word.start), map.end_seconds(word.end));
        }
    }

    /// Whether a voice is heard under a segment of what is transcribed; so it is where nobody listened for one.
    pub(crate) fn is_voiced(&self, segment: &Segment) -> bool {
        let (start, end) = self.to_sound(segment.start, segment.end);
        let Some(voiced) = &self.voiced else { return true };
        voiced.iter().any(|(from, to)| *from < end + SLACK && *to > start - SLACK)
    }

    /// Whether one window holds the whole sound.
    pub(crate) fn is_short(&self) -> bool {
        self.spool.len() <= UNCUT
    }

    /// A number that the samples determine.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.spool.fingerprint
    }

    /// Why the sound ends early, if it does.
    pub(crate) fn damage(&mut self) -> Option<audio::Error> {
        self.spool.damage.take()
    }

    /// Frames `seek..seek + frames` of normalised log-mel, `[3000, n_mels]`, filled up with 0.
    ///
    /// # Errors
    /// There are more than 3000 frames, or the samples can't be read.
    pub fn decoded(&mut self, session: &mut Session, seek: usize, frames: usize) -> Result<&[f32], Error> {
        let peak = self.peak;
        self.window.clear();
        if frames > 0 {
            let mel = self.log_mel(session, seek..seek + frames)?.0.to_vec();
            self.window.extend_from_slice(session.normalize(&mel, peak)?);
        }
        self.window.resize(FRAMES * session.model().config.n_mels, 0.0);
        Ok(&self.window)
    }

    /// The first 3000 frames of the sound and the silence behind it, `[3000, n_mels]`.
    ///
    /// # Errors
    /// The samples can't be read.
    pub fn with_silence(&mut self, session: &mut Session) -> Result<&[f32], Error> {
        let frames = FRAMES.min(self.frames() + PADDING);
        self.decoded(session, 0, frames)
    }

    /// Log-mel of `frames` and their peaks; beyond the end stand zeros. The frames before them that `log_mel` needs
    /// are taken along and left out again.
    fn log_mel<'s>(
        &mut self,
        session: &'s mut Session,
        frames: Range<usize>,
    ) -> Result<(&'s [f32], &'s [f32]), Error> {
        let lead = frames.start.min(LEAD);
        let from = (frames.start - lead) * HOP;
        let len = (frames.len() + lead) * HOP + N_FFT / 2 - HOP;
        self.block.clear();
        match &self.map {
            Some(map) => {
                for piece in map.pieces(from..from + len) {
                    self.spool.read(piece.start, piece.len(), &mut self.block)?;
                }
            }
            None => self.spool.read(from, len, &mut self.block)?,
        }
        self.block.resize(len, 0.0);
        let n_mels = session.model().config.n_mels;
        let (mel, peaks) = session.log_mel(&self.block)?;
        Ok((&mel[lead * n_mels..], &peaks[lead..]))
    }
}

/// When a frame starts, in seconds.
pub(crate) fn frame_seconds(frame: usize) -> f64 {
    frame as f64 / FRAMES_PER_SECOND as f64
}

/// The frame nearest to a time in seconds, halves to the even one as in Python's `round`.
pub(crate) fn nearest_frame(seconds: f64) -> usize {
    (seconds * FRAMES_PER_SECOND as f64).round_ties_even().max(0.0) as usize
}

/// How voices are found: as speech is, but without its margins and the pauses within it.
fn voices(vad: Option<&VadOptions>) -> VadOptions {
    let vad = vad.copied().unwrap_or_default();
    VadOptions { min_silence_duration_ms: 100, speech_pad_ms: 0, max_speech_duration_s: f64::INFINITY, ..vad }
}

fn seconds(samples: usize) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE)
}
