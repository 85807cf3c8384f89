//! A model compiled for a device, with its caches: the calls from samples to ranked tokens. Not a search, and
//! not a loop over windows.

use crate::error::Error;
use crate::graphs::{
    self, Capacity, FRAMES, HOP, N_FFT, decoder_inputs, decoder_results, head_inputs, head_results,
};
use crate::model::Model;
use compiler::{Arg, Buffer, Device, Executable, Program, Weights, compile};
use graph::{Graph, ParamKind};
use std::sync::Arc;

/// What a session is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// Rows that decode at once.
    pub rows: usize,
    /// Windows whose cross keys and values are kept at once.
    pub windows: usize,
}

/// The parts of a model that are graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Samples to log-mel.
    LogMel,
    /// Log-mel to its normalised form.
    Normalize,
    /// Log-mel to cross keys and values.
    Encoder,
    /// Tokens to hidden states.
    Decoder,
    /// Hidden states to ranked next tokens.
    Head,
}

impl Part {
    /// All parts, in the order in which sound passes through them.
    pub const ALL: [Part; 5] = [Part::LogMel, Part::Normalize, Part::Encoder, Part::Decoder, Part::Head];

    /// The part's name.
    pub fn name(self) -> &'static str {
        match self {
            Part::LogMel => "log-mel",
            Part::Normalize => "normalize",
            Part::Encoder => "encoder",
            Part::Decoder => "decoder",
            Part::Head => "head",
        }
    }

    /// The part's graph before any pass.
    ///
    /// # Errors
    /// The model's sizes contradict each other.
    pub fn graph(self, model: &Model, options: SessionOptions) -> Result<Graph, Error> {
        let (config, weights) = (&model.config, model.tensors.as_ref());
        let graph = match self {
            Part::LogMel => graphs::log_mel(config),
            Part::Normalize => graphs::normalize(config),
            Part::Encoder => graphs::encoder(config, weights, options.windows),
            Part::Decoder => graphs::decoder(config, weights, options.capacity(model)),
            Part::Head => graphs::head(config, model.tokenizer.specials(), weights, options.capacity(model)),
        };
        graph.map_err(|source| Error::Graph { part: self, source })
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl SessionOptions {
    /// A prompt of every row may run at once, but no more tokens than one row can hold per run.
    fn capacity(self, model: &Model) -> Capacity {
        Capacity {
            tokens: model.config.n_text_ctx.max(self.rows),
            rows: self.rows,
            windows: self.windows,
            biases: self.biases(),
            wanted: (2 * self.rows).max(MIN_WANTED),
        }
    }

    /// Rows of the table of biases: the fixed ones, and one for each row that decodes.
    fn biases(self) -> usize {
        FIXED_BIASES + self.rows
    }
}

/// Rows of the table of biases that are the same in every step; see [`crate::rules`].
const FIXED_BIASES: usize = 4;
/// The fewest hidden states that the head is built to take in one run.
const MIN_WANTED: usize = 32;

/// A compiled model and its caches.
pub struct Session {
    model: Arc<Model>,
    options: SessionOptions,
    log_mel: Box<dyn Executable>,
    normalize: Box<dyn Executable>,
    encoder: Box<dyn Executable>,
    decoder: Box<dyn Executable>,
    head: Box<dyn Executable>,
    /// Self keys and values of each decoder layer, then cross keys and values of each.
    states: Vec<Buffer>,
    /// Where the cross states start.
    cross: usize,
    biases: Vec<f32>,
    /// What the head said over several runs; unused while one is enough.
    gathered: Gathered,
}

/// The results of several runs of the head, one behind the other.
#[derive(Default)]
struct Gathered {
    logits: Vec<f32>,
    no_speech: Vec<f32>,
    filtered: Vec<f32>,
    log_sum: Vec<f32>,
    log_probs: Vec<f32>,
    tokens: Vec<i32>,
}

impl Gathered {
    fn clear(&mut self) {
        let Gathered { logits, no_speech, filtered, log_sum, log_probs, tokens } = self;
        [logits, no_speech, filtered, log_sum, log_probs].into_iter().for_each(Vec::clear);
        tokens.clear();
    }

    fn append(&mut self, ranked: &Ranked<'_>) {
        self.logits.extend_from_slice(ranked.logits);
        self.no_speech.extend_from_slice(ranked.no_speech);
        self.filtered.extend_from_slice(ranked.filtered);
        self.log_sum.extend_from_slice(ranked.log_sum);
        self.log_probs.extend_from_slice(ranked.log_probs);
        self.tokens.extend_from_slice(ranked.tokens);
    }

    fn ranked(&self) -> Ranked<'_> {
        Ranked {
            logits: &self.logits,
            no_speech: &self.no_speech,
            filtered: &self.filtered,
            log_sum: &self.log_sum,
            log_probs: &self.log_probs,
            tokens: &self.tokens,
        }
    }
}

