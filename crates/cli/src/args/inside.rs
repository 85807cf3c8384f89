//! The commands that look inside a model: their options. Not the looking.

use super::machine::{Kept, Machine, Voice};
use super::values::{self, OrNone};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use undertone::{Language, Part};

/// Show a model's configuration, its tensors and their sizes
#[derive(Args)]
#[command(after_help = "Example:\n  undertone inspect base")]
pub struct Inspect {
    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(value_name = "MODEL")]
    pub model: String,
}

/// Print a model's graphs at any stage of the compiler
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone graph base --part encoder\n  undertone graph base --part decoder --after fuse-linear\n  undertone graph base --part mel --dot | dot -Tsvg > mel.svg\n  undertone graph base --plan"
)]
pub struct Graph {
    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(value_name = "MODEL")]
    pub model: String,

    /// Only this part [default: all, in the order in which sound passes through them]
    #[arg(long, value_enum)]
    pub part: Option<PartChoice>,

    /// As the graph is after this pass; a wrong name lists them all [default: as it is built, before any pass]
    #[arg(long, value_name = "PASS")]
    pub after: Option<String>,

    /// The memory that a transcription takes at most, then the compiled programs: peak bytes, and each step with its
    /// kernel and the places of its operands
    #[arg(long, conflicts_with_all = ["after", "dot"])]
    pub plan: bool,

    /// Plan for so many stretches decoded at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::some, requires = "plan")]
    pub batch_size: usize,

    /// Plan for so many beams and candidates; None for one
    #[arg(long, value_name = "N", default_value = "5", value_parser = values::optional_some, requires = "plan")]
    pub beam_size: OrNone<usize>,

    /// In Graphviz's language
    #[arg(long)]
    pub dot: bool,

    #[command(flatten)]
    pub machine: Machine,
}

/// A part of a model.
#[derive(Clone, Copy, ValueEnum)]
pub enum PartChoice {
    /// Samples to log-mel
    #[value(alias = "mel", alias = "log_mel")]
    LogMel,
    /// Log-mel to its normalised form
    Normalize,
    /// Log-mel to cross keys and values
    Encoder,
    /// Tokens to hidden states
    Decoder,
    /// Hidden states to ranked next tokens
    Head,
    /// Scores of the alignment heads to costs
    Alignment,
}

impl From<PartChoice> for Part {
    fn from(choice: PartChoice) -> Part {
        match choice {
            PartChoice::LogMel => Part::LogMel,
            PartChoice::Normalize => Part::Normalize,
            PartChoice::Encoder => Part::Encoder,
            PartChoice::Decoder => Part::Decoder,
            PartChoice::Head => Part::Head,
            PartChoice::Alignment => Part::Alignment,
        }
    }
}

/// Transcribe a file and show where the time and the memory went
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone profile talk.mp3 --model base --threads 2\n  undertone profile talk.mp3 --roofline --compute bf16 --beam-size None"
)]
pub struct Profile {
    /// Sound or video file; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(long, short, default_value = "base")]
    pub model: String,

    /// Language that is spoken [default: detected]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<Language>,

    /// How many of the slowest steps to show for each part
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub top: usize,

    /// Beams and candidates; None for one
    #[arg(long, value_name = "N", default_value = "5", value_parser = values::optional_some)]
    pub beam_size: OrNone<usize>,

    /// Stretches decoded at once
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::some)]
    pub batch_size: usize,

    /// Also show how near each part, kernel and step is to the machine's limit
    ///
    /// The file is transcribed three times. Before, between and after, the machine's peaks are measured with the same
    /// threads and instructions: multiply-adds of each precision in registers, exponentials, and bytes read from memory.
    /// The share of the roofline is the least time over the measured one. The least time of a step is that of its
    /// arithmetic, exponentials counted, or of its bytes at the speed of memory, whichever is longer. Bytes that lie in a
    /// cache come faster, so a share can be above 100 %.
    #[arg(long)]
    pub roofline: bool,

    #[command(flatten)]
    pub machine: Machine,

    #[command(flatten)]
    pub kept: Kept,

    #[command(flatten)]
    pub voice: Voice,
}
