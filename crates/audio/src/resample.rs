//! One channel at any rate to 16 kHz, band-limited. Not a mixer and not a quantiser.
//!
//! The filter is rubato's windowed sinc, with the window and length that come closest to the response
//! of ffmpeg's default resampler (32 zero crossings, Kaiser window with beta 9, cutoff 0.97), since that
//! is what openai-whisper hears. Sound is mirrored at both ends, the delay is taken out to the sample,
//! and `n` samples at rate `r` give `ceil(n * 16000 / r)`.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use crate::{Error, SAMPLE_RATE};

/// Lowest rate accepted, in Hz.
pub(crate) const MIN_RATE: u32 = 1_000;
/// Highest rate accepted, in Hz.
pub(crate) const MAX_RATE: u32 = 768_000;

/// Input frames per call of the filter.
const CHUNK: usize = 4096;
/// Sinc tables up to this many phases are exact; above, phases are interpolated.
const MAX_PHASES: u64 = 1024;
/// Phases of an interpolated table.
const PHASES: usize = 256;
/// Passband edge as a share of the lower Nyquist frequency.
const CUTOFF: f64 = 0.97;
/// Windows, and the length of each that matches a Kaiser window (beta 9) of length 1.
const WINDOWS: [(WindowFunction, f64); 4] = [
    (WindowFunction::Blackman, 0.968),
    (WindowFunction::BlackmanHarris, 1.143),
    (WindowFunction::Blackman2, 1.38),
    (WindowFunction::BlackmanHarris2, 1.59),
];

/// Refuses rates that no sound has.
pub(crate) fn check(rate: u32) -> Result<(), Error> {
    if (MIN_RATE..=MAX_RATE).contains(&rate) { Ok(()) } else { Err(Error::Rate { rate }) }
}

/// A stream at one rate on its way to 16 kHz.
pub(crate) struct Resampler {
    rate: u32,
    filter: Option<Filter>,
}

impl Resampler {
    /// A resampler from `rate` Hz; 16 kHz passes through untouched.
    pub(crate) fn new(rate: u32) -> Result<Resampler, Error> {
        check(rate)?;
        let filter = if rate == SAMPLE_RATE { None } else { Some(Filter::new(rate)?) };
        Ok(Resampler { rate, filter })
    }

    /// The input rate in Hz.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// Whether samples pass through unchanged.
    pub(crate) fn is_identity(&self) -> bool {
        self.filter.is_none()
    }

    /// Takes `input` and appends to `out` what is complete.
    pub(crate) fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        match &mut self.filter {
            None => out.extend_from_slice(input),
            Some(filter) => filter.push(input, out),
        }
    }

    /// Appends the rest; the resampler then stands at the start of another sound.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) {
        if let Some(filter) = &mut self.filter {
            filter.finish(out);
        }
    }
}

struct Filter {
    inner: Async<f32>,
    rate: u64,
    /// Input samples on either side of an output sample.
    half: usize,
    /// Silence and mirrored sound before the first sample, in input samples.
    lead: usize,
    /// Outputs that belong to the lead.
    skip: usize,
    waiting: Vec<f32>,
    chunk: Vec<f32>,
    started: bool,
    dropped: usize,
    taken: u64,
    given: u64,
    tail: Vec<f32>,
}

