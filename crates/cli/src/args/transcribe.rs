//! `undertone transcribe`: its options. Not its defaults: those are the library's.

use super::decoding::{Asked, Decoding};
use super::layout::LayoutArgs;
use super::machine::{Kept, Machine, Voice};
use super::output::{self, Output};
use crate::exit::Usage;
use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};
use std::path::PathBuf;
use undertone::writers::{Format, WriterOptions};
use undertone::{Language, Options};

/// Print what is said in sound or video files
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone transcribe talk.mp3\n  undertone transcribe talk.mp3 --output-format srt > talk.srt\n  undertone transcribe *.m4a --language de --output-dir texts\n  curl -s https://example.org/talk.ogg | undertone transcribe -"
)]
pub struct Transcribe {
    /// Sound or video files; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Model: a name (tiny, base, small, medium, large-v3, turbo, ...; .en for English only), a path, or OWNER/REPO on
    /// the model hub
    #[arg(long, short, default_value = "base")]
    pub model: String,

    /// Language that is spoken, as a code (de) or a name (German) [default: detected]
    #[arg(long, short, value_name = "LANGUAGE")]
    language: Option<Language>,

    #[command(flatten)]
    asked: Asked,

    /// txt, vtt, srt, tsv, json, or all of these; lrc, csv, ass or ttml [default: lines with times on standard output;
    /// all with --output-dir]
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = formats)]
    pub output_format: Option<Formats>,

    /// Write files into this folder instead of standard output
    #[arg(long, short, value_name = "FOLDER", value_parser = PathBufValueParser::new().try_map(folder))]
    pub output_dir: Option<PathBuf>,

    #[command(flatten)]
    pub machine: Machine,

    #[command(flatten)]
    pub kept: Kept,

    #[command(flatten)]
    pub voice: Voice,

    /// Say more: the model, the device, the language and each file
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,

    #[command(flatten)]
    pub output: Output,

    #[command(flatten)]
    lines: LayoutArgs,

    #[command(flatten)]
    pub decoding: Decoding,
}

/// The formats that a choice means.
#[derive(Clone, Debug)]
pub struct Formats(pub Vec<Format>);

/// Reads a choice of formats.
pub fn formats(choice: &str) -> Result<Formats, undertone::writers::UnknownFormat> {
    Format::choose(choice).map(Formats)
}

/// A folder to write to: `-` is none, though a folder can be called so, as `./-`.
fn folder(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str() == "-" {
        return Err(
            "transcripts go to standard output anyway: leave --output-dir out, or name a folder".to_owned()
        );
    }
    Ok(path)
}

impl Transcribe {
    /// Our defaults with what is given in their place, and how cues are made of words.
    ///
    /// # Errors
    /// Options that go only with others, or a file of phrases that can't be read.
    pub fn options(&self) -> Result<(Options, WriterOptions), Usage> {
        let mut options = self.decoding.options(&self.asked, self.language)?;
        let lines = output::lines(&self.lines, &mut options, self.decoding.decide_words())?;
        Ok((options, lines))
    }
}
