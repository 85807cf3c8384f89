//! The account of a recording: what became of every second, and what was tried, skipped or dropped. Not a transcript.

use crate::Segment;
use crate::fallback::Cause;
use serde::{Deserialize, Serialize};

/// What is heard in a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// Speech, by voice activity detection.
    Speech,
    /// None.
    Silence,
    /// Not known: there was no voice activity detection.
    Sound,
}

/// What became of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It stands under the text of a segment.
    Transcribed,
    /// It is not under any text, for the reason that stands beside it.
    Skipped,
    /// It is under text that no attempt at its window made good enough, or the work stopped before it.
    Failed,
}

/// Why a stretch is not simply transcribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// There is no speech, by voice activity detection.
    NoSpeech,
    /// The model says that there is no speech.
    NoSpeechProbability,
    /// The model gives no text for it.
    NoText,
    /// It lies outside the clips asked for.
    OutsideClips,
    /// Its text was likely made up.
    MadeUp,
    /// Its text stands beside it already.
    Said,
    /// The text repeats itself.
    CompressionRatio,
    /// The text is unlikely.
    LogProb,
    /// The text ran into a loop.
    Loop,
    /// The text repeats the one before it.
    Echo,
    /// The text says a phrase twice in a row.
    Twice,
    /// The text ends before the sound does.
    Unfinished,
    /// The work was stopped before it.
    Stopped,
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Reason {
        match cause {
            Cause::CompressionRatio => Reason::CompressionRatio,
            Cause::LogProb => Reason::LogProb,
            Cause::Loop => Reason::Loop,
        }
    }
}

/// What became of the seconds between two times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// In seconds.
    pub start: f64,
    /// In seconds.
    pub end: f64,
    /// What is heard.
    pub heard: Heard,
    /// What became of it.
    pub fate: Fate,
    /// Why, unless it is plainly transcribed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// An attempt failed.
    Fallback,
    /// An attempt at a window that was encoded no further than its sound failed: it was encoded again at its full 30 s.
    Lengthened,
    /// The last attempt failed, and its text was kept.
    Failed,
    /// A window was skipped.
    Skipped,
    /// Text was dropped.
    Dropped,
    /// Speech under no text was decoded again alone.
    Again,
}

/// Something that was tried, skipped or dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// In seconds.
    pub start: f64,
    /// In seconds.
    pub end: f64,
    /// What was done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The temperature of the attempt, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The text that was dropped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What the account is made of; all times in seconds of the sound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) duration: f64,
    /// Where there is speech, if known.
    pub(crate) speech: Option<&'a [(f64, f64)]>,
    /// The clips asked for.
    pub(crate) clips: &'a [(f64, f64)],
    pub(crate) segments: &'a [Segment],
    pub(crate) events: &'a [Event],
    /// What was not reached.
    pub(crate) stopped: &'a [(f64, f64)],
}

/// What became of every second.
pub(crate) fn coverage(facts: &Facts<'_>) -> Vec<Coverage> {
    let mut times = vec![0.0, facts.duration];
    let mut mark = |start: f64, end: f64| times.extend([start, end].map(|t| t.clamp(0.0, facts.duration)));
    facts.speech.unwrap_or_default().iter().for_each(|(start, end)| mark(*start, *end));
    facts.clips.iter().chain(facts.stopped).for_each(|(start, end)| mark(*start, *end));
    facts.segments.iter().for_each(|segment| mark(segment.start, segment.end));
    facts.events.iter().for_each(|event| mark(event.start, event.end));
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut all: Vec<Coverage> = Vec::new();
    for pair in times.windows(2) {
        let next = facts.between(pair[0], pair[1]);
        match all.last_mut() {
            Some(last) if (last.heard, last.fate, last.reason) == (next.heard, next.fate, next.reason) => {
                last.end = next.end;
            }
            _ => all.push(next),
        }
    }
    all
}

