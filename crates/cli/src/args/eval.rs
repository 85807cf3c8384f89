//! `undertone eval`: its options. Not how errors are counted: see the library.

use super::decoding::{Asked, Decoding, GROUPS};
use super::machine::{Kept, Machine, Voice};
use crate::exit::Usage;
use clap::Args;
use std::path::PathBuf;
use undertone::{Language, Options, Task};

/// Count the word errors of transcripts against what was said
#[derive(Args)]
#[command(
    after_help = "The manifest is a table with tabs between its columns; the first row names them: file, transcript and perhaps language.\n\nExamples:\n  undertone eval speech.tsv --model base --beam-size None --no-vad\n  undertone eval speech.tsv --hypotheses texts --show-differences\n  undertone eval speech.tsv --json > errors.json"
)]
pub struct Eval {
    /// Table of sound files and what is said in them
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,

    /// Judge the transcripts in this folder, NAME.json or NAME.txt for NAME.flac, instead of transcribing
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["model", "ffmpeg"])]
    #[arg(conflicts_with_all = GROUPS)]
    pub hypotheses: Option<PathBuf>,

    /// Print what differs, with the number of the word before which it stands
    #[arg(long)]
    pub show_differences: bool,

    /// Print JSON
    #[arg(long, conflicts_with = "show_differences")]
    pub json: bool,

    /// Model: a name, a path, or OWNER/REPO on the model hub
    #[arg(long, short, default_value = "base")]
    pub model: String,

    /// Language of files for which the manifest names none [default: detected, and texts compared as of any language]
    #[arg(long, short, value_name = "LANGUAGE")]
    pub language: Option<Language>,

    #[command(flatten)]
    asked: Asked,

    #[command(flatten)]
    pub machine: Machine,

    #[command(flatten)]
    pub kept: Kept,

    #[command(flatten)]
    pub voice: Voice,

    #[command(flatten)]
    pub decoding: Decoding,
}

impl Eval {
    /// Our defaults with what is given in their place, for files whose language is not known.
    ///
    /// # Errors
    /// Options that go only with others, or a file of phrases that can't be read.
    pub fn options(&self) -> Result<Options, Usage> {
        self.decoding.options(&self.asked, None)
    }

    /// The language of the text that is made of a file in `spoken`, where that is known.
    pub fn written(&self, spoken: Option<Language>) -> Option<Language> {
        if self.asked.task() == Task::Translate { Some(Language::ENGLISH) } else { spoken }
    }
}
