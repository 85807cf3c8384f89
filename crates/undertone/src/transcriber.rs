//! From sounds to their transcripts. Not the loop over windows: lanes and the scheduler have it.

use crate::options::{HotwordsForm, WordTimes};
use crate::schedule::{Scheduler, Shared};
use crate::{Error, Options, Segment, Transcript, fallback};
use audio::Sound;
use compiler::Device;
use std::sync::Arc;
use vad::Detector;
use whisper::grammar::{Grammar, GrammarRule};
use whisper::hotwords::Hotwords;
use whisper::languages::Language;
use whisper::{LogitRule, Method, Model, Rules, Search, Session, SessionOptions, suppress};

/// A model ready to transcribe one recording after another, or several at once.
pub struct Transcriber {
    session: Session,
    detector: Detector,
}

/// Hears of a transcript while it grows.
pub trait Listener {
    /// The language is known, and its probability where it was detected.
    fn language(&mut self, _language: Language, _probability: Option<f64>) {}

    /// A segment as it was decoded, before those without text or length are emptied: what openai-whisper prints.
    fn decoded(&mut self, _segment: &Segment) {}

    /// A segment is final.
    fn segment(&mut self, _segment: &Segment) {}

    /// So many of so many seconds are done.
    fn progress(&mut self, _done: f64, _of: f64) {}

    /// Whether to stop before the next step.
    fn stopped(&self) -> bool {
        false
    }
}

/// Hears nothing.
impl Listener for () {}

/// A sound to transcribe.
pub struct Job {
    /// The sound.
    pub sound: Sound,
    /// What a stopped run has made of it, to go on from there.
    pub before: Option<Transcript>,
}

/// Where sounds come from, and their transcripts go.
pub trait Jobs {
    /// The next sound, with a number of its own; `None` when there is no other.
    fn next(&mut self) -> Option<(usize, Job)>;

    /// Who hears of sound `id`.
    fn listener(&mut self, id: usize) -> &mut dyn Listener;

    /// What came of sound `id`.
    fn done(&mut self, id: usize, outcome: Result<Outcome, Error>);

    /// Whether to stop before the next step.
    fn stopped(&self) -> bool {
        false
    }
}

/// What came of a recording.
#[derive(Debug)]
pub struct Outcome {
    /// What was said.
    pub transcript: Transcript,
    /// Why the sound ends early, if it does: the transcript is of what came before.
    pub damage: Option<audio::Error>,
    /// The second at which the work was stopped, if it was.
    pub stopped: Option<f64>,
}

impl Transcriber {
    /// Compiles `model` for `device`, with as many rows and windows as transcribing with `options` takes.
    ///
    /// # Errors
    /// The device lacks a kernel, or a tensor is missing.
    pub fn new(model: Arc<Model>, device: &dyn Device, options: &Options) -> Result<Transcriber, Error> {
        let detector = Detector::new(device)?;
        Ok(Transcriber { session: Session::new(model, device, size(options))?, detector })
    }

