//! Lanes that share a session: which window each slot encodes and decodes next, and what becomes of it. Not the search
//! within a window, and not a second loop for batches: one lane is the sequential result.

use crate::course::Course;
use crate::fallback::{self, Cause};
use crate::lane::{Align, Context, Lane};
use crate::language::Places;
use crate::ledger::{Action, Event, Reason};
use crate::options::LanguageWindow;
use crate::recording::Recording;
use crate::segments::Window;
use crate::{Error, Jobs, Options, Segment, language, short_form};
use std::sync::Arc;
use vad::Detector;
use whisper::align::{InPass, Spoken, find_alignment, find_alignment_with};
use whisper::graphs::FRAMES;
use whisper::languages::Language;
use whisper::{Attempt, Decoded, Method, Model, Rules, Search, Seed, Session, Start, detect_language, step};

/// What every lane has in common.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) model: Arc<Model>,
    pub(crate) rules: Arc<Rules>,
    /// How each attempt at a window searches it.
    pub(crate) methods: Vec<Arc<Method>>,
    /// Tokens of the hotwords that stand before every window's prompt.
    pub(crate) hotwords: Vec<u32>,
    /// Tokens of the initial prompt.
    pub(crate) initial: Vec<u32>,
    /// Tokens that every window begins with.
    pub(crate) prefix: Vec<u32>,
    /// Rows of a lane.
    pub(crate) width: usize,
}

/// Slots, each with its rows and window, and the recordings that they work on.
pub(crate) struct Scheduler<'a> {
    session: &'a mut Session,
    detector: &'a mut Detector,
    shared: &'a Shared,
    slots: Vec<Slot>,
    courses: Vec<Course>,
}

/// One lane's place in the session.
#[derive(Default)]
struct Slot {
    /// Its first row.
    row: usize,
    /// Its window, whose cross keys and values it keeps.
    window: usize,
    /// The recording's number and window that stand encoded there, and how many frames were encoded.
    encoded: Option<(usize, Window, usize)>,
    lane: Option<Work>,
    running: Option<Running>,
}

/// A lane and where it belongs.
struct Work {
    course: usize,
    stretch: usize,
    lane: Lane,
}

/// A window that is being decoded.
struct Running {
    window: Window,
    /// How many frames of it are encoded.
    frames: usize,
    language: Language,
    attempt: usize,
    search: Search,
}

