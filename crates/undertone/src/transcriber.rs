//! From a sound to its transcript: the long-form loop. Not a decoder of one window, and not a writer of files.

use crate::lane::Lane;
use crate::options::LanguageWindow;
use crate::recording::{FRAMES_PER_SECOND, Recording};
use crate::{Error, Options, Segment, Transcript};
use audio::Sound;
use compiler::Device;
use std::sync::Arc;
use whisper::languages::Language;
use whisper::rules::Rules;
use whisper::{
    Attempt, DecodeOptions, Method, Model, Search, Seed, Session, SessionOptions, Start, detect_language,
    step,
};

/// A model ready to transcribe one recording after another.
pub struct Transcriber {
    session: Session,
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
}

/// Hears nothing.
impl Listener for () {}

/// What came of a recording.
#[derive(Debug)]
pub struct Outcome {
    /// What was said.
    pub transcript: Transcript,
    /// Why the sound ends early, if it does: the transcript is of what came before.
    pub damage: Option<audio::Error>,
}

impl Transcriber {
    /// Compiles `model` for `device`.
    ///
    /// # Errors
    /// The device lacks a kernel, or a tensor is missing.
    pub fn new(model: Arc<Model>, device: &dyn Device) -> Result<Transcriber, Error> {
        let options = SessionOptions { rows: 1, windows: 1 };
        Ok(Transcriber { session: Session::new(model, device, options)? })
    }

    /// The compiled model.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Transcribes `sound`. The sound is read twice: for its loudest frame, then window by window; memory does not
    /// grow with its length.
    ///
    /// # Errors
    /// Nothing of the sound can be decoded, or the options don't fit the model.
    pub fn transcribe(
        &mut self,
        sound: &Sound,
        options: &Options,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, Error> {
        let session = &mut self.session;
        let model = session.model().clone();
        let rules = Rules::new(&model.tokenizer, &model.config, &options.rules)?;
        session.set_biases(&rules.bias_table());
        let search = DecodeOptions { sample_len: options.sample_len, ..DecodeOptions::default() };
        let method = Method::new(&model, &Arc::new(rules), &[], &search)?;
        let mut recording = Recording::new(sound, session)?;
        let frames = recording.scan.frames();
        let mut lane = Lane::new(0..frames);
        let mut transcript = Transcript { duration: recording.scan.seconds(), ..Transcript::default() };
        let mut language =
            options.language.or((!model.config.is_multilingual()).then_some(Language::ENGLISH));
        if let Some(language) = language {
            listener.language(language, None);
        } else if options.language_window == LanguageWindow::Silence || frames == 0 {
            let mel = recording.with_silence(session)?;
            session.encode(mel, 0)?;
            language = Some(detect(session, &mut transcript, listener)?);
        }
        while let Some(window) = lane.window() {
            let mel = recording.decoded(session, window.seek, window.frames)?;
            session.encode(mel, 0)?;
            let language = match language {
                Some(language) => language,
                None => *language.insert(detect(session, &mut transcript, listener)?),
            };
            let start = Start::new(language, options.task, !options.rules.without_timestamps);
            let attempt = Attempt::new(&model, 0, lane.prompt(), start)?;
            let mut search = Search::new(&method, attempt, Seed::default(), 0);
            while !search.finished() {
                step(session, &mut [&mut search])?;
            }
            let decoded = search.finish();
            let by = (options, &model.tokenizer);
            let segments = lane.take(window, &decoded, by, &mut |segment| listener.decoded(segment));
            for segment in &segments {
                listener.segment(segment);
            }
            transcript.segments.extend(segments);
            let done = lane.window().map_or(frames, |w| w.seek);
            let seconds = |frames: usize| frames as f64 / FRAMES_PER_SECOND as f64;
            listener.progress(seconds(done), seconds(frames));
        }
        transcript.text = model.tokenizer.decode(lane.tokens());
        language.unwrap_or(Language::ENGLISH).code().clone_into(&mut transcript.language);
        Ok(Outcome { transcript, damage: recording.scan.damage.take() })
    }
}

/// Detects the language of the window that is encoded, and tells of it.
fn detect(
    session: &mut Session,
    transcript: &mut Transcript,
    listener: &mut dyn Listener,
) -> Result<Language, Error> {
    let found = detect_language(session, 0, 0)?;
    let best = found.first().copied();
    transcript.language_probability = best.map(|b| b.probability as f32);
    let language = best.map_or(Language::ENGLISH, |b| b.language);
    listener.language(language, best.map(|b| b.probability));
    Ok(language)
}
