//! `undertone bench`: its options. Not what is measured.

use super::machine::{Compute, Kept, Voice};
use super::values::{self, OrNone};
use crate::exit::Usage;
use clap::Args;
use std::path::{Path, PathBuf};
use undertone::device::DeviceOptions;
use undertone::{Language, Options, outputs};

/// Measure time, memory and words of several settings, side by side
///
/// Every combination of the values given is a variant. Each run is a process of its own; the variants take turns, and
/// each round starts with another. Ratios are to the first variant, pair by pair in each round. Temperature 0 without
/// fallback, no voice activity detection, no protections.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone bench talk.mp3 --compute f32,bf16,int8\n  undertone bench talk.mp3 --threads 1,2,4 --beam-size greedy,5 --runs 3\n  undertone bench talk.mp3 --batch-size 1,8 --reference talk.txt --output bench.md"
)]
pub struct Bench {
    /// Sound or video files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(long, short, default_value = "base")]
    pub model: String,

    /// Language that is spoken [default: detected]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<Language>,

    /// Precisions, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto", help_heading = "Variants")]
    compute: Vec<Compute>,

    /// Counts of threads, no more than there are processors, separated by commas [default: one for each physical core,
    /// up to 16; for the fast ones where there are several kinds]
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', value_parser = values::some)]
    #[arg(help_heading = "Variants")]
    threads: Vec<usize>,

    /// Counts of beams, separated by commas; greedy to take the likeliest token each time
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', default_value = "5", value_parser = beams)]
    #[arg(help_heading = "Variants")]
    beam_size: Vec<OrNone<usize>>,

    /// Counts of stretches that are decoded at once, separated by commas
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', default_value = "1")]
    #[arg(value_parser = values::some, help_heading = "Variants")]
    batch_size: Vec<usize>,

    /// Rounds; medians are shown
    #[arg(long, value_name = "N", default_value = "5", value_parser = values::some)]
    pub runs: usize,

    /// Text of what is said in the file, for a word error rate
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,

    /// File that each process transcribes first, without its being measured; without one, fresh processes are measured
    #[arg(long, value_name = "FILE")]
    pub warm_up: Option<PathBuf>,

    /// Write the table, or the JSON, into this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// JSON instead of a Markdown table, with every run
    #[arg(long)]
    pub json: bool,

    /// Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]
    #[arg(long, value_name = "NAME", help_heading = "Machine")]
    pub isa: Option<String>,

    #[command(flatten)]
    pub kept: Kept,

    #[command(flatten)]
    pub voice: Voice,
}

/// What the process of a run is called with in the place of `bench`.
pub const RUN: &str = "bench-run";

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The precision as it was asked for.
    pub compute: Compute,
    /// Threads; as many as [`undertone::device::default_threads`] says if `None`.
    pub threads: Option<usize>,
    /// Beams; greedy if `None`.
    pub beams: Option<usize>,
    /// Stretches that are decoded at once.
    pub lanes: usize,
}

/// A number of beams; `greedy` or `None` for no beams.
fn beams(text: &str) -> Result<OrNone<usize>, String> {
    if text == "greedy" {
        return Ok(OrNone(None));
    }
    values::optional_some(text).map_err(|error| format!("{error}, or greedy"))
}

impl Bench {
    /// Every combination, the first values first; the last option changes fastest.
    pub fn variants(&self) -> Vec<Variant> {
        let threads: Vec<Option<usize>> = if self.threads.is_empty() {
            vec![None]
        } else {
            self.threads.iter().copied().map(Some).collect()
        };
        let mut variants = Vec::new();
        for &compute in &self.compute {
            for &threads in &threads {
                for &OrNone(beams) in &self.beam_size {
                    for &lanes in &self.batch_size {
                        variants.push(Variant { compute, threads, beams, lanes });
                    }
                }
            }
        }
        variants
    }

    /// Refuses what can't be measured.
    ///
    /// # Errors
    /// Standard input, which is gone after one run; a reference for several files.
    pub fn check(&self) -> Result<(), Usage> {
        if self.files.iter().any(|file| file == Path::new(outputs::STDIN)) {
            return Err(Usage(
                "standard input can be read once, and every run reads its file: give a file".to_owned(),
            ));
        }
        let files = self.files.len();
        if self.reference.is_some() && files > 1 {
            return Err(Usage(format!(
                "--reference is the text of one file, got {files} files: measure one at a time"
            )));
        }
        Ok(())
    }
}

impl Variant {
    /// The device to open.
    pub fn device(&self, isa: Option<&str>) -> DeviceOptions {
        let compute = self.compute.chosen();
        DeviceOptions { isa: isa.map(str::to_owned), threads: self.threads, compute, pack_cache: None }
    }

    /// The options that are pinned, with this variant's.
    pub fn options(&self, language: Option<Language>) -> Options {
        Options {
            language,
            temperature: vec![0.0],
            beam_size: self.beams,
            batch_size: self.lanes,
            ..Options::openai()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        bench: Bench,
    }

    fn bench(args: &[&str]) -> Bench {
        let args = ["bench", "a.wav"].iter().chain(args);
        Alone::try_parse_from(args).unwrap_or_else(|error| panic!("{error}")).bench
    }

    #[test]
    fn every_combination_is_a_variant_in_the_order_given() {
        let got =
            bench(&["--compute", "int8,f32", "--threads", "2", "--beam-size", "greedy,None,5"]).variants();
        let variant = |compute, beams| Variant { compute, threads: Some(2), beams, lanes: 1 };
        let beams = [None, None, Some(5)];
        let of = |compute| beams.map(|beams| variant(compute, beams));
        assert_eq!(got, [of(Compute::Int8), of(Compute::F32)].concat());
        let got = bench(&["--batch-size", "1,8"]).variants();
        assert_eq!(
            got.iter().map(|v| (v.threads, v.beams, v.lanes)).collect::<Vec<_>>(),
            [(None, Some(5), 1), (None, Some(5), 8)]
        );
    }

    #[test]
    fn what_is_pinned_is_openais_at_temperature_0() {
        let variant = bench(&["--beam-size", "greedy", "--batch-size", "8"]).variants()[0];
        let options = variant.options(None);
        assert_eq!((options.beam_size, options.batch_size), (None, 8));
        assert_eq!((options.temperature, options.vad, options.protections), (vec![0.0], None, false));
    }
}
