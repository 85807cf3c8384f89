//! The memory of a transcription before anything is loaded, and the precision and lanes with which it fits a limit. Not
//! a measurement: the programs say what they take.

use crate::device::{self, DeviceOptions};
use crate::options::WordTimes;
use crate::{Error, Options, transcriber};
use compiler::{Compute, Device, Target};
use graph::Bindings;
use vad::Detector;
use whisper::{Config, Model, Session};

/// Bytes of the process beside the session: the program and its libraries (15 MB), the tokenizer and what else is on the
/// heap (17 MB), decoders of sound, stacks. Measured, for a vocabulary of 51,865.
const PROCESS: usize = 36 << 20;
/// Bytes of a lane beside its rows: the samples and frames of its window. Measured.
const LANE: usize = 4 << 20;

/// Tokens beside a text that is aligned: its start sequence and its end.
const START: usize = 8;

/// Memory of a transcription, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The model's session.
    pub session: whisper::Memory,
    /// The detector of speech.
    pub detector: usize,
    /// The rest of the process.
    pub process: usize,
}

impl Memory {
    /// What transcribing with `options` will hold at most.
    ///
    /// # Errors
    /// The device lacks a kernel.
    pub fn of(model: &Model, device: &dyn Device, options: &Options) -> Result<Memory, Error> {
        let size = transcriber::size(options);
        let tokens = options.sample_len.unwrap_or(model.config.n_text_ctx / 2) + START;
        let words = options.word_timestamps.map(|_| tokens.min(model.config.n_text_ctx));
        let session = Session::memory(model, device, size, words)?;
        let process =
            PROCESS + options.batch_size.max(1) * LANE + recorded(&model.config, options, size.rows);
        Ok(Memory { session, detector: detector(device)?, process })
    }

    /// All of it.
    pub fn peak(&self) -> usize {
        self.session.peak() + self.detector + self.process
    }
}

/// The detector's packed weights, constants and arena, and its weights beside them.
fn detector(device: &dyn Device) -> Result<usize, Error> {
    let program = Detector::program(device)?;
    let constants = program.constants.iter();
    let sizes = constants.map(|c| program.graph.ty(c.value).bytes(&Bindings::new()).unwrap_or(0));
    Ok(program.packed_bytes() + program.plan.arena + sizes.sum::<usize>())
}

/// What is kept of the alignment heads where words are timed in passing: their queries at every step of every row.
fn recorded(config: &Config, options: &Options, rows: usize) -> usize {
    if options.word_timestamps != Some(WordTimes::InPass) {
        return 0;
    }
    let steps = options.sample_len.unwrap_or(config.n_text_ctx / 2);
    rows * steps * config.aligned_width() * size_of::<f32>()
}

/// How much memory a transcription may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Bytes.
    pub bytes: usize,
    /// Whether the number of lanes is the user's, and not to be changed.
    pub lanes_given: bool,
}

/// What fits a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Precision.
    pub compute: Compute,
    /// Lanes.
    pub lanes: usize,
    /// The memory that they take.
    pub memory: Memory,
}

/// The first precision that fits `limit`, with the most lanes up to those of `options`: lanes are given up before
/// precision, and what the user chose stays.
///
/// # Errors
/// [`Error::Memory`] if none fits, with the least that is needed; [`Error::Isa`]; or the device lacks a kernel.
pub fn fit(model: &Model, device: &DeviceOptions, options: &Options, limit: Limit) -> Result<Fit, Error> {
    let auto = device::open(device)?.target().compute;
    let tried = choose(&precisions(device.compute, auto), options.batch_size, limit, |compute| {
        let device = device::open(&DeviceOptions { compute: Some(compute), ..device.clone() })?;
        let options = |lanes| Options { batch_size: lanes, ..options.clone() };
        Ok(move |lanes| Memory::of(model, device.as_ref(), &options(lanes)))
    })?;
    let fits = tried.memory.peak() <= limit.bytes;
    if fits { Ok(tried) } else { Err(refusal(&tried, device.compute, options, limit)) }
}