impl Filter {
    fn new(rate: u32) -> Result<Filter, Error> {
        let divisor = gcd(u64::from(rate), u64::from(SAMPLE_RATE));
        let (up, down) = (u64::from(SAMPLE_RATE) / divisor, u64::from(rate) / divisor);
        let exact = up <= MAX_PHASES;
        let phases = if exact { up as usize } else { PHASES };
        let ratio = f64::from(SAMPLE_RATE) / f64::from(rate);
        let (window, length) = window_for(ratio);
        let parameters = SincInterpolationParameters::new(length, window)
            .f_cutoff(if ratio < 1.0 { CUTOFF as f32 } else { 1.0 })
            .oversampling_factor(phases)
            .interpolation(if exact { SincInterpolationType::Nearest } else { SincInterpolationType::Cubic });
        let inner = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)
            .map_err(|_| Error::Rate { rate })?;
        let half = length / 2 + 1;
        let (lead, skip) = lead(up, down, phases as u64, length as u64);
        Ok(Filter {
            chunk: vec![0.0; inner.output_frames_max()],
            inner,
            rate: u64::from(rate),
            half,
            lead,
            skip,
            waiting: Vec::new(),
            started: false,
            dropped: 0,
            taken: 0,
            given: 0,
            tail: Vec::new(),
        })
    }

    fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.taken += input.len() as u64;
        self.waiting.extend_from_slice(input);
        if !self.started {
            if self.waiting.len() <= self.half {
                return;
            }
            self.start();
        }
        self.run(out);
    }

    /// Puts the lead before the first samples: silence, then the sound mirrored.
    fn start(&mut self) {
        let mirrored = self.half.min(self.lead).min(self.waiting.len());
        let mut first = vec![0.0; self.lead - mirrored];
        first.extend(self.waiting[..mirrored].iter().rev());
        self.waiting.splice(..0, first);
        self.started = true;
    }

    fn run(&mut self, out: &mut Vec<f32>) {
        let mut at = 0;
        loop {
            let need = self.inner.input_frames_next();
            let Some(input) = self.waiting.get(at..at + need) else { break };
            let frames = self.chunk.len();
            let (Ok(source), Ok(mut sink)) = (
                InterleavedSlice::new(input, 1, need),
                InterleavedSlice::new_mut(&mut self.chunk, 1, frames),
            ) else {
                break;
            };
            let Ok((_, made)) = self.inner.process_into_buffer(&source, &mut sink, None::<&Indexing>) else {
                break;
            };
            let cut = (self.skip - self.dropped).min(made);
            self.dropped += cut;
            self.given += (made - cut) as u64;
            out.extend_from_slice(&self.chunk[cut..made]);
            at += need;
        }
        if at > 0 {
            // The last samples that went in are kept aside: the end of the sound is mirrored from them.
            self.tail.clear();
            self.tail.extend_from_slice(&self.waiting[at.saturating_sub(self.half)..at]);
            self.waiting.drain(..at);
        }
    }

    fn finish(&mut self, out: &mut Vec<f32>) {
        if self.taken > 0 {
            if !self.started {
                self.start();
            }
            let wanted = (self.taken * u64::from(SAMPLE_RATE)).div_ceil(self.rate);
            let mirrored = self.mirrored_end();
            self.waiting.extend_from_slice(&mirrored);
            let start = out.len() as u64;
            let before = self.given;
            while self.given < wanted {
                let need = self.inner.input_frames_next();
                let room = self.waiting.len().max(need);
                self.waiting.resize(room, 0.0);
                self.run(out);
            }
            out.truncate((start + wanted - before) as usize);
        }
        self.inner.reset();
        self.waiting.clear();
        self.tail.clear();
        self.started = false;
        (self.dropped, self.taken, self.given) = (0, 0, 0);
    }

    /// The last `half` samples in reverse.
    fn mirrored_end(&self) -> Vec<f32> {
        self.waiting.iter().rev().chain(self.tail.iter().rev()).take(self.half).copied().collect()
    }
}

/// The window and the length (a multiple of 8) that come closest to ffmpeg's filter for this ratio.
fn window_for(ratio: f64) -> (WindowFunction, usize) {
    let kaiser = (32.0 / (ratio * CUTOFF).min(1.0)).ceil();
    let off = |factor: f64| {
        let ideal = kaiser * factor;
        let length = ((ideal / 8.0).round() * 8.0).max(8.0);
        ((length / ideal).ln().abs(), length as usize)
    };
    let mut best = (WINDOWS[0].0, off(WINDOWS[0].1));
    for (window, factor) in &WINDOWS[1..] {
        let this = off(*factor);
        if this.0 < best.1.0 {
            best = (*window, this);
        }
    }
    (best.0, best.1.1)
}

/// How many samples to put before the sound, and how many outputs to drop, so that the next output
/// falls on the first sample.
///
/// rubato's output `k` sits at input time `(k + 1) * down / up + 1 / phases - length / 2`. The first `k`
/// for which that is an integer past the filter's reach is taken, or the nearest to one where the
/// table is interpolated.
fn lead(up: u64, down: u64, phases: u64, length: u64) -> (usize, usize) {
    let first = (length + 2) * up / down + 1;
    let mut best = (u64::MAX, 0, 0);
    for k in first..=first + up.min(4096) {
        let scaled = ((k + 1) * down * phases + up) % (up * phases);
        let whole = ((k + 1) * down * phases + up) / (up * phases);
        let (off, time) =
            if scaled * 2 > up * phases { (up * phases - scaled, whole + 1) } else { (scaled, whole) };
        if off < best.0 {
            best = (off, k, time);
        }
        if off == 0 {
            break;
        }
    }
    ((best.2.saturating_sub(length / 2)) as usize, best.1 as usize)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests;
