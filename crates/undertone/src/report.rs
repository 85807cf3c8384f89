//! The account of a recording for a person: what was heard, written, skipped and tried again. Not for machines: the
//! JSON holds the same.

use crate::ledger::{Action, Fate, Heard, Reason};
use crate::writers::clock;
use crate::{Coverage, Event, Transcript};
use std::fmt;

/// A transcript's account, line by line.
pub struct Report<'a>(pub &'a Transcript);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transcript { duration, coverage, events, .. } = self.0;
        let sum = |pick: &dyn Fn(&Coverage) -> bool| {
            coverage.iter().filter(|part| pick(part)).map(|part| part.end - part.start).sum::<f64>()
        };
        let known = coverage.iter().any(|part| part.heard != Heard::Sound);
        writeln!(f, "{} of sound", clock(*duration))?;
        if known {
            writeln!(f, "{} of speech", clock(sum(&|part| part.heard == Heard::Speech)))?;
        }
        writeln!(
            f,
            "{} under text",
            clock(sum(&|part| part.fate != Fate::Skipped && part.reason != Some(Reason::Stopped)))
        )?;
        let lost = |part: &&Coverage| part.fate != Fate::Transcribed && part.heard != Heard::Silence;
        for part in coverage.iter().filter(lost) {
            let what = match part.fate {
                Fate::Failed => "doubtful",
                _ => "no text",
            };
            let reason = part.reason.map_or("", name);
            writeln!(f, "{} to {}: {what}: {reason}", clock(part.start), clock(part.end))?;
        }
        events.iter().try_for_each(|event| line(f, event))
    }
}

fn line(f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let Event { start, end, action, reason, temperature, text } = event;
    let what = match action {
        Action::Fallback => "tried again",
        Action::Lengthened => "tried again with silence up to 30 s",
        Action::Failed => "kept, though no attempt was good enough",
        Action::Skipped => "skipped",
        Action::Dropped => "dropped",
        Action::Again => "speech without text decoded again",
    };
    write!(f, "{} to {}: {what}: {}", clock(*start), clock(*end), name(*reason))?;
    if let (Some(temperature), Action::Fallback | Action::Lengthened | Action::Failed) = (temperature, action)
    {
        write!(f, " at temperature {temperature}")?;
    }
    if !text.is_empty() {
        write!(f, ": {:?}", text.trim())?;
    }
    writeln!(f)
}

/// A reason in words.
fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::NoSpeech => "no speech is heard",
        Reason::NoSpeechProbability => "the model says that there is no speech",
        Reason::NoText => "the model gives no text",
        Reason::OutsideClips => "outside the clips asked for",
        Reason::MadeUp => "likely made up",
        Reason::Said => "its text stands beside it already",
        Reason::CompressionRatio => "the text repeats itself",
        Reason::LogProb => "the text is unlikely",
        Reason::Loop => "the text ran into a loop",
        Reason::Echo => "the text repeats the one before it",
        Reason::Twice => "the text says a phrase twice",
        Reason::Unfinished => "the text ends before the sound",
        Reason::Stopped => "the work was stopped before it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_and_tried_is_told() {
        let part = |start, end, heard, fate, reason| Coverage { start, end, heard, fate, reason };
        let transcript = Transcript {
            duration: 90.0,
            coverage: vec![
                part(0.0, 60.0, Heard::Speech, Fate::Transcribed, None),
                part(60.0, 70.0, Heard::Speech, Fate::Skipped, Some(Reason::NoText)),
                part(70.0, 90.0, Heard::Silence, Fate::Skipped, Some(Reason::NoSpeech)),
            ],
            events: vec![Event {
                start: 30.0,
                end: 60.0,
                action: Action::Fallback,
                reason: Reason::LogProb,
                temperature: Some(0.0),
                text: String::new(),
            }],
            ..Transcript::default()
        };
        assert_eq!(
            Report(&transcript).to_string(),
            "01:30.000 of sound\n01:10.000 of speech\n01:00.000 under text\n\
             01:00.000 to 01:10.000: no text: the model gives no text\n\
             00:30.000 to 01:00.000: tried again: the text is unlikely at temperature 0\n"
        );
    }
}
