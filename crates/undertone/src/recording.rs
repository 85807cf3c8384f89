//! A recording as windows of log-mel: one scan for its length and loudest frame, then windows in order of time. Not
//! a decoder of files, and never the whole sound in memory.

use crate::Error;
use audio::{SAMPLE_RATE, Samples, Sound};
use whisper::Session;
use whisper::graphs::{FRAMES, HOP, LEAD, N_FFT};

/// Frames of one second.
pub const FRAMES_PER_SECOND: usize = SAMPLE_RATE as usize / HOP;
/// The logarithm of the smallest mel power, which silence has.
const SILENCE: f32 = -10.0;
/// Frames of silence that openai-whisper appends to a recording (transcribe.py, `padding=N_SAMPLES`).
const PADDING: usize = FRAMES;

/// What a scan of the whole sound gives.
#[derive(Debug)]
pub struct Scan {
    /// Samples that could be decoded.
    pub samples: usize,
    /// The largest log-mel value, the silence behind the sound included.
    pub peak: f32,
    /// Why the sound ends there, if it should not.
    pub damage: Option<audio::Error>,
}

impl Scan {
    /// Reads the whole sound once. What ends it early is kept, unless nothing came before it.
    fn of(sound: &Sound, session: &mut Session) -> Result<Scan, Error> {
        let mut reader = Reader::new(sound.samples()?, usize::MAX);
        let mut scan = Scan { samples: 0, peak: SILENCE, damage: None };
        let mut first = 0;
        loop {
            let from = first * HOP;
            reader.fill(from + (FRAMES + LEAD) * HOP + N_FFT);
            let whole = reader.ended.then(|| reader.end().div_ceil(HOP) + LEAD);
            let last = whole.map_or(first + FRAMES, |end| end.min(first + FRAMES));
            if last > first {
                let (_, peaks) = log_mel(session, &mut reader, first..last)?;
                scan.peak = peaks.iter().copied().fold(scan.peak, f32::max);
            }
            if whole.is_some_and(|end| last >= end) {
                break;
            }
            first = last;
        }
        scan.samples = reader.end();
        scan.damage = reader.damage;
        match (scan.samples, scan.damage.take()) {
            (0, Some(error)) => Err(error.into()),
            (_, damage) => Ok(Scan { damage, ..scan }),
        }
    }

    /// Whole frames of the sound.
    pub fn frames(&self) -> usize {
        self.samples / HOP
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(SAMPLE_RATE)
    }
}

/// Windows of a scanned recording, each no earlier than the one before.
pub struct Recording {
    reader: Reader,
    /// What the scan gave.
    pub scan: Scan,
    window: Vec<f32>,
}

impl Recording {
    /// Scans `sound` and gets ready to read it again from its start.
    ///
    /// # Errors
    /// Nothing of the sound can be decoded.
    pub fn new(sound: &Sound, session: &mut Session) -> Result<Recording, Error> {
        let scan = Scan::of(sound, session)?;
        let reader = Reader::new(sound.samples()?, scan.samples);
        Ok(Recording { reader, scan, window: Vec::new() })
    }

    /// Frames `seek..seek + frames` of normalised log-mel, `[3000, n_mels]`, filled up with 0.
    ///
    /// # Errors
    /// There are more than 3000 frames.
    pub fn decoded(&mut self, session: &mut Session, seek: usize, frames: usize) -> Result<&[f32], Error> {
        self.window.clear();
        if frames > 0 {
            let (mel, _) = log_mel(session, &mut self.reader, seek..seek + frames)?;
            let mel = mel.to_vec();
            self.window.extend_from_slice(session.normalize(&mel, self.scan.peak)?);
        }
        self.window.resize(FRAMES * session.model().config.n_mels, 0.0);
        Ok(&self.window)
    }

    /// The first 3000 frames of the sound and the silence behind it, `[3000, n_mels]`.
    ///
    /// # Errors
    /// None that a scanned sound can cause.
    pub fn with_silence(&mut self, session: &mut Session) -> Result<&[f32], Error> {
        let frames = FRAMES.min(self.scan.frames() + PADDING);
        self.decoded(session, 0, frames)
    }
}

/// Log-mel of `frames` and their peaks; beyond the end stand zeros. The frames before them that `log_mel` needs are
/// taken along and left out again.
fn log_mel<'s>(
    session: &'s mut Session,
    reader: &mut Reader,
    frames: std::ops::Range<usize>,
) -> Result<(&'s [f32], &'s [f32]), Error> {
    let lead = frames.start.min(LEAD);
    let from = (frames.start - lead) * HOP;
    let len = (frames.len() + lead) * HOP + N_FFT / 2 - HOP;
    let n_mels = session.model().config.n_mels;
    let sound = reader.samples(from, len);
    let (mel, peaks) = session.log_mel(sound)?;
    Ok((&mel[lead * n_mels..], &peaks[lead..]))
}

/// Samples in order, of which the last stretch is kept.
struct Reader {
    samples: Samples,
    /// Samples from `start` on, as openai-whisper has them: divided by 32768.
    kept: Vec<f32>,
    start: usize,
    /// Nothing is read beyond this many samples.
    limit: usize,
    ended: bool,
    damage: Option<audio::Error>,
    block: Vec<i16>,
    /// A stretch that reaches beyond the end.
    padded: Vec<f32>,
}

impl Reader {
    fn new(samples: Samples, limit: usize) -> Reader {
        let (kept, padded) = (Vec::new(), Vec::new());
        Reader { samples, kept, start: 0, limit, ended: false, damage: None, block: vec![0; 1 << 14], padded }
    }

    /// One past the last sample read.
    fn end(&self) -> usize {
        self.start + self.kept.len()
    }

    /// Reads on until sample `to` or the end.
    fn fill(&mut self, to: usize) {
        while !self.ended && self.end() < to {
            let room = self.block.len().min(self.limit - self.end());
            let got = match self.samples.read(&mut self.block[..room]) {
                Ok(got) => got,
                Err(error) => {
                    self.damage = Some(error);
                    0
                }
            };
            self.kept.extend(self.block[..got].iter().map(|s| f32::from(*s) / 32768.0));
            // A short read is not yet the end: why the sound ends early comes only after its last sample.
            self.ended = got == 0;
        }
    }

    /// `len` samples from `from`, zeros beyond the end; what stands before them is dropped.
    fn samples(&mut self, from: usize, len: usize) -> &[f32] {
        debug_assert!(from >= self.start, "sample {from} was dropped: {} is the first kept", self.start);
        self.fill(from + len);
        let drop = from.min(self.end()) - self.start;
        // Dropping moves what is kept, so it waits until most of it is to go.
        if drop > self.kept.len() / 2 && drop > LEAD * HOP {
            let drop = drop - LEAD * HOP;
            self.kept.drain(..drop);
            self.start += drop;
        }
        let at = from.min(self.end()) - self.start;
        let there = &self.kept[at..self.kept.len().min(at + len)];
        if there.len() == len {
            return &self.kept[at..at + len];
        }
        self.padded.clear();
        self.padded.extend_from_slice(there);
        self.padded.resize(len, 0.0);
        &self.padded
    }
}
