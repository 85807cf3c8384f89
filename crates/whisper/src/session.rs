//! A model compiled for a device, with its caches: the calls from samples to ranked tokens. Not a search, and
//! not a loop over windows.

mod alignment;
mod batch;
mod memory;
mod parts;
mod programs;

use crate::error::Error;
use crate::graphs::{HOP, N_FFT, RESCORED, decoder_inputs, decoder_results, encoder_inputs};
use crate::model::Model;
use crate::rules::FIXED_ROWS;
pub use batch::{Batch, Ranked, Wanted};
use batch::{Gathered, rank};
use compiler::{Arg, Buffer, Compute, Device, Executable, Program, Weights, compile};
use graph::{ParamKind, ValueInfo};
pub use memory::{Memory, PartMemory};
use parts::TEXTS;
pub use parts::{Part, SessionOptions};
use programs::Programs;
use std::sync::Arc;

/// The states of a program, in the order in which it takes them.
fn states_of(program: &Program) -> Vec<ValueInfo> {
    let states = program.args().filter(|p| p.kind == ParamKind::State);
    states.map(|p| program.graph.value(p.value).clone()).collect()
}

/// A compiled model and its caches.
pub struct Session {
    model: Arc<Model>,
    options: SessionOptions,
    /// Whether products are narrow, and the best candidates scored again.
    narrow: bool,
    programs: Programs,
    /// Self keys and values of each decoder layer, then cross keys and values of each, as the decoder takes them.
    states: Vec<Buffer>,
    /// Where the cross states start.
    cross: usize,
    /// Which states an alignment takes.
    aligned: Vec<usize>,
    /// How many places of the encoding each window has.
    places: Vec<usize>,
    biases: Vec<f32>,
    /// The hidden states of the decoder's last run, which the head reads where it runs.
    hidden: Vec<f32>,
    /// Rows of the embedding that were looked up since the pages of the weights were let go of, at most.
    looked_up: usize,
    /// What the head said over several runs; unused while one is enough.
    gathered: Gathered,
    /// The queries that the last run of the decoder was asked for.
    queries: Vec<f32>,
    /// Whether runs are measured.
    measured: bool,
}

impl Session {
    /// The account of what runs take, where they are measured: all but those of [`Session::TEXTS`].
    pub const RUNS: usize = 0;
    /// The account of the decoder's runs over more than one token of a row: prompts, and texts that are aligned.
    pub const TEXTS: usize = 1;

