//! A recording on its course: its stretches, what came of each, and at the end its transcript and account. Not the
//! scheduling of its windows.

use crate::lane::{Lane, Place, empty};
use crate::ledger::{Action, Event, Facts, Reason, coverage};
use crate::options::Options;
use crate::recording::{Recording, frame_seconds};
use crate::segments::Window;
use crate::transcript::{Resume, ResumePlace, Transcript};
use crate::{Error, Listener, Outcome, Segment, gaps, stretches};
use std::ops::Range;
use whisper::languages::Language;
use whisper::{DetectedLanguage, Tokenizer};

/// A recording on its course.
pub(crate) struct Course {
    /// The caller's number for it.
    pub(crate) id: usize,
    pub(crate) recording: Recording,
    pub(crate) language: Option<Language>,
    pub(crate) probability: Option<f64>,
    stretches: Vec<Stretch>,
    /// Everything before this stretch has been told.
    told: usize,
    events: Vec<Event>,
    /// Whether speech under no text has been decoded again.
    mended: bool,
}

/// One stretch.
struct Stretch {
    clips: Vec<Range<usize>>,
    /// `None` while a slot has it.
    lane: Option<Lane>,
    done: bool,
    /// Whether it is speech that no text stood over before.
    again: bool,
    segments: Vec<Segment>,
    /// How many of the segments have been told.
    told: usize,
    place: Place,
}

impl Course {
    /// Cuts `recording` into stretches. A stopped run's `before` is gone on with.
    pub(crate) fn new(
        id: usize,
        recording: Recording,
        (options, initial): (&Options, &[u32]),
        before: Option<Transcript>,
    ) -> Result<Course, Error> {
        let silent = options.protections && recording.voiced().is_some_and(<[_]>::is_empty);
        let clips = stretches::clips(&options.clip_timestamps, recording.frames());
        let shares: Vec<Vec<Range<usize>>> = match clips.as_slice() {
            _ if silent => Vec::new(),
            [all] if *all == (0..recording.frames()) => {
                let cut = stretches::cut(all.end, options.batch_size, recording.pauses());
                cut.into_iter().map(|stretch| vec![stretch]).collect()
            }
            _ => vec![clips],
        };
        let stretch = |clips: Vec<Range<usize>>| Stretch::new(clips, initial, false);
        let mut course = Course {
            id,
            recording,
            language: options.language,
            probability: None,
            stretches: shares.into_iter().map(stretch).collect(),
            told: 0,
            events: Vec::new(),
            mended: false,
        };
        if let Some(before) = before {
            course.go_on(before)?;
        }
        Ok(course)
    }

    /// Takes up the places of a stopped run.
    fn go_on(&mut self, before: Transcript) -> Result<(), Error> {
        let Some(resume) = before.resume else { return Err(Error::NothingToResume) };
        let fits = resume.fingerprint == self.mark() && resume.places.len() == self.stretches.len();
        if !fits {
            return Err(Error::ResumesAnother);
        }
        self.language = before.language.parse().ok().or(self.language);
        self.probability = before.language_probability.map(f64::from);
        self.events = before.events;
        let mut segments = before.segments.into_iter();
        for (stretch, place) in self.stretches.iter_mut().zip(resume.places) {
            stretch.segments = segments.by_ref().take(place.segments).collect();
            stretch.told = stretch.segments.len();
            stretch.done = place.done;
            stretch.place = Place {
                clip: place.clip,
                seek: place.seek,
                prompt_from: place.prompt_from,
                last_speech: place.last_speech,
            };
            let tokens = stretch.segments.iter().flat_map(|segment| segment.tokens.iter().copied());
            let lane = stretch.lane.take();
            stretch.lane = lane.map(|lane| lane.resume(stretch.place, tokens));
        }
        Ok(())
    }

    /// A stretch that no slot has yet, with its lane.
    pub(crate) fn take_lane(&mut self) -> Option<(usize, Lane)> {
        let found = self.stretches.iter_mut().enumerate();
        found.filter(|(_, stretch)| !stretch.done).find_map(|(i, s)| Some((i, s.lane.take()?)))
    }

