//! `undertone transcribe`: how the likeliest text is searched, and what happens to a window that fails. Not what the
//! text may be: see `wording`.

use super::set;
use super::values::{self, List, OrNone};
use crate::exit::Usage;
use clap::Args;
use undertone::Options;

/// The step of the temperature where none is given.
const STEP: f64 = 0.2;

/// The search for the likeliest text.
#[derive(Args)]
#[command(next_help_heading = "Search")]
pub struct Search {
    /// Beams at temperature 0; None to take the likeliest token each time [default: 5]
    #[arg(long, value_name = "N", value_parser = values::optional_some)]
    beam_size: Option<OrNone<usize>>,

    /// Candidates at temperatures above 0; None for one [default: 5]
    #[arg(long, value_name = "N", value_parser = values::optional_some)]
    best_of: Option<OrNone<usize>>,

    /// How many times --beam-size finished beams end the search [default: 1]
    #[arg(long, value_name = "X", value_parser = values::positive)]
    patience: Option<f64>,

    /// Exponent of the length that candidates' scores are divided by, from 0 to 1 [default: the plain length]
    #[arg(long, value_name = "X", value_parser = values::share)]
    length_penalty: Option<f64>,

    /// Tokens of one window at most [default: half of the model's context]
    #[arg(long, visible_alias = "max-new-tokens", value_name = "N", value_parser = values::some)]
    sample_len: Option<usize>,

    /// Divide the logits of tokens that are there already by this; 1 for none [default: 1]
    #[arg(long, value_name = "X", value_parser = values::positive)]
    repetition_penalty: Option<f64>,

    /// Runs of so many tokens come once in a window at most; 0 for no such rule [default: 0]
    #[arg(long, value_name = "N", value_parser = values::count)]
    no_repeat_ngram_size: Option<usize>,
}

impl Search {
    pub fn apply(&self, options: &mut Options) -> Result<(), Usage> {
        set(&mut options.beam_size, self.beam_size.map(|beams| beams.0));
        set(&mut options.best_of, self.best_of.map(|best_of| best_of.0));
        options.patience = self.patience;
        options.length_penalty = self.length_penalty;
        options.sample_len = self.sample_len;
        set(&mut options.repetition_penalty, self.repetition_penalty);
        set(&mut options.no_repeat_ngram_size, self.no_repeat_ngram_size);
        if options.repetition_penalty == 0.0 {
            return Err(Usage(
                "--repetition-penalty 0 would divide by 0: expected a number above 0".to_owned(),
            ));
        }
        if self.patience.is_some() && options.beam_size.is_none() {
            return Err(Usage("--patience has no meaning without beams: pass --beam-size N".to_owned()));
        }
        Ok(())
    }
}

/// When a window fails, and what is done then.
#[derive(Args)]
#[command(next_help_heading = "Failed windows")]
pub struct FailedWindows {
    /// Temperatures that are tried in turn while a window fails, separated by commas; of one, the steps above it follow
    /// [default: 0]
    #[arg(long, value_name = "T[,T...]", value_parser = values::temperatures)]
    temperature: Option<List<f64>>,

    /// Step to the next temperature, up to 1; None for one temperature [default: 0.2]
    #[arg(long, value_name = "STEP", value_parser = values::optional_float)]
    temperature_increment_on_fallback: Option<OrNone<f64>>,

    /// Try no temperature but the first
    #[arg(long, conflicts_with = "temperature_increment_on_fallback")]
    no_fallback: bool,

    /// Compression ratio of the text above which a window fails; None for no such limit [default: 2.4]
    #[arg(long, value_name = "RATIO", value_parser = values::optional_float)]
    compression_ratio_threshold: Option<OrNone<f64>>,

    /// Average log-probability under which a window fails; None for no such limit [default: -1.0]
    #[arg(long, value_name = "LOGPROB", value_parser = values::optional_float)]
    logprob_threshold: Option<OrNone<f64>>,

    /// Skip a window above this probability of no speech, unless its text is likely enough; None for never
    /// [default: 0.6]
    #[arg(long, value_name = "P", value_parser = values::optional_float)]
    no_speech_threshold: Option<OrNone<f64>>,

    /// Decode as openai-whisper does: loops go on, failed windows are context, and speech under no text stays so
    #[arg(long)]
    no_protections: bool,
}

impl FailedWindows {
    pub fn apply(&self, options: &mut Options) -> Result<(), Usage> {
        options.temperature = self.temperatures(&options.temperature)?;
        let ratio = self.compression_ratio_threshold.map(|value| value.0);
        set(&mut options.compression_ratio_threshold, ratio);
        set(&mut options.logprob_threshold, self.logprob_threshold.map(|value| value.0));
        set(&mut options.no_speech_threshold, self.no_speech_threshold.map(|value| value.0));
        options.protections &= !self.no_protections;
        Ok(())
    }

    /// The temperatures asked for, or those of `default`.
    fn temperatures(&self, default: &[f64]) -> Result<Vec<f64>, Usage> {
        let given = self.temperature.as_ref().map(|list| list.0.as_slice());
        let step = self.temperature_increment_on_fallback;
        let all = match (given, step) {
            (None, None) => default.to_vec(),
            (Some([_, _, ..]), Some(_)) => {
                return Err(Usage(
                    "several temperatures need no step: leave --temperature-increment-on-fallback out"
                        .to_owned(),
                ));
            }
            (Some(list @ [_, _, ..]), None) => list.to_vec(),
            (Some([first]), None) if *first > 1.0 => vec![*first],
            (given, step) => {
                let first = given.and_then(|list| list.first()).copied().unwrap_or(0.0);
                values::steps(first, step.map_or(Some(STEP), |step| step.0))
                    .map_err(|error| Usage(format!("--temperature-increment-on-fallback: {error}")))?
            }
        };
        Ok(if self.no_fallback { all[..1].to_vec() } else { all })
    }
}