/// The first of `precisions` that fits, with the most lanes up to `asked`; what takes least if none does. `memory` of a
/// precision is that of each number of lanes.
fn choose<M: Fn(usize) -> Result<Memory, Error>>(
    precisions: &[Compute],
    asked: usize,
    limit: Limit,
    memory: impl Fn(Compute) -> Result<M, Error>,
) -> Result<Fit, Error> {
    let asked = asked.max(1);
    let fewest = if limit.lanes_given { asked } else { 1 };
    let mut least: Option<Fit> = None;
    for &compute in precisions {
        let memory = memory(compute)?;
        for lanes in (fewest..=asked).rev() {
            let fit = Fit { compute, lanes, memory: memory(lanes)? };
            let peak = fit.memory.peak();
            if peak <= limit.bytes {
                return Ok(fit);
            }
            if least.as_ref().is_none_or(|least| peak < least.memory.peak()) {
                least = Some(fit);
            }
        }
    }
    least.ok_or_else(|| Error::Unfit("there is no precision to compute in".into()))
}

/// The precisions that may be used, in the order in which they are tried: what was asked for, else `auto` and then
/// those with smaller weights.
fn precisions(asked: Option<Compute>, auto: Compute) -> Vec<Compute> {
    if let Some(asked) = asked {
        return vec![asked];
    }
    let order = [Compute::F32, Compute::Bf16, Compute::Int8];
    order.into_iter().skip_while(|compute| *compute != auto).collect()
}

/// Says what is needed, and what would need less.
fn refusal(least: &Fit, asked: Option<Compute>, options: &Options, limit: Limit) -> Error {
    let Fit { compute, lanes, memory } = least;
    let mut instead = vec!["a higher limit"];
    if asked.is_some_and(|compute| compute != Compute::Int8) {
        instead.push("another precision");
    }
    if *lanes > 1 {
        instead.push("fewer lanes");
    }
    if transcriber::size(options).rows > options.batch_size.max(1) {
        instead.push("fewer beams and candidates");
    }
    instead.push("a smaller model");
    let with = format!("{compute}, {lanes} {}", if *lanes == 1 { "lane" } else { "lanes" });
    Error::Memory {
        got: megabytes(limit.bytes),
        needed: megabytes(memory.peak()),
        with,
        instead: or(&instead),
    }
}

/// Whole megabytes, rounded up.
pub fn megabytes(bytes: usize) -> usize {
    bytes.div_ceil(1_000_000)
}

/// `a, b or c`.
fn or(items: &[&str]) -> String {
    match items.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The memory, line by line: each part of the model, what they share, and the sum.
pub fn table(memory: &Memory, target: &Target, options: &Options) -> String {
    use std::fmt::Write as _;
    let session = &memory.session;
    let lanes = options.batch_size.max(1);
    let rows = transcriber::size(options).rows;
    let mut text = format!(
        "memory of a transcription on {target}, batch size {lanes}, {rows} rows\n{:<12}{:>14}{:>14}{:>14}{:>14}  (bytes)\n",
        "part", "packed", "constants", "states", "arena"
    );
    for part in &session.parts {
        let whisper::PartMemory { part, packed, constants, states, arena } = part;
        let name = part.name();
        let _ = writeln!(text, "{name:<12}{packed:>14}{constants:>14}{states:>14}{arena:>14}");
    }
    let lines = [
        ("weights, packed or copied", session.weights()),
        ("states, the encoder's among the decoder's", session.states()),
        ("arena, which the parts share", session.arena()),
        ("biases, hidden states and queries", session.tables),
        ("pages of the weights file", session.mapped),
        ("speech detector", memory.detector),
        ("program, tokenizer, sound and threads", memory.process),
        ("peak", memory.peak()),
    ];
    for (name, bytes) in lines {
        let _ = writeln!(text, "{name:<54}{bytes:>14}");
    }
    text
}

#[cfg(test)]
mod tests;