    /// The first windows of the stretches that no slot has yet.
    pub(crate) fn next_windows(&self) -> impl Iterator<Item = Window> + '_ {
        let open = self.stretches.iter().filter(|stretch| !stretch.done);
        open.filter_map(|stretch| stretch.lane.clone()?.window())
    }

    /// Whether a stretch holds speech that no text stood over before.
    pub(crate) fn is_again(&self, stretch: usize) -> bool {
        self.stretches[stretch].again
    }

    /// Notes what was tried, skipped or dropped.
    pub(crate) fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Takes the segments of a window of `stretch`, whose lane has come to `place`, and tells the listener of what
    /// follows on what it has heard of.
    pub(crate) fn add(
        &mut self,
        stretch: usize,
        (segments, place): (Vec<Segment>, Place),
        listener: &mut dyn Listener,
    ) {
        let segments = if self.is_again(stretch) { self.unsaid(segments) } else { segments };
        self.stretches[stretch].segments.extend(segments);
        self.stretches[stretch].place = place;
        self.tell(listener);
    }

    /// Those of `segments`, of speech that seemed to be under no text, whose text is not beside it.
    fn unsaid(&mut self, segments: Vec<Segment>) -> Vec<Segment> {
        let all: Vec<&Segment> = self.stretches.iter().flat_map(|stretch| &stretch.segments).collect();
        let (said, unsaid): (Vec<_>, Vec<_>) = segments.into_iter().partition(|s| gaps::is_said(s, &all));
        self.events.extend(said.into_iter().map(|segment| {
            let Segment { start, end, text, .. } = segment;
            Event { start, end, action: Action::Dropped, reason: Reason::Said, temperature: None, text }
        }));
        unsaid
    }

    /// A stretch is through.
    pub(crate) fn finish(&mut self, stretch: usize, listener: &mut dyn Listener) {
        self.stretches[stretch].done = true;
        self.tell(listener);
    }

    fn tell(&mut self, listener: &mut dyn Listener) {
        while let Some(stretch) = self.stretches.get_mut(self.told) {
            for segment in &mut stretch.segments[stretch.told..] {
                listener.decoded(segment);
                empty(segment);
                listener.segment(segment);
            }
            stretch.told = stretch.segments.len();
            if !stretch.done {
                break;
            }
            self.told += 1;
        }
        let (mut done, mut of) = (0, 0);
        for stretch in self.stretches.iter().filter(|stretch| !stretch.again) {
            let reached =
                |clip: &Range<usize>| stretch.place.seek.clamp(clip.start, clip.end.max(clip.start));
            let len = |clip: &Range<usize>| clip.len();
            let whole: usize = stretch.clips.iter().map(len).sum();
            let part: usize = stretch.clips.iter().map(|clip| reached(clip) - clip.start).sum();
            done += if stretch.done { whole } else { part };
            of += whole;
        }
        listener.progress(frame_seconds(done), frame_seconds(of));
    }

    /// Whether everything is done. The first time that it is, speech under no text becomes new stretches.
    pub(crate) fn is_done(&mut self, options: &Options) -> bool {
        if !self.stretches.iter().all(|stretch| stretch.done) {
            return false;
        }
        if self.mended || !options.protections {
            return true;
        }
        self.mended = true;
        let segments: Vec<&Segment> = self.stretches.iter().flat_map(|stretch| &stretch.segments).collect();
        for gap in
            gaps::find(&self.recording, &segments, &stretches::clips(&options.clip_timestamps, usize::MAX))
        {
            let (start, end) = gap.sound;
            let (action, reason) = (Action::Again, Reason::NoText);
            self.events.push(Event { start, end, action, reason, temperature: None, text: String::new() });
            self.stretches.push(Stretch::new(vec![gap.frames], &[], true));
        }
        self.stretches.iter().all(|stretch| stretch.done)
    }

    /// The transcript and the account. `stopped` says that there was more to do.
    pub(crate) fn outcome(mut self, tokenizer: &Tokenizer, options: &Options, stopped: bool) -> Outcome {
        let resume = stopped.then(|| self.places());
        let rest = self.rest();
        let again = self.stretches.iter().any(|stretch| stretch.again);
        let all = self.stretches.into_iter().flat_map(|stretch| stretch.segments);
        let mut segments: Vec<Segment> = all.collect();
        segments.iter_mut().for_each(empty);
        if again {
            segments.sort_by(|a, b| a.start.total_cmp(&b.start));
        }
        let mut tokens = Vec::new();
        for (id, segment) in segments.iter_mut().enumerate() {
            segment.id = id;
            tokens.extend_from_slice(&segment.tokens);
        }
        let duration = self.recording.seconds();
        let clips = stretches::clips(&options.clip_timestamps, usize::MAX);
        let second = |frame: usize| frame_seconds(frame).min(duration);
        let clips: Vec<_> = clips.iter().map(|clip| (second(clip.start), second(clip.end))).collect();
        let speech = self.recording.speech_seconds();
        let facts = Facts {
            duration,
            speech: speech.as_deref(),
            clips: &clips,
            segments: &segments,
            events: &self.events,
            stopped: if stopped { &rest } else { &[] },
        };
        let account = if options.protections { coverage(&facts) } else { Vec::new() };
        let stopped = stopped.then(|| rest.first().map_or(duration, |(start, _)| *start));
        let transcript = Transcript {
            text: tokenizer.decode(&tokens),
            language: self.language.unwrap_or(Language::ENGLISH).code().to_owned(),
            language_probability: self.probability.map(|p| p as f32),
            duration,
            coverage: account,
            events: if options.protections { self.events } else { Vec::new() },
            resume,
            segments,
            run: None,
        };
        Outcome { transcript, damage: self.recording.damage(), stopped }
    }

    /// What was not reached, in seconds of the sound.
    fn rest(&self) -> Vec<(f64, f64)> {
        let open = self.stretches.iter().filter(|stretch| !stretch.done && !stretch.again);
        let clips =
            open.flat_map(|s| s.clips.iter().map(move |clip| (clip.start.max(s.place.seek), clip.end)));
        let clips = clips.filter(|(start, end)| start < end);
        clips.map(|(start, end)| self.recording.to_sound(frame_seconds(start), frame_seconds(end))).collect()
    }

    fn places(&self) -> Resume {
        let place = |stretch: &Stretch| ResumePlace {
            done: stretch.done,
            clip: stretch.place.clip,
            seek: stretch.place.seek,
            prompt_from: stretch.place.prompt_from,
            last_speech: stretch.place.last_speech,
            segments: stretch.segments.len(),
        };
        let places = self.stretches.iter().filter(|stretch| !stretch.again).map(place).collect();
        Resume { fingerprint: self.mark(), places }
    }

    /// The recording's fingerprint as text: JSON's numbers are too short for it.
    fn mark(&self) -> String {
        format!("{:016x}", self.recording.fingerprint())
    }

    /// The language is known.
    pub(crate) fn detected(&mut self, best: DetectedLanguage) {
        self.language = Some(best.language);
        self.probability = Some(best.probability);
    }
}

impl Stretch {
    fn new(clips: Vec<Range<usize>>, initial: &[u32], again: bool) -> Stretch {
        let lane = Lane::new(clips.clone(), initial);
        let place = lane.place();
        Stretch { clips, lane: Some(lane), done: false, again, segments: Vec::new(), told: 0, place }
    }
}