impl Facts<'_> {
    /// The account of a stretch that no fact begins or ends in.
    fn between(&self, start: f64, end: f64) -> Coverage {
        let middle = f64::midpoint(start, end);
        let within = |(start, end): &(f64, f64)| (*start..*end).contains(&middle);
        let heard = match self.speech {
            None => Heard::Sound,
            Some(speech) if speech.iter().any(within) => Heard::Speech,
            Some(_) => Heard::Silence,
        };
        let event = |action: Action| {
            let found = self.events.iter().find(|e| e.action == action && within(&(e.start, e.end)));
            found.map(|event| event.reason)
        };
        let under_text = self.segments.iter().any(|s| !s.text.trim().is_empty() && within(&(s.start, s.end)));
        let (fate, reason) = if under_text {
            match event(Action::Failed) {
                Some(reason) => (Fate::Failed, Some(reason)),
                None => (Fate::Transcribed, None),
            }
        } else if self.stopped.iter().any(within) {
            (Fate::Failed, Some(Reason::Stopped))
        } else if !self.clips.iter().any(within) {
            (Fate::Skipped, Some(Reason::OutsideClips))
        } else if heard == Heard::Silence {
            (Fate::Skipped, Some(Reason::NoSpeech))
        } else {
            let reason = event(Action::Dropped).or_else(|| event(Action::Skipped)).unwrap_or(Reason::NoText);
            (Fate::Skipped, Some(reason))
        };
        Coverage { start, end, heard, fate, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(start: f64, end: f64, text: &str) -> Segment {
        Segment { start, end, text: text.into(), ..Segment::default() }
    }

    fn event(start: f64, end: f64, action: Action, reason: Reason) -> Event {
        Event { start, end, action, reason, temperature: None, text: String::new() }
    }

    #[test]
    fn every_second_has_its_account() {
        use {Fate::*, Heard::*};
        let events = [
            event(30.0, 60.0, Action::Skipped, Reason::NoSpeechProbability),
            event(60.0, 70.0, Action::Failed, Reason::Loop),
        ];
        let segments = [segment(0.0, 8.0, " a"), segment(8.0, 10.0, ""), segment(62.0, 66.0, " b")];
        let facts = Facts {
            duration: 100.0,
            speech: Some(&[(0.0, 20.0), (40.0, 70.0), (80.0, 85.0)]),
            clips: &[(0.0, 90.0)],
            segments: &segments,
            events: &events,
            stopped: &[(75.0, 90.0)],
        };
        let account = coverage(&facts);
        let row = |c: &Coverage| (c.start, c.end, c.heard, c.fate, c.reason);
        assert_eq!(
            account.iter().map(row).collect::<Vec<_>>(),
            [
                (0.0, 8.0, Speech, Transcribed, None),
                (8.0, 20.0, Speech, Skipped, Some(Reason::NoText)),
                (20.0, 40.0, Silence, Skipped, Some(Reason::NoSpeech)),
                (40.0, 60.0, Speech, Skipped, Some(Reason::NoSpeechProbability)),
                (60.0, 62.0, Speech, Skipped, Some(Reason::NoText)),
                (62.0, 66.0, Speech, Failed, Some(Reason::Loop)),
                (66.0, 70.0, Speech, Skipped, Some(Reason::NoText)),
                (70.0, 75.0, Silence, Skipped, Some(Reason::NoSpeech)),
                (75.0, 80.0, Silence, Failed, Some(Reason::Stopped)),
                (80.0, 85.0, Speech, Failed, Some(Reason::Stopped)),
                (85.0, 90.0, Silence, Failed, Some(Reason::Stopped)),
                (90.0, 100.0, Silence, Skipped, Some(Reason::OutsideClips)),
            ]
        );
    }

    #[test]
    fn without_detection_nothing_is_called_speech() {
        let facts = Facts { duration: 5.0, clips: &[(0.0, 5.0)], ..Facts::default() };
        let all = coverage(&facts);
        assert_eq!((all.len(), all[0].heard, all[0].reason), (1, Heard::Sound, Some(Reason::NoText)));
    }
}
