//! One pass over a sound as 16 kHz mono samples of 16 bits. Not seekable: a new pass starts over.

use std::collections::VecDeque;

use crate::Error;
use crate::decode::{Depth, Format, Stream};
use crate::ffmpeg::Ffmpeg;
use crate::resample::Resampler;

/// A pass over a sound from its start, in constant memory.
pub struct Samples {
    source: Source,
}

enum Source {
    Own(Box<Pass>),
    Ffmpeg(Box<Ffmpeg>),
}

struct Pass {
    stream: Stream,
    resampler: Option<Resampler>,
    format: Option<Format>,
    mono: Vec<f32>,
    even: Vec<f32>,
    ready: VecDeque<i16>,
    made: u64,
    failure: Option<Error>,
    ended: bool,
}

impl Samples {
    pub(crate) fn own(stream: Stream) -> Samples {
        Samples {
            source: Source::Own(Box::new(Pass {
                stream,
                resampler: None,
                format: None,
                mono: Vec::new(),
                even: Vec::new(),
                ready: VecDeque::new(),
                made: 0,
                failure: None,
                ended: false,
            })),
        }
    }

    pub(crate) fn ffmpeg(ffmpeg: Ffmpeg) -> Samples {
        Samples { source: Source::Ffmpeg(Box::new(ffmpeg)) }
    }

    /// Fills `out` and returns how many samples were written; fewer than asked only at the end, where
    /// 0 follows. Samples are of 16 bits: openai-whisper's
    /// value is this divided by 32768.
    ///
    /// # Errors
    /// After the last good sample, once: [`Error::Truncated`], [`Error::Corrupt`], [`Error::Nothing`],
    /// [`Error::Read`] and what else ends a pass early. The samples before it have been handed out.
    pub fn read(&mut self, out: &mut [i16]) -> Result<usize, Error> {
        match &mut self.source {
            Source::Own(pass) => pass.read(out),
            Source::Ffmpeg(ffmpeg) => ffmpeg.read(out),
        }
    }

    /// Packets so far that could not be decoded; their time is silence, or lost where it is unknown.
    pub fn damaged(&self) -> u64 {
        match &self.source {
            Source::Own(pass) => pass.stream.damaged,
            Source::Ffmpeg(_) => 0,
        }
    }
}

impl Pass {
    fn read(&mut self, out: &mut [i16]) -> Result<usize, Error> {
        let mut got = 0;
        while got < out.len() {
            let n = self.ready.len().min(out.len() - got);
            for (slot, sample) in out[got..got + n].iter_mut().zip(self.ready.drain(..n)) {
                *slot = sample;
            }
            got += n;
            if got < out.len() && (self.ended || self.step().is_none()) && self.ready.is_empty() {
                break;
            }
        }
        match self.failure.take() {
            Some(failure) if got == 0 => Err(failure),
            failure => {
                self.failure = failure;
                Ok(got)
            }
        }
    }

    /// [`Pass::advance`] with the error kept for later; nothing at the end.
    fn step(&mut self) -> Option<()> {
        if let Err(error) = self.advance() {
            self.failure = Some(error);
            self.drain();
            self.ended = true;
        } else if self.ended && self.made == 0 {
            self.failure = Some(Error::Nothing {
                container: self.stream.container.clone(),
                codec: self.stream.codec_name.clone(),
                damaged: self.stream.damaged,
            });
        }
        (!self.ended).then_some(())
    }

    /// Decodes and resamples one block.
    fn advance(&mut self) -> Result<(), Error> {
        self.mono.clear();
        let Some(format) = self.stream.next(&mut self.mono)? else {
            self.drain();
            self.ended = true;
            return Ok(());
        };
        if self.resampler.as_ref().is_none_or(|r| r.rate() != format.rate) {
            self.drain();
            self.resampler = Some(Resampler::new(format.rate)?);
        }
        self.format = Some(format);
        self.even.clear();
        if let Some(resampler) = &mut self.resampler {
            resampler.push(&self.mono, &mut self.even);
        }
        self.quantise();
        Ok(())
    }

    /// Takes the tail out of the resampler.
    fn drain(&mut self) {
        self.even.clear();
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.even);
        }
        self.quantise();
    }

    fn quantise(&mut self) {
        let Some(format) = self.format else { return };
        let untouched = format.channels == 1 && self.resampler.as_ref().is_some_and(Resampler::is_identity);
        let round: fn(f32) -> f32 = match format.depth {
            Depth::Short => |x| (x + 0.5).floor(),
            Depth::Wide if untouched => f32::floor,
            Depth::Wide | Depth::Float => f32::round_ties_even,
        };
        self.made += self.even.len() as u64;
        // The cast saturates.
        self.ready.extend(self.even.iter().map(|x| round(x * 32768.0) as i16));
    }
}
