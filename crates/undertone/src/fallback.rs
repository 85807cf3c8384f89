//! Whether a window's text is to be tried again at the next temperature (transcribe.py, `decode_with_fallback`). Not
//! the decoding.

use crate::Options;
use crate::options::WordTimes;
use serde::{Deserialize, Serialize};
use whisper::{DecodeOptions, Decoded};

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The text repeats itself: its compression ratio is above the threshold.
    CompressionRatio,
    /// Its average log-probability is under the threshold.
    LogProb,
    /// It ran into a loop, and was cut short.
    Loop,
}

/// Why `decoded` failed, if it did. Text that is likely no speech has not: it is going to be skipped.
pub(crate) fn failure(decoded: &Decoded, options: &Options) -> Option<Cause> {
    let unlikely = options.logprob_threshold.is_some_and(|least| decoded.avg_logprob < least);
    let silent = options.no_speech_threshold.is_some_and(|most| decoded.no_speech_prob > most);
    if silent && unlikely {
        return None;
    }
    if decoded.looped {
        return Some(Cause::Loop);
    }
    if options.compression_ratio_threshold.is_some_and(|most| decoded.compression_ratio > most) {
        return Some(Cause::CompressionRatio);
    }
    unlikely.then_some(Cause::LogProb)
}

/// Whether the window is skipped: likely no speech, and its text not likely enough.
pub(crate) fn is_silence(decoded: &Decoded, options: &Options) -> bool {
    let unlikely = options.logprob_threshold.is_none_or(|least| decoded.avg_logprob <= least);
    options.no_speech_threshold.is_some_and(|most| decoded.no_speech_prob > most) && unlikely
}

/// How attempt number `attempt` of a window decodes: beams at temperature 0, candidates above it.
pub(crate) fn attempt(options: &Options, attempt: usize) -> Option<DecodeOptions> {
    let temperature = *options.temperature.get(attempt)?;
    let cold = temperature == 0.0;
    Some(DecodeOptions {
        temperature,
        beam_size: options.beam_size.filter(|_| cold),
        best_of: options.best_of.filter(|_| !cold),
        patience: options.patience.filter(|_| cold),
        length_penalty: options.length_penalty,
        sample_len: options.sample_len,
        repetition_penalty: options.repetition_penalty,
        no_repeat_ngram_size: options.no_repeat_ngram_size,
        stop_loops: options.protections,
        record: options.word_timestamps == Some(WordTimes::InPass),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(no_speech_prob: f64, avg_logprob: f64, compression_ratio: f64) -> Decoded {
        let (tokens, text, temperature, looped, recorded) = (vec![], String::new(), 0.0, false, None);
        Decoded {
            tokens,
            text,
            avg_logprob,
            no_speech_prob,
            compression_ratio,
            temperature,
            looped,
            recorded,
        }
    }

    #[test]
    fn each_threshold_fails_an_attempt() {
        let options = Options::openai();
        assert_eq!(failure(&decoded(0.1, -0.3, 1.2), &options), None);
        assert_eq!(failure(&decoded(0.1, -0.3, 2.5), &options), Some(Cause::CompressionRatio));
        assert_eq!(failure(&decoded(0.1, -1.1, 1.2), &options), Some(Cause::LogProb));
        assert_eq!(failure(&decoded(0.7, -1.1, 2.5), &options), None, "silence is no failure");
        assert_eq!(failure(&decoded(0.7, -0.9, 2.5), &options), Some(Cause::CompressionRatio));
        let looped = Decoded { looped: true, ..decoded(0.1, -0.3, 1.2) };
        assert_eq!(failure(&looped, &options), Some(Cause::Loop));
        let none = Options { logprob_threshold: None, compression_ratio_threshold: None, ..options };
        assert_eq!(failure(&decoded(0.7, -9.0, 9.0), &none), None);
    }

    #[test]
    fn silence_needs_both_signs() {
        let options = Options::openai();
        assert!(is_silence(&decoded(0.7, -1.5, 1.0), &options));
        assert!(!is_silence(&decoded(0.7, -0.5, 1.0), &options));
        assert!(!is_silence(&decoded(0.5, -1.5, 1.0), &options));
        let always = Options { logprob_threshold: None, ..options };
        assert!(is_silence(&decoded(0.7, -0.5, 1.0), &always));
    }

    #[test]
    fn beams_are_for_zero_and_candidates_for_the_rest() {
        let options = Options { patience: Some(2.0), ..Options::openai() };
        let all: Vec<_> = (0..).map_while(|n| attempt(&options, n)).collect();
        assert_eq!(all.len(), 6);
        assert_eq!((all[0].beam_size, all[0].best_of, all[0].patience), (Some(5), None, Some(2.0)));
        assert_eq!((all[1].beam_size, all[1].best_of, all[1].patience), (None, Some(5), None));
        assert_eq!(all.iter().map(|o| o.temperature).collect::<Vec<_>>(), options.temperature);
    }
}