/// One run of the decoder: tokens, and which of them are asked for their successors.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Token ids.
    pub token: Vec<i32>,
    /// The row of each token.
    pub row: Vec<i32>,
    /// Its position in the row.
    pub pos: Vec<i32>,
    /// The slot where its keys and values are kept.
    pub slot: Vec<i32>,
    /// The slot of each position of each row, `n_text_ctx` to a row.
    pub table: Vec<i32>,
    /// The window of each row.
    pub window: Vec<i32>,
    /// The tokens whose successors are wanted, with their rules.
    pub wanted: Vec<Wanted>,
}

/// A token whose successor is wanted, and the rules for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its place in the batch.
    pub at: usize,
    /// The row of the table of biases.
    pub bias: usize,
    /// Two spans of banned ids.
    pub spans: [i32; 4],
    /// Whether timestamps win when their sum outweighs every text token.
    pub mass: bool,
}

/// What the decoder says of the wanted tokens, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// `[m, n_vocab]` logits before any rule.
    pub logits: &'a [f32],
    /// `[m]` probabilities of no speech before any rule.
    pub no_speech: &'a [f32],
    /// `[m, n_vocab]` logits after the rules, minus infinity where banned.
    pub filtered: &'a [f32],
    /// `[m]` the logarithms of the sums of the exponentials of `filtered`: a token's log-probability is its filtered
    /// logit less this.
    pub log_sum: &'a [f32],
    /// `[m, CANDIDATES]` log-probabilities after the rules, best first.
    pub log_probs: &'a [f32],
    /// `[m, CANDIDATES]` the candidates.
    pub tokens: &'a [i32],
}

impl Session {
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
        let decoder = load(Part::Decoder)?;
        let types = |e: &dyn Executable| {
            let graph = &e.program().graph;
            let states = e.program().args().filter(|p| p.kind == ParamKind::State);
            states.map(|p| graph.ty(p.value).clone()).collect::<Vec<_>>()
        };
        let states = types(decoder.as_ref()).iter().map(|ty| device.state(ty)).collect();
        Ok(Session {
            log_mel: load(Part::LogMel)?,
            normalize: load(Part::Normalize)?,
            encoder: load(Part::Encoder)?,
            head: load(Part::Head)?,
            cross: 2 * model.config.n_text_layer,
            decoder,
            states,
            biases: vec![0.0; model.config.n_vocab],
            gathered: Gathered::default(),
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
        let graph = part.graph(model, options)?;
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

    /// The program of `part`, ready to run: for profiles.
    pub fn executable(&mut self, part: Part) -> &mut dyn Executable {
        match part {
            Part::LogMel => self.log_mel.as_mut(),
            Part::Normalize => self.normalize.as_mut(),
            Part::Encoder => self.encoder.as_mut(),
            Part::Decoder => self.decoder.as_mut(),
            Part::Head => self.head.as_mut(),
        }
    }

    /// `160 * n + 40` samples to `n` frames of base-10 log-mel `[n, n_mels]` and the largest of each frame `[n]`.
    /// The samples before the first are its reflection: unless the file starts there, the first
    /// [`graphs::LEAD`] frames are not its own.
    ///
    /// # Errors
    /// The number of samples is no such number, or too large.
    pub fn log_mel(&mut self, sound: &[f32]) -> Result<(&[f32], &[f32]), Error> {
        debug_assert_eq!((sound.len() + HOP).saturating_sub(N_FFT / 2) % HOP, 0);
        run(self.log_mel.as_mut(), Part::LogMel, &mut [Arg::F32(sound, &[sound.len()])])?;
        Ok((self.log_mel.f32(0).0, self.log_mel.f32(1).0))
    }

    /// Frames of log-mel, normalised by the file's `peak`.
    ///
    /// # Errors
    /// There are more than 3000 frames or none.
    pub fn normalize(&mut self, mel: &[f32], peak: f32) -> Result<&[f32], Error> {
        let n_mels = self.model.config.n_mels;
        let mut args = [Arg::F32(mel, &[mel.len() / n_mels, n_mels]), Arg::F32(&[peak], &[])];
        run(self.normalize.as_mut(), Part::Normalize, &mut args)?;
        Ok(self.normalize.f32(0).0)
    }

    /// Encodes a window of 3000 normalised frames and keeps its cross keys and values as `window`; gives the
    /// encoding `[n_audio_ctx, n_audio_state]`.
    ///
    /// # Errors
    /// `mel` is not `[3000, n_mels]`.
    pub fn encode(&mut self, mel: &[f32], window: usize) -> Result<&[f32], Error> {
        assert!(window < self.options.windows, "window {window} of {}", self.options.windows);
        let slot = [window as i32];
        let dims = [FRAMES, self.model.config.n_mels];
        let mut args = vec![Arg::F32(mel, &dims), Arg::I32(&slot, &[1])];
        args.extend(self.states[self.cross..].iter_mut().map(Arg::State));
        run(self.encoder.as_mut(), Part::Encoder, &mut args)?;
        Ok(self.encoder.f32(0).0)
    }

    /// Sets the first rows of the table of biases, `n_vocab` values each: those that are the same in every step.
    /// Panics with more than four rows or none.
    pub fn set_biases(&mut self, rows: &[Vec<f32>]) {
        assert!((1..=FIXED_BIASES).contains(&rows.len()), "{} fixed rows of biases", rows.len());
        for (i, row) in rows.iter().enumerate() {
            self.bias_mut(i).copy_from_slice(row);
        }
    }

    /// Row `i` of the table of biases, `n_vocab` values; rows that nobody set are 0. Rows from 4 on are the caller's,
    /// one for each row of the session. Panics beyond them.
    pub fn bias_mut(&mut self, i: usize) -> &mut [f32] {
        assert!(i < self.options.biases(), "row {i} of {} rows of biases", self.options.biases());
        let vocab = self.model.config.n_vocab;
        if self.biases.len() < (i + 1) * vocab {
            self.biases.resize((i + 1) * vocab, 0.0);
        }
        &mut self.biases[i * vocab..][..vocab]
    }

    /// Runs the decoder over `batch`, and the head over the tokens that are wanted.
    ///
    /// # Errors
    /// The batch is larger than the session, or contradicts itself.
    pub fn decode(&mut self, batch: &Batch) -> Result<Ranked<'_>, Error> {
        let (n, m, r) = ([batch.token.len()], batch.wanted.len(), batch.window.len());
        let out: Vec<i32> = batch.wanted.iter().map(|w| w.at as i32).collect();
        let (table, window, m) = ([r, batch.table.len() / r.max(1)], [r, 1], [m]);
        let mut args = vec![
            Arg::I32(&batch.token, &n),
            Arg::I32(&batch.row, &n),
            Arg::I32(&batch.pos, &n),
            Arg::I32(&batch.slot, &n),
            Arg::I32(&batch.table, &table),
            Arg::I32(&batch.window, &window),
            Arg::I32(&out, &m),
        ];
        debug_assert_eq!(args.len(), decoder_inputs::COUNT);
        args.extend(self.states.iter_mut().map(Arg::State));
        run(self.decoder.as_mut(), Part::Decoder, &mut args)?;
        self.rank(&batch.wanted)
    }

    /// Runs the head over the decoder's hidden states, which are those of `wanted`.
    fn rank(&mut self, wanted: &[Wanted]) -> Result<Ranked<'_>, Error> {
        let Session { model, options, decoder, head, biases, gathered, .. } = self;
        let most = options.capacity(model).wanted;
        let (width, biases) = (model.config.n_text_state, (biases.as_slice(), model.config.n_vocab));
        let hidden = decoder.f32(decoder_results::HIDDEN).0;
        if wanted.len() <= most {
            return rank(head.as_mut(), hidden, biases, wanted);
        }
        gathered.clear();
        for (hidden, wanted) in hidden.chunks(most * width).zip(wanted.chunks(most)) {
            gathered.append(&rank(head.as_mut(), hidden, biases, wanted)?);
        }
        Ok(gathered.ranked())
    }
}