impl<'a> Scheduler<'a> {
    pub(crate) fn new(
        session: &'a mut Session,
        detector: &'a mut Detector,
        shared: &'a Shared,
    ) -> Scheduler<'a> {
        let lanes = shared.options.batch_size;
        let slot = |i: usize| Slot { row: i * shared.width, window: i, ..Slot::default() };
        Scheduler { session, detector, shared, slots: (0..lanes).map(slot).collect(), courses: Vec::new() }
    }

    /// Works until no job is left, or one of them is stopped.
    pub(crate) fn run(&mut self, jobs: &mut dyn Jobs) -> Result<(), Error> {
        loop {
            if jobs.stopped() {
                for course in std::mem::take(&mut self.courses) {
                    let id = course.id;
                    let outcome = course.outcome(&self.shared.model.tokenizer, &self.shared.options, true);
                    jobs.done(id, Ok(outcome));
                }
                return Ok(());
            }
            for slot in 0..self.slots.len() {
                if self.slots[slot].running.is_none() {
                    self.fill(slot, jobs)?;
                }
            }
            let running = self.slots.iter_mut().filter_map(|slot| slot.running.as_mut());
            let mut searches: Vec<&mut Search> = running.map(|running| &mut running.search).collect();
            if searches.is_empty() {
                return Ok(());
            }
            step(self.session, &mut searches)?;
            for slot in 0..self.slots.len() {
                if self.slots[slot].running.as_ref().is_some_and(|running| running.search.finished()) {
                    self.settle(slot, jobs)?;
                }
            }
        }
    }

    /// Gives the slot a window to decode, if there is one anywhere.
    fn fill(&mut self, slot: usize, jobs: &mut dyn Jobs) -> Result<(), Error> {
        loop {
            if self.slots[slot].lane.is_none() {
                let Some(work) = self.next_lane(jobs)? else { return Ok(()) };
                self.slots[slot].lane = Some(work);
            }
            let Some(work) = self.slots[slot].lane.as_mut() else { return Ok(()) };
            if let Some(window) = work.lane.window() {
                return self.begin(slot, window, jobs);
            }
            if let Some(work) = self.slots[slot].lane.take() {
                self.end(&work, jobs);
            }
        }
    }

    /// The next stretch of a recording under way, or the first of a new one.
    fn next_lane(&mut self, jobs: &mut dyn Jobs) -> Result<Option<Work>, Error> {
        loop {
            for course in &mut self.courses {
                if let Some((stretch, lane)) = course.take_lane() {
                    return Ok(Some(Work { course: course.id, stretch, lane }));
                }
            }
            let Some((id, job)) = jobs.next() else { return Ok(None) };
            let Shared { options, initial, .. } = self.shared;
            let course = Recording::new(&job.sound, self.session).and_then(|mut recording| {
                recording.listen(options, self.detector)?;
                Course::new(id, recording, (options, initial), job.before)
            });
            match course {
                Ok(course) => {
                    if let Some(language) = course.language {
                        jobs.listener(id).language(language, None);
                    }
                    self.courses.push(course);
                    self.complete(id, jobs);
                }
                Err(error) => jobs.done(id, Err(error)),
            }
        }
    }

    /// A lane has come to its end.
    fn end(&mut self, work: &Work, jobs: &mut dyn Jobs) {
        if let Some(course) = self.courses.iter_mut().find(|course| course.id == work.course) {
            course.finish(work.stretch, jobs.listener(work.course));
        }
        self.complete(work.course, jobs);
    }

    /// Hands out the recording's transcript if it is whole.
    fn complete(&mut self, id: usize, jobs: &mut dyn Jobs) {
        let Shared { options, model, .. } = self.shared;
        let Some(at) = self.courses.iter().position(|course| course.id == id) else { return };
        if !self.courses[at].is_done(options) {
            return;
        }
        let mut course = self.courses.remove(at);
        if course.language.is_none() && course.recording.frames() == 0 && model.config.is_multilingual() {
            // Even nothing has a language, by openai-whisper's account.
            let silence = Options { language_window: LanguageWindow::Silence, ..options.clone() };
            let spare = self.slots.len();
            let first = (Window { seek: 0, frames: 0 }, spare);
            let places = Places { first, short: false, more: &[], spare };
            if let Ok((Some(best), _)) = language::hear(self.session, &mut course, &silence, &places) {
                course.detected(best);
                jobs.listener(id).language(best.language, Some(best.probability));
            }
        }
        jobs.done(id, Ok(course.outcome(&model.tokenizer, options, false)));
    }

    /// Encodes a window and begins to decode it.
    fn begin(&mut self, slot: usize, window: Window, jobs: &mut dyn Jobs) -> Result<(), Error> {
        let Some(work) = &self.slots[slot].lane else { return Ok(()) };
        let id = work.course;
        let frames = self.frames(work, window);
        self.encode(slot, id, (window, frames))?;
        let language = self.language(slot, id, (window, frames), jobs)?;
        self.attempt(slot, (window, frames), language, 0)
    }

    /// How many frames of the next window of `work` are encoded at first.
    fn frames(&self, work: &Work, window: Window) -> usize {
        let is_whole = |course: &Course| {
            course.recording.is_short() && !course.is_again(work.stretch) && work.lane.begins_clip()
        };
        let options = &self.shared.options;
        // The language of each window is asked of windows as models know them.
        let wanted = options.short_form && !options.multilingual;
        let short = wanted && self.course(work.course).is_some_and(is_whole);
        if short { short_form::frames(window.frames) } else { FRAMES }
    }

    /// Begins attempt number `attempt` at the slot's window, which stands encoded there; there is such an attempt.
    fn attempt(
        &mut self,
        slot: usize,
        (window, frames): (Window, usize),
        language: Language,
        attempt: usize,
    ) -> Result<(), Error> {
        let search = self.search(slot, window, language, attempt)?;
        let running = |search| Running { window, frames, language, attempt, search };
        self.slots[slot].running = search.map(running);
        Ok(())
    }

    /// The language of the window that stands encoded in the slot.
    fn language(
        &mut self,
        slot: usize,
        id: usize,
        (window, frames): (Window, usize),
        jobs: &mut dyn Jobs,
    ) -> Result<Language, Error> {
        let Shared { options, model, .. } = self.shared;
        let encoded = self.slots[slot].window;
        if !model.config.is_multilingual() {
            return Ok(options.language.unwrap_or(Language::ENGLISH));
        }
        let Some(course) = self.courses.iter_mut().find(|course| course.id == id) else {
            return Ok(Language::ENGLISH);
        };
        if course.language.is_none() {
            let free = self.slots.iter().enumerate().filter(|(i, free)| *i != slot && free.lane.is_none());
            let more: Vec<(Window, usize)> =
                course.next_windows().zip(free).map(|(window, (i, _))| (window, i)).collect();
            let spare = self.slots.len();
            let places = Places { first: (window, encoded), short: frames < FRAMES, more: &more, spare };
            let (best, heard) = language::hear(self.session, course, options, &places)?;
            for (window, i) in more.into_iter().take(heard) {
                self.slots[i].encoded = Some((id, window, FRAMES));
            }
            if let Some(best) = best {
                course.detected(best);
                jobs.listener(id).language(best.language, Some(best.probability));
            }
        }
        let all = course.language.unwrap_or(Language::ENGLISH);
        if !options.multilingual {
            return Ok(all);
        }
        let heard = [detect_language(self.session, encoded)?];
        Ok(language::likeliest(&heard, options).map_or(all, |best| best.language))
    }

    /// Encodes a window of recording `id` into the slot as so many frames, unless it stands there.
    fn encode(&mut self, slot: usize, id: usize, (window, frames): (Window, usize)) -> Result<(), Error> {
        let Slot { window: place, encoded, .. } = &mut self.slots[slot];
        let Some(course) = self.courses.iter_mut().find(|course| course.id == id) else { return Ok(()) };
        if *encoded != Some((id, window, frames)) {
            let mel = course.recording.decoded(self.session, window.seek, window.frames)?;
            self.session.encode(&mel[..mel.len() / FRAMES * frames], *place)?;
            *encoded = Some((id, window, frames));
        }
        Ok(())
    }

    /// The search of attempt number `attempt` at the slot's window; `None` where there is no such attempt.
    fn search(
        &self,
        slot: usize,
        window: Window,
        language: Language,
        attempt: usize,
    ) -> Result<Option<Search>, Error> {
        let Shared { options, model, methods, hotwords, prefix, .. } = self.shared;
        let Slot { row, window: place, lane: Some(work), .. } = &self.slots[slot] else { return Ok(None) };
        let Some(method) = methods.get(attempt) else { return Ok(None) };
        let prompt = work.lane.prompt(options, model.config.max_prompt());
        let start = Start {
            language,
            task: options.task,
            timestamps: !options.rules.without_timestamps,
            hotwords,
            prefix,
            sample_len: options.sample_len,
        };
        let initial = Attempt::new(model, *place, &prompt, start)?;
        let fingerprint = self.course(work.course).map_or(0, |course| course.recording.fingerprint());
        let seed = Seed(fingerprint).of(window.seek as u64, options.temperature[attempt]);
        Ok(Some(Search::new(method, initial, seed, *row)))
    }

    fn course(&self, id: usize) -> Option<&Course> {
        self.courses.iter().find(|course| course.id == id)
    }

    /// A window's search has come to its end: it is tried again, or its segments are taken.
    fn settle(&mut self, slot: usize, jobs: &mut dyn Jobs) -> Result<(), Error> {
        let Some(Running { window, frames, language, attempt, search }) = self.slots[slot].running.take()
        else {
            return Ok(());
        };
        let decoded = search.finish();
        let Shared { options, model, methods, .. } = self.shared;
        let failure = fallback::failure(&decoded, options);
        let echo = failure.is_none() && self.echoes(slot, &decoded);
        if frames < FRAMES {
            let reason = failure.map(Reason::from).or(echo.then_some(Reason::Echo));
            let specials = model.tokenizer.specials();
            let reason = reason.or_else(|| short_form::doubt(&decoded, window, specials, options));
            if let (Some(reason), Some(id)) = (reason, self.slots[slot].lane.as_ref().map(|work| work.course))
            {
                self.note(slot, window, (Action::Lengthened, reason), &decoded);
                self.encode(slot, id, (window, FRAMES))?;
                return self.attempt(slot, (window, FRAMES), language, attempt);
            }
        }
        if let Some(cause) = failure {
            let more = attempt + 1 < methods.len();
            let action = if more { Action::Fallback } else { Action::Failed };
            self.note(slot, window, (action, cause.into()), &decoded);
            if more {
                return self.attempt(slot, (window, frames), language, attempt + 1);
            }
        } else if echo {
            if let Some(work) = &mut self.slots[slot].lane {
                work.lane.forget();
            }
            self.note(slot, window, (Action::Fallback, Reason::Echo), &decoded);
            return self.attempt(slot, (window, frames), language, attempt);
        }
        self.take(slot, (window, language), (&decoded, failure), jobs)
    }

    /// Whether `decoded` repeats its prompt. Only our door looks.
    fn echoes(&self, slot: usize, decoded: &Decoded) -> bool {
        let Shared { options, model, .. } = self.shared;
        let (eot, room) = (model.tokenizer.specials().eot, model.config.max_prompt());
        let work = self.slots[slot].lane.as_ref().filter(|_| options.protections);
        work.is_some_and(|work| work.lane.echoes(decoded, eot, room))
    }

    /// Notes something about the slot's window.
    fn note(&mut self, slot: usize, window: Window, (action, reason): (Action, Reason), decoded: &Decoded) {
        let Some(work) = &self.slots[slot].lane else { return };
        let Some(course) = self.courses.iter_mut().find(|course| course.id == work.course) else { return };
        let (start, end) = course.recording.to_sound(window.start(), window.start() + window.seconds());
        let temperature = Some(decoded.temperature);
        let text = if action == Action::Skipped { decoded.text.clone() } else { String::new() };
        course.note(Event { start, end, action, reason, temperature, text });
    }

    /// The lane takes what was decoded, and the recording its segments.
    fn take(
        &mut self,
        slot: usize,
        (window, language): (Window, Language),
        (decoded, failure): (&Decoded, Option<Cause>),
        jobs: &mut dyn Jobs,
    ) -> Result<(), Error> {
        let Some(mut work) = self.slots[slot].lane.take() else { return Ok(()) };
        let Shared { options, model, .. } = self.shared;
        let place = self.slots[slot].window;
        let Some(at) = self.courses.iter().position(|course| course.id == work.course) else { return Ok(()) };
        let course = &mut self.courses[at];
        let again = course.is_again(work.stretch);
        let reject = |segment: &Segment| {
            let unsure = failure.filter(|_| again).map(Reason::from);
            let unheard = options.protections && !course.recording.is_voiced(segment);
            unsure.or(unheard.then_some(Reason::NoSpeech))
        };
        let context = Context {
            options,
            tokenizer: &model.tokenizer,
            content: course.recording.frames(),
            reject: &reject,
        };
        let session = &mut *self.session;
        let mut align = |tokens: &[u32]| {
            let Window { frames, .. } = window;
            let spoken = Spoken { window: place, tokens, language, task: options.task, frames };
            let Some(recorded) = &decoded.recorded else { return Ok(find_alignment(session, &spoken)?) };
            let eot = model.tokenizer.specials().eot;
            let (queries, probabilities) = recorded.text(&decoded.tokens, eot, tokens.len());
            let aligner = InPass { queries: &queries, probabilities: &probabilities };
            Ok(find_alignment_with(&aligner, session, &spoken)?)
        };
        let timed = options.word_timestamps.is_some();
        let align: Option<&mut Align<'_>> = if timed { Some(&mut align) } else { None };
        let mut taken = work.lane.take(window, (decoded, failure.is_some()), &context, align)?;
        for segment in taken.segments.iter_mut().chain(taken.dropped.iter_mut().map(|(segment, _)| segment)) {
            course.recording.place(segment);
            if options.protections {
                end_with(segment, course.recording.seconds());
            }
            segment.language = options.multilingual.then(|| language.code().to_owned());
        }
        for (Segment { start, end, text, temperature, .. }, reason) in taken.dropped {
            let temperature = Some(temperature);
            course.note(Event { start, end, action: Action::Dropped, reason, temperature, text });
        }
        course.add(work.stretch, (taken.segments, work.lane.place()), jobs.listener(work.course));
        self.slots[slot].lane = Some(work);
        if taken.silence {
            self.note(slot, window, (Action::Skipped, Reason::NoSpeechProbability), decoded);
        }
        Ok(())
    }
}

/// Nothing is said after the sound's end, whatever the model says.
fn end_with(segment: &mut Segment, last: f64) {
    (segment.start, segment.end) = (segment.start.min(last), segment.end.min(last));
    for word in segment.words.iter_mut().flatten() {
        (word.start, word.end) = (word.start.min(last), word.end.min(last));
    }
}