    /// The compiled model.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Transcribes `sound`. Memory does not grow with its length.
    ///
    /// # Errors
    /// Nothing of the sound can be decoded, or the options don't fit the model.
    pub fn transcribe(
        &mut self,
        sound: &Sound,
        options: &Options,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, Error> {
        let mut one = One { job: Some(Job { sound: sound.clone(), before: None }), listener, outcome: None };
        self.transcribe_all(options, &mut one)?;
        one.outcome.unwrap_or(Err(Error::Unfit("no sound was transcribed".into())))
    }

    /// Transcribes every sound of `jobs`, as many at once as there are lanes. What is wrong with one sound is told of
    /// it alone.
    ///
    /// # Errors
    /// The options don't fit the model.
    pub fn transcribe_all(&mut self, options: &Options, jobs: &mut dyn Jobs) -> Result<(), Error> {
        let model = self.session.model().clone();
        let (built, wanted) = (self.session.options(), size(options));
        if wanted.rows > built.rows || wanted.windows > built.windows {
            let has = format!("the model was loaded for {} rows and {} windows", built.rows, built.windows);
            return Err(Error::Unfit(format!(
                "{has}, and these options take {} and {}",
                wanted.rows, wanted.windows
            )));
        }
        let mut shared = Shared::new(options, model)?;
        shared.options.batch_size = options.batch_size.max(1);
        self.session.set_biases(&shared.rules.bias_table());
        Scheduler::new(&mut self.session, &mut self.detector, &shared).run(jobs)
    }
}

/// What a session for `options` is built for: one window more than the lanes take, in which the language is heard
/// beside them.
pub(crate) fn size(options: &Options) -> SessionOptions {
    let lanes = options.batch_size.max(1);
    SessionOptions { rows: lanes * width(options), windows: lanes + 1 }
}

/// Rows that one lane takes at most: beams or candidates.
fn width(options: &Options) -> usize {
    let attempts = (0..).map_while(|n| fallback::attempt(options, n));
    attempts.map(|decoding| Search::width(&decoding)).max().unwrap_or(1)
}

impl Shared {
    /// What every lane has in common.
    fn new(options: &Options, model: Arc<Model>) -> Result<Shared, Error> {
        if options.word_timestamps == Some(WordTimes::InPass) && options.beam_size.is_some() {
            let what = "words are timed in passing where decoding is greedy: leave out the beams, or time words exactly";
            return Err(Error::Unfit(what.into()));
        }
        let tokenizer = &model.tokenizer;
        let mut rules = options.rules.clone();
        if let Some(pattern) = &options.suppress_regex {
            rules
                .suppress_tokens
                .extend(suppress::tokens_matching(tokenizer, pattern)?.into_iter().map(i64::from));
        }
        if options.suppress_numerals {
            rules
                .suppress_tokens
                .extend(suppress::numeral_and_symbol_tokens(tokenizer).into_iter().map(i64::from));
        }
        let rules = Arc::new(Rules::new(tokenizer, &model.config, &rules)?);
        let mut steer: Vec<Arc<dyn LogitRule>> = Vec::new();
        if let Some(grammar) = &options.grammar {
            steer.push(Arc::new(GrammarRule::new(&Grammar::gbnf(grammar)?, tokenizer)));
        }
        if let Some(regex) = &options.regex {
            steer.push(Arc::new(GrammarRule::new(&Grammar::regex(regex)?, tokenizer)));
        }
        let form = options.hotwords_form;
        if !options.hotwords.is_empty() && form != HotwordsForm::Prompt {
            steer.push(Arc::new(Hotwords::new(&options.hotwords, tokenizer)));
        }
        let seen = if form == HotwordsForm::Bias { &[] } else { options.hotwords.as_slice() };
        let hotwords = Hotwords::prompt(seen, tokenizer);
        let text = |text: Option<&String>| {
            text.map_or_else(Vec::new, |text| tokenizer.encode(&format!(" {}", text.trim())))
        };
        // An empty prefix is none, an empty prompt is a space: so it is in openai-whisper.
        let prefix = options.prefix.as_ref().filter(|prefix| !prefix.is_empty());
        let (initial, prefix) = (text(options.initial_prompt.as_ref()), text(prefix));
        let attempts = (0..).map_while(|n| fallback::attempt(options, n));
        let methods = attempts
            .map(|decoding| Method::new(&model, &rules, &steer, &decoding))
            .collect::<Result<_, _>>()?;
        let width = width(options);
        Ok(Shared { options: options.clone(), rules, methods, hotwords, initial, prefix, width, model })
    }
}

/// One sound, and who hears of it.
struct One<'a> {
    job: Option<Job>,
    listener: &'a mut dyn Listener,
    outcome: Option<Result<Outcome, Error>>,
}

impl Jobs for One<'_> {
    fn next(&mut self) -> Option<(usize, Job)> {
        self.job.take().map(|job| (0, job))
    }

    fn listener(&mut self, _: usize) -> &mut dyn Listener {
        self.listener
    }

    fn done(&mut self, _: usize, outcome: Result<Outcome, Error>) {
        self.outcome = Some(outcome);
    }

    fn stopped(&self) -> bool {
        self.listener.stopped()
    }
}
