//! The language of a recording: heard in its first window, and in more of them while none is likely enough. Not the
//! model's own detection, which hears one window.

use crate::course::Course;
use crate::options::LanguageWindow;
use crate::segments::Window;
use crate::{Error, Options};
use whisper::graphs::FRAMES;
use whisper::{DetectedLanguage, Session, detect_language};

/// Windows beside the first that are heard while no language is likely enough.
const MORE_WINDOWS: usize = 3;
/// The probability of a language that is believed of a window that was encoded no further than its sound.
const SURE: f64 = 0.8;

/// The session's windows that are heard.
pub(crate) struct Places<'a> {
    /// The first window of the recording, and the number under which it stands encoded.
    pub(crate) first: (Window, usize),
    /// Whether it is encoded no further than its sound.
    pub(crate) short: bool,
    /// Windows that are going to be decoded, and the free numbers under which they will be.
    pub(crate) more: &'a [(Window, usize)],
    /// A free number.
    pub(crate) spare: usize,
}

/// Hears which language is spoken: in the first window, or what the options want in its place, and then in more while
/// none is likely enough. Those of `places.more` come first, as their encodings are used again; the second result is
/// how many of them stand encoded now. A first window that was encoded no further than its sound is heard whole before
/// them, if it leaves a doubt.
pub(crate) fn hear(
    session: &mut Session,
    course: &mut Course,
    options: &Options,
    places: &Places<'_>,
) -> Result<(Option<DetectedLanguage>, usize), Error> {
    let Places { first: (first, encoded), short, more, spare } = *places;
    let mut heard = Vec::new();
    if options.language_window == LanguageWindow::Silence {
        let mel = course.recording.with_silence(session)?;
        session.encode(mel, spare)?;
        heard.push(detect_language(session, spare)?);
    } else {
        heard.push(detect_language(session, encoded)?);
    }
    let mut best = likeliest(&heard, options);
    let Some(enough) = options.language_detection_threshold else { return Ok((best, 0)) };
    let short = short && options.language_window == LanguageWindow::Decoded;
    if short && best.is_none_or(|best| best.probability < enough.max(SURE)) {
        let mel = course.recording.decoded(session, first.seek, first.frames)?;
        session.encode(mel, spare)?;
        heard = vec![detect_language(session, spare)?];
        best = likeliest(&heard, options);
    }
    let frames = course.recording.frames();
    let spread = (1..=MORE_WINDOWS).map(|i| frames * i / (MORE_WINDOWS + 1));
    let spread = spread.filter(|seek| *seek >= first.seek + FRAMES);
    let spread = spread.map(|seek| (Window { seek, frames: FRAMES.min(frames - seek) }, spare));
    let mut again = 0;
    for (window, place) in more.iter().copied().chain(spread).take(MORE_WINDOWS) {
        if best.is_some_and(|best| best.probability >= enough) {
            break;
        }
        let mel = course.recording.decoded(session, window.seek, window.frames)?;
        session.encode(mel, place)?;
        again += usize::from(place != spare);
        heard.push(detect_language(session, place)?);
        best = likeliest(&heard, options);
    }
    Ok((best, again))
}

/// The language that is likeliest by the mean of what was heard, among those that the options allow.
pub(crate) fn likeliest(heard: &[Vec<DetectedLanguage>], options: &Options) -> Option<DetectedLanguage> {
    let allowed = |found: &DetectedLanguage| {
        options.languages.is_empty() || options.languages.contains(&found.language)
    };
    let mut sums: Vec<DetectedLanguage> = Vec::new();
    for found in heard.iter().flatten().filter(|found| allowed(found)) {
        match sums.iter_mut().find(|sum| sum.language == found.language) {
            Some(sum) => sum.probability += found.probability,
            None => sums.push(*found),
        }
    }
    let all: f64 = sums.iter().map(|sum| sum.probability).sum();
    let whole = if options.languages.is_empty() { heard.len() as f64 } else { all };
    let best = sums.into_iter().max_by(|a, b| a.probability.total_cmp(&b.probability))?;
    Some(DetectedLanguage { probability: best.probability / whole.max(f64::MIN_POSITIVE), ..best })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str, probability: f64) -> DetectedLanguage {
        DetectedLanguage { language: code.parse().unwrap(), probability }
    }

    #[test]
    fn windows_vote_and_a_list_limits_them() {
        let heard = [vec![found("en", 0.4), found("de", 0.3)], vec![found("de", 0.8), found("en", 0.1)]];
        let best = likeliest(&heard, &Options::ours()).unwrap();
        assert_eq!((best.language.code(), (best.probability * 100.0).round()), ("de", 55.0));
        let english = Options { languages: vec!["en".parse().unwrap()], ..Options::ours() };
        assert_eq!(likeliest(&heard, &english).unwrap(), found("en", 1.0));
        let other = Options { languages: vec!["fr".parse().unwrap()], ..Options::ours() };
        assert_eq!(likeliest(&heard, &other), None);
    }
}
