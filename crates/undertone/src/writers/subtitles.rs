//! Subtitles: `WebVTT` and `SubRip`, which share their cues. Not a layout of lines: a segment is a cue.

use std::io::{self, Write};

use super::text::stripped;
use super::time::timestamp;
use crate::transcript::Transcript;

/// How one of the formats writes its times.
struct Times {
    hours_always: bool,
    mark: char,
}

const VTT: Times = Times { hours_always: false, mark: '.' };
const SRT: Times = Times { hours_always: true, mark: ',' };

/// A text on the screen between two times.
struct Cue {
    span: String,
    text: String,
}

fn cues(transcript: &Transcript, times: &'static Times) -> impl Iterator<Item = Cue> {
    transcript.segments.iter().map(move |segment| {
        let time = |seconds| timestamp(seconds, times.hours_always, times.mark);
        Cue {
            span: format!("{} --> {}", time(segment.start), time(segment.end)),
            // An arrow in the text would be read as a line of times.
            text: stripped(&segment.text).replace("-->", "->"),
        }
    })
}

pub(super) fn write_vtt(transcript: &Transcript, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "WEBVTT\n\n")?;
    cues(transcript, &VTT).try_for_each(|cue| write!(to, "{}\n{}\n\n", cue.span, cue.text))
}

pub(super) fn write_srt(transcript: &Transcript, to: &mut dyn Write) -> io::Result<()> {
    let mut numbered = cues(transcript, &SRT).zip(1..);
    numbered
        .try_for_each(|(cue, number): (Cue, usize)| write!(to, "{number}\n{}\n{}\n\n", cue.span, cue.text))
}
