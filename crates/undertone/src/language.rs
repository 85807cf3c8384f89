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

/// Hears which language is spoken. The first window is `first`, which stands encoded as number `encoded` of the
/// session unless the options want another one; number `spare` is free.
pub(crate) fn hear(
    session: &mut Session,
    course: &mut Course,
    options: &Options,
    (first, encoded, spare): (Window, usize, usize),
) -> Result<Option<DetectedLanguage>, Error> {
    let mut heard = Vec::new();
    if options.language_window == LanguageWindow::Silence {
        let mel = course.recording.with_silence(session)?;
        session.encode(mel, spare)?;
        heard.push(detect_language(session, spare)?);
    } else {
        heard.push(detect_language(session, encoded)?);
    }
    let mut best = likeliest(&heard, options);
    let Some(enough) = options.language_detection_threshold else { return Ok(best) };
    let frames = course.recording.frames();
    for i in 1..=MORE_WINDOWS {
        let seek = frames * i / (MORE_WINDOWS + 1);
        let unsure = best.is_none_or(|best| best.probability < enough);
        if !unsure || seek < first.seek + FRAMES {
            continue;
        }
        let mel = course.recording.decoded(session, seek, FRAMES.min(frames - seek))?;
        session.encode(mel, spare)?;
        heard.push(detect_language(session, spare)?);
        best = likeliest(&heard, options);
    }
    Ok(best)
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