/// Runs the head once, with the table of biases and the vocabulary's size.
fn rank<'a>(
    head: &'a mut dyn Executable,
    hidden: &[f32],
    (biases, vocab): (&[f32], usize),
    wanted: &[Wanted],
) -> Result<Ranked<'a>, Error> {
    let m = wanted.len();
    let bias: Vec<i32> = wanted.iter().map(|w| w.bias as i32).collect();
    let spans: Vec<i32> = wanted.iter().flat_map(|w| w.spans).collect();
    let mass: Vec<bool> = wanted.iter().map(|w| w.mass).collect();
    let dims = ([m, hidden.len() / m.max(1)], [biases.len() / vocab, vocab], [m], [m, 4], [m, 1]);
    let mut args = [
        Arg::F32(hidden, &dims.0),
        Arg::F32(biases, &dims.1),
        Arg::I32(&bias, &dims.2),
        Arg::I32(&spans, &dims.3),
        Arg::Bool(&mass, &dims.4),
    ];
    debug_assert_eq!(args.len(), head_inputs::COUNT);
    run(head, Part::Head, &mut args)?;
    Ok(Ranked {
        logits: head.f32(head_results::LOGITS).0,
        no_speech: head.f32(head_results::NO_SPEECH).0,
        filtered: head.f32(head_results::FILTERED).0,
        log_sum: head.f32(head_results::LOG_SUM).0,
        log_probs: head.f32(head_results::LOG_PROBS).0,
        tokens: head.i32(head_results::TOKENS).0,
    })
}

fn run(executable: &mut dyn Executable, part: Part, args: &mut [Arg<'_>]) -> Result<(), Error> {
    executable.run(args).map_err(|source| Error::Run { part, source })
}
