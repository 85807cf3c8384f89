//! `undertone transcribe`: how speech is found. Not the finding.

use super::values;
use crate::exit::Usage;
use clap::Args;
use undertone::{Options, VadOptions};

/// Voice activity detection, with faster-whisper's names.
#[derive(Args)]
#[command(next_help_heading = "Speech")]
pub struct Speech {
    /// Find speech first, and transcribe nothing else; on by default
    #[arg(long, overrides_with = "no_vad")]
    vad: bool,

    /// Take all sound for speech
    #[arg(long)]
    no_vad: bool,

    /// Probability from which sound is speech [default: 0.5]
    #[arg(long, value_name = "P", value_parser = values::share)]
    vad_threshold: Option<f64>,

    /// Probability under which speech ends [default: 0.15 less than the threshold]
    #[arg(long, value_name = "P", value_parser = values::share)]
    vad_neg_threshold: Option<f64>,

    /// Speech that is not longer is left out [default: 0]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    vad_min_speech_duration_ms: Option<u32>,

    /// Longer speech is cut at a pause; inf for never [default: inf]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    vad_max_speech_duration_s: Option<f64>,

    /// Silence of this length ends speech [default: 2000]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    vad_min_silence_duration_ms: Option<u32>,

    /// Widen speech by this at both ends [default: 400]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    vad_speech_pad_ms: Option<u32>,
}

impl Speech {
    pub fn apply(&self, options: &mut Options) -> Result<(), Usage> {
        let default = options.vad.or(self.vad.then(VadOptions::default)).filter(|_| !self.no_vad);
        let Some(default) = default else {
            options.vad = None;
            return self.nothing_else();
        };
        options.vad = Some(VadOptions {
            threshold: self.vad_threshold.unwrap_or(default.threshold),
            neg_threshold: self.vad_neg_threshold.or(default.neg_threshold),
            min_speech_duration_ms: self.vad_min_speech_duration_ms.unwrap_or(default.min_speech_duration_ms),
            max_speech_duration_s: self.vad_max_speech_duration_s.unwrap_or(default.max_speech_duration_s),
            min_silence_duration_ms: self
                .vad_min_silence_duration_ms
                .unwrap_or(default.min_silence_duration_ms),
            speech_pad_ms: self.vad_speech_pad_ms.unwrap_or(default.speech_pad_ms),
        });
        Ok(())
    }

    /// Refuses what would have no effect.
    fn nothing_else(&self) -> Result<(), Usage> {
        let given = [
            ("threshold", self.vad_threshold.is_some()),
            ("neg-threshold", self.vad_neg_threshold.is_some()),
            ("min-speech-duration-ms", self.vad_min_speech_duration_ms.is_some()),
            ("max-speech-duration-s", self.vad_max_speech_duration_s.is_some()),
            ("min-silence-duration-ms", self.vad_min_silence_duration_ms.is_some()),
            ("speech-pad-ms", self.vad_speech_pad_ms.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((name, _)) => {
                Err(Usage(format!("--vad-{name} has no effect with --no-vad: leave one of them out")))
            }
            None => Ok(()),
        }
    }
}

/// A whole number of milliseconds.
fn milliseconds(text: &str) -> Result<u32, String> {
    let number = values::count(text)?;
    u32::try_from(number).map_err(|_| format!("expected at most {} milliseconds", u32::MAX))
}

/// A number above 0; `inf` is one.
fn seconds(text: &str) -> Result<f64, String> {
    let number = values::float(text).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| "expected a number above 0, or inf".to_owned())
}
