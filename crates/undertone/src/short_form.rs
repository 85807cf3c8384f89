//! How far a window of a short sound is encoded, and when that was not enough. Not another encoder: the same program
//! runs over fewer frames.
//!
//! Models are trained on windows of 30 s, the rest of which is silence. Where a window ends soon after its sound they lose
//! their way more often: they say a phrase twice, or break off. Such text is not trusted, though it may be right, and the
//! window is encoded once more as they know it.

use crate::Options;
use crate::fallback::is_silence;
use crate::lane::text;
use crate::ledger::Reason;
use crate::segments::{Window, cut};
use whisper::Decoded;
use whisper::graphs::FRAMES;
use whisper::tokenizer::Specials;

/// Frames that stand behind the sound: with fewer, more texts lose their way.
const MARGIN: usize = 200;
/// Text tokens of the shortest phrase that is not said twice in a row.
const PHRASE: usize = 3;
/// By how much the average log-probability is above what fails any attempt.
const SURER: f64 = 0.3;

/// How many frames are encoded of a window in which `sound` frames have sound.
pub(crate) fn frames(sound: usize) -> usize {
    (sound + MARGIN).next_multiple_of(2).min(FRAMES)
}

/// Why what was decoded of `window`, encoded no further than its sound, is not trusted, if it is not, beside what fails any
/// attempt: no text comes of it, it says a phrase twice, it leaves a rest of the sound to another window, or it is nearly
/// too unlikely.
pub(crate) fn doubt(
    decoded: &Decoded,
    window: Window,
    specials: &Specials,
    options: &Options,
) -> Option<Reason> {
    let spoken = text(&decoded.tokens, specials.eot);
    let unlikely = options.logprob_threshold.is_some_and(|least| decoded.avg_logprob < least + SURER);
    let signs = [
        (is_silence(decoded, options), Reason::NoSpeechProbability),
        (spoken.is_empty(), Reason::NoText),
        (says_twice(&spoken), Reason::Twice),
        (cut(&decoded.tokens, window, specials.timestamp_begin).advance < window.frames, Reason::Unfinished),
        (unlikely, Reason::LogProb),
    ];
    signs.into_iter().find_map(|(shows, reason)| shows.then_some(reason))
}

/// Whether `spoken` has a phrase twice in a row.
fn says_twice(spoken: &[u32]) -> bool {
    let mut lengths = PHRASE..=spoken.len() / 2;
    lengths.any(|len| spoken.windows(2 * len).any(|both| both[..len] == both[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_go_a_little_further_than_their_sound() {
        assert!((1..FRAMES).all(|sound| {
            let all = frames(sound);
            all.is_multiple_of(2) && all >= (sound + MARGIN).min(FRAMES) && all <= FRAMES
        }));
        assert_eq!(frames(FRAMES), FRAMES);
    }

    fn specials() -> Specials {
        Specials::new(50_257, 51_865).unwrap()
    }

    /// The doubt about a window of five seconds whose text has these tokens.
    fn doubted(tokens: &[u32], avg_logprob: f64, no_speech_prob: f64) -> Option<Reason> {
        let decoded = Decoded {
            tokens: tokens.to_vec(),
            text: String::new(),
            avg_logprob,
            no_speech_prob,
            compression_ratio: 1.0,
            temperature: 0.0,
            looped: false,
            recorded: None,
        };
        doubt(&decoded, Window { seek: 0, frames: 500 }, &specials(), &Options::openai())
    }

    #[test]
    fn each_sign_makes_a_text_doubtful() {
        let at = |seconds: u32| specials().timestamp_begin + 50 * seconds;
        let said = |words: &[u32]| [&[at(0)], words, &[at(5)]].concat();
        assert_eq!(doubted(&said(&[1, 2, 3, 4, 5]), -0.3, 0.1), None);
        assert_eq!(doubted(&said(&[]), -0.3, 0.1), Some(Reason::NoText));
        assert_eq!(doubted(&said(&[1, 2, 3]), -1.2, 0.7), Some(Reason::NoSpeechProbability));
        assert_eq!(doubted(&said(&[1, 2, 3]), -0.8, 0.1), Some(Reason::LogProb));
        assert_eq!(doubted(&said(&[9, 1, 2, 3, 1, 2, 3, 8]), -0.3, 0.1), Some(Reason::Twice));
        let broken_off = [at(0), 1, 2, at(3), at(3), 4, 5];
        assert_eq!(doubted(&broken_off, -0.3, 0.1), Some(Reason::Unfinished));
        let with_pause = [at(0), 1, 2, at(2), at(3), 4, at(4)];
        assert_eq!(doubted(&with_pause, -0.3, 0.1), None);
    }

    #[test]
    fn a_word_may_come_twice_and_a_phrase_later_again() {
        assert!(!says_twice(&[1, 1, 2, 2, 3, 4, 3, 4, 5]));
        assert!(!says_twice(&[1, 2, 3, 9, 1, 2, 3]));
        assert!(says_twice(&[7, 1, 2, 3, 4, 1, 2, 3, 4]) && says_twice(&[1; 6]) && !says_twice(&[]));
    }
}
