//! The detector: samples in, the probability of speech in each chunk out. Not a decision: spans come of thresholds.

use crate::network::{CHUNK, CONTEXT, FRAME, MAX_CHUNKS, MIRROR, UNITS, network};
use crate::weights::Embedded;
use crate::{Error, SAMPLE_RATE};
use compiler::{Arg, Device, Executable, Program, compile};
use std::sync::Arc;

/// Silero's detector over one sound of 16 kHz. Memory is constant but for the probabilities, four bytes for each 32 ms.
///
/// A chunk's probability depends on the samples up to its end alone, with the same bits however they were pushed and
/// for any number of threads. A sample that is not a number makes its chunk and all later ones so.
pub struct Detector {
    executable: Box<dyn Executable>,
    /// Whole chunks that wait for a run, as the network takes them.
    frames: Vec<f32>,
    /// The context of the next chunk and as much of it as there is.
    next: Vec<f32>,
    hidden: [f32; UNITS],
    cell: [f32; UNITS],
    probabilities: Vec<f32>,
}

impl Detector {
    /// Compiles the detector for `device`.
    ///
    /// # Errors
    /// The device lacks a kernel.
    pub fn new(device: &dyn Device) -> Result<Detector, Error> {
        let program = Detector::program(device)?;
        let weights = Arc::new(Embedded::read()?);
        Ok(Detector {
            executable: device.load(program, weights).map_err(Error::Load)?,
            frames: Vec::with_capacity(MAX_CHUNKS * FRAME),
            next: vec![0.0; CONTEXT],
            hidden: [0.0; UNITS],
            cell: [0.0; UNITS],
            probabilities: Vec::new(),
        })
    }

    /// The compiled network.
    ///
    /// # Errors
    /// The device lacks a kernel.
    pub fn program(device: &dyn Device) -> Result<Program, Error> {
        let graph = network().map_err(Error::Graph)?;
        compile(&graph, device).map_err(Error::Compile)
    }

    /// Takes the next samples, any number of them. Chunks are run many at once: call [`Detector::probabilities`] for
    /// those that wait.
    ///
    /// # Errors
    /// The device refuses a run.
    pub fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        let mut rest = samples;
        while !rest.is_empty() {
            let (taken, left) = rest.split_at(rest.len().min(CONTEXT + CHUNK - self.next.len()));
            self.next.extend_from_slice(taken);
            rest = left;
            if self.next.len() == CONTEXT + CHUNK {
                self.end_chunk();
                if self.frames.len() == MAX_CHUNKS * FRAME {
                    self.run()?;
                }
            }
        }
        Ok(())
    }

    /// The probability of speech in each whole chunk of [`CHUNK`] samples so far.
    ///
    /// # Errors
    /// The device refuses a run.
    pub fn probabilities(&mut self) -> Result<&[f32], Error> {
        self.run()?;
        Ok(&self.probabilities)
    }

    /// The probability of speech in each chunk of [`CHUNK`] samples; zeros stand behind the last sample of the last. The
    /// sound has ended: [`Detector::reset`] comes before another.
    ///
    /// # Errors
    /// The device refuses a run.
    pub fn finish(&mut self) -> Result<&[f32], Error> {
        if self.next.len() > CONTEXT {
            self.next.resize(CONTEXT + CHUNK, 0.0);
            self.end_chunk();
        }
        self.probabilities()
    }

    /// Forgets the sound and its probabilities.
    pub fn reset(&mut self) {
        self.frames.clear();
        self.next.clear();
        self.next.resize(CONTEXT, 0.0);
        self.hidden.fill(0.0);
        self.cell.fill(0.0);
        self.probabilities.clear();
    }

    /// The network, ready to run: for profiles.
    pub fn executable(&mut self) -> &mut dyn Executable {
        self.executable.as_mut()
    }

    /// Hands the chunk, which is whole, to the next run.
    fn end_chunk(&mut self) {
        self.frames.extend_from_slice(&self.next);
        let last = self.next.len() - 1;
        self.frames.extend(self.next[last - MIRROR..last].iter().rev());
        self.next.drain(..CHUNK);
    }

    /// Runs the chunks that wait.
    fn run(&mut self) -> Result<(), Error> {
        let chunks = self.frames.len() / FRAME;
        if chunks == 0 {
            return Ok(());
        }
        let mut args = [
            Arg::F32(&self.frames, &[chunks, FRAME]),
            Arg::F32(&self.hidden, &[UNITS]),
            Arg::F32(&self.cell, &[UNITS]),
        ];
        self.executable.run(&mut args).map_err(Error::Run)?;
        self.probabilities.extend_from_slice(self.executable.f32(0).0);
        self.hidden.copy_from_slice(self.executable.f32(1).0);
        self.cell.copy_from_slice(self.executable.f32(2).0);
        self.frames.clear();
        Ok(())
    }
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = (self.probabilities.len() * CHUNK) as f64 / SAMPLE_RATE as f64;
        f.debug_struct("Detector").field("seconds", &seconds).finish_non_exhaustive()
    }
}
