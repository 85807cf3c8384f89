//! `undertone convert`: its options. Not the formats: see the library's writers.

use super::layout::LayoutArgs;
use clap::Args;
use std::path::PathBuf;
use undertone::writers::{Format, UnknownFormat};

/// Write a transcript in another format, without transcribing again
#[derive(Args)]
#[command(
    after_help = "Examples:\n  undertone convert talk.json talk.srt\n  undertone convert talk.json talk.vtt --layout\n  undertone convert talk.json - --output-format ass > talk.ass"
)]
pub struct Convert {
    /// Transcript in JSON, ours or openai-whisper's; - for standard input
    #[arg(value_name = "TRANSCRIPT")]
    pub transcript: PathBuf,

    /// File to write; - for standard output
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// txt, vtt, srt, tsv, json, lrc, csv, ass or ttml [default: by the extension of OUT]
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = one_format)]
    pub output_format: Option<Format>,

    #[command(flatten)]
    pub layout: LayoutArgs,
}

fn one_format(name: &str) -> Result<Format, UnknownFormat> {
    name.parse()
}