    /// Compiles `model` for `device`.
    ///
    /// # Errors
    /// The device lacks a kernel, or a tensor is missing.
    pub fn new(model: Arc<Model>, device: &dyn Device, options: SessionOptions) -> Result<Session, Error> {
        let load = |part: Part| -> Result<Box<dyn Executable>, Error> {
            let program = Session::program(&model, part, device, options)?;
            let weights: Arc<dyn Weights> = model.tensors.clone();
            device.load(program, weights).map_err(|source| Error::Load { part, source })
        };
        // The head has more to pack than any other part.
        let (head, decoder, encoder) = std::thread::scope(|scope| {
            let head = scope.spawn(|| load(Part::Head));
            let (decoder, encoder) = (load(Part::Decoder), load(Part::Encoder));
            (head.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), decoder, encoder)
        });
        let (decoder, encoder, head) = (decoder?, encoder?, head?);
        let (log_mel, normalize, alignment) =
            (load(Part::LogMel)?, load(Part::Normalize)?, load(Part::Alignment)?);
        let kept = states_of(decoder.program());
        let aligned = states_of(alignment.program());
        let aligned =
            (0..kept.len()).filter(|at| aligned.iter().any(|state| state.name == kept[*at].name)).collect();
        let states = kept.iter().map(|state| device.state(&state.ty)).collect();
        model.tensors.weights.read_sparsely();
        Ok(Session {
            programs: Programs::new([log_mel, normalize, encoder, decoder, head, alignment]),
            cross: 2 * model.config.n_text_layer,
            places: vec![model.config.n_audio_ctx; options.windows],
            states,
            aligned,
            hidden: Vec::new(),
            biases: vec![0.0; model.config.n_vocab],
            gathered: Gathered::default(),
            looked_up: 0,
            narrow: device.target().compute != Compute::F32,
            queries: Vec::new(),
            measured: false,
            options,
            model,
        })
    }

    /// The compiled program of one part.
    ///
    /// # Errors
    /// The device lacks a kernel.
    pub fn program(
        model: &Model,
        part: Part,
        device: &dyn Device,
        options: SessionOptions,
    ) -> Result<Program, Error> {
        let graph = part.graph(model, options, device.target().compute)?;
        compile(&graph, device).map_err(|source| Error::Compile { part, source })
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// What it was built for.
    pub fn options(&self) -> SessionOptions {
        self.options
    }

    /// Starts or stops measuring every part; their times are in two accounts.
    pub fn measure(&mut self, on: bool) {
        self.measured = on;
        for part in Part::ALL {
            self.programs.get_mut(part).measure(on.then_some(Session::RUNS));
        }
    }

    /// The program of `part`, ready to run: for profiles.
    pub fn executable(&mut self, part: Part) -> &mut dyn Executable {
        self.programs.get_mut(part)
    }

    /// `160 * n + 40` samples to `n` frames of base-10 log-mel `[n, n_mels]` and the largest of each frame `[n]`.
    /// The samples before the first are its reflection: unless the file starts there, the first
    /// [`LEAD`](crate::graphs::LEAD) frames are not its own.
    ///
    /// # Errors
    /// The number of samples is no such number, or too large.
    pub fn log_mel(&mut self, sound: &[f32]) -> Result<(&[f32], &[f32]), Error> {
        debug_assert_eq!((sound.len() + HOP).saturating_sub(N_FFT / 2) % HOP, 0);
        self.programs.run(Part::LogMel, &mut [Arg::F32(sound, &[sound.len()])])?;
        let log_mel = self.programs.get(Part::LogMel);
        Ok((log_mel.f32(0).0, log_mel.f32(1).0))
    }

    /// Frames of log-mel, normalised by the file's `peak`.
    ///
    /// # Errors
    /// There are more than 3000 frames or none.
    pub fn normalize(&mut self, mel: &[f32], peak: f32) -> Result<&[f32], Error> {
        let n_mels = self.model.config.n_mels;
        let mut args = [Arg::F32(mel, &[mel.len() / n_mels, n_mels]), Arg::F32(&[peak], &[])];
        self.programs.run(Part::Normalize, &mut args)?;
        Ok(self.programs.get(Part::Normalize).f32(0).0)
    }

    /// Encodes a window of `2 * t` normalised frames, 3000 or fewer, and keeps its cross keys and values as `window`;
    /// gives the encoding `[t, n_audio_state]`. Whatever reads the window sees these t places.
    ///
    /// # Errors
    /// `mel` is not `[2 * t, n_mels]`, or t is 0 or more than `n_audio_ctx`.
    pub fn encode(&mut self, mel: &[f32], window: usize) -> Result<&[f32], Error> {
        assert!(window < self.options.windows, "window {window} of {}", self.options.windows);
        let (slot, n_mels) = ([window as i32], self.model.config.n_mels);
        let frames = mel.len() / n_mels;
        let place: Vec<i32> = (0..frames as i32 / 2).collect();
        let (dims, t) = ([frames, n_mels], [place.len()]);
        let mut args = vec![Arg::F32(mel, &dims), Arg::I32(&place, &t), Arg::I32(&slot, &[1])];
        debug_assert_eq!(args.len(), encoder_inputs::COUNT);
        args.extend(self.states[self.cross..].iter_mut().map(Arg::State));
        self.programs.run(Part::Encoder, &mut args)?;
        self.places[window] = place.len();
        Ok(self.programs.get(Part::Encoder).f32(0).0)
    }

    /// The places of the encoding that the first `frames` frames of `window` have.
    pub(crate) fn places_of(&self, window: usize, frames: usize) -> usize {
        (frames / 2).min(self.places[window])
    }

    /// Sets the first rows of the table of biases, `n_vocab` values each: those that are the same in every step.
    /// Panics with more rows than are fixed, or none.
    pub fn set_biases(&mut self, rows: &[Vec<f32>]) {
        assert!((1..=FIXED_ROWS).contains(&rows.len()), "{} fixed rows of biases", rows.len());
        for (i, row) in rows.iter().enumerate() {
            self.bias_mut(i).copy_from_slice(row);
        }
    }

    /// Row `i` of the table of biases, `n_vocab` values; rows that nobody set are 0. Those behind the fixed
    /// ones are the caller's, one for each row of the session. Panics beyond them.
    pub fn bias_mut(&mut self, i: usize) -> &mut [f32] {
        assert!(i < self.options.biases(), "row {i} of {} rows of biases", self.options.biases());
        let vocab = self.model.config.n_vocab;
        if self.biases.len() < (i + 1) * vocab {
            self.biases.resize((i + 1) * vocab, 0.0);
        }
        &mut self.biases[i * vocab..][..vocab]
    }

    /// Makes row `to` of the table of biases a copy of row `from`, and gives it. Panics as [`Session::bias_mut`] does.
    pub fn copy_bias(&mut self, from: usize, to: usize) -> &mut [f32] {
        self.bias_mut(from.max(to));
        let vocab = self.model.config.n_vocab;
        self.biases.copy_within(from * vocab..(from + 1) * vocab, to * vocab);
        self.bias_mut(to)
    }

    /// Runs the decoder over `batch`, and the head over the tokens that are wanted.
    ///
    /// # Errors
    /// The batch is larger than the session, or contradicts itself.
    pub fn decode(&mut self, batch: &Batch) -> Result<Ranked<'_>, Error> {
        self.run_decoder(batch)?;
        self.keep_queries();
        self.rank(&batch.wanted)
    }

    /// Counts the rows of the embedding that a run looks up: those of its tokens and of the candidates that are scored
    /// again, most of them twice. Before they are more than [`TEXTS`] have, the pages in which they lie are let go of:
    /// candidates are all over the vocabulary.
    fn look_up(&mut self, batch: &Batch) {
        let again = if self.narrow { RESCORED * batch.wanted.len() } else { 0 };
        let rows = batch.token.len() + again;
        self.looked_up += rows;
        if self.looked_up > TEXTS * self.model.config.n_text_ctx {
            self.model.tensors.weights.release_all();
            self.looked_up = rows;
        }
    }

    /// Runs the decoder alone, and keeps its hidden states.
    fn run_decoder(&mut self, batch: &Batch) -> Result<(), Error> {
        self.look_up(batch);
        let (n, m, r) = ([batch.token.len()], batch.wanted.len(), batch.window.len());
        let out: Vec<i32> = batch.wanted.iter().map(|w| w.at as i32).collect();
        let align: Vec<i32> = batch.align.iter().map(|at| *at as i32).collect();
        let last = |row: &i32| self.places[batch.window[*row as usize] as usize] as i32 - 1;
        let last: Vec<i32> = batch.row.iter().map(last).collect();
        let (table, window) = ([r, batch.table.len() / r.max(1)], [r, 1]);
        let (m, a) = ([m], [align.len()]);
        let mut args = vec![
            Arg::I32(&batch.token, &n),
            Arg::I32(&batch.row, &n),
            Arg::I32(&batch.pos, &n),
            Arg::I32(&batch.slot, &n),
            Arg::I32(&batch.table, &table),
            Arg::I32(&batch.window, &window),
            Arg::I32(&last, &n),
            Arg::I32(&out, &m),
            Arg::I32(&align, &a),
        ];
        debug_assert_eq!(args.len(), decoder_inputs::COUNT);
        args.extend(self.states.iter_mut().map(Arg::State));
        if self.measured {
            let is_text = batch.token.len() > batch.window.len();
            let account = if is_text { Session::TEXTS } else { Session::RUNS };
            self.programs.get_mut(Part::Decoder).measure(Some(account));
        }
        self.programs.run(Part::Decoder, &mut args)?;
        self.hidden.clear();
        self.hidden.extend_from_slice(self.programs.get(Part::Decoder).f32(decoder_results::HIDDEN).0);
        Ok(())
    }

    /// Runs the head over the decoder's hidden states, which are those of `wanted`.
    fn rank(&mut self, wanted: &[Wanted]) -> Result<Ranked<'_>, Error> {
        let Session { model, options, programs, biases, hidden, gathered, queries, .. } = self;
        let most = options.capacity(model).wanted;
        let (width, biases) = (model.config.n_text_state, (biases.as_slice(), model.config.n_vocab));
        if wanted.len() <= most {
            return Ok(Ranked { queries, ..rank(programs, hidden, biases, wanted)? });
        }
        gathered.clear();
        for (hidden, wanted) in hidden.chunks(most * width).zip(wanted.chunks(most)) {
            gathered.append(&rank(programs, hidden, biases, wanted)?);
        }
        Ok(Ranked { queries, ..gathered.ranked() })
    }
}
