//! `undertone whisper`: openai-whisper's command line. Not our defaults: see `transcribe`.

use crate::args::Whisper;
use crate::batch::Batch;
use crate::engine::{Loudness, Wanted};
use crate::standard;
use crate::teller::Show;
use std::process::ExitCode;

/// Transcribes the files.
pub fn run(args: &Whisper) -> anyhow::Result<ExitCode> {
    let options = args.options()?;
    if !args.voice.quiet {
        args.warnings().iter().for_each(|warning| standard::say(warning));
    }
    let batch = Batch {
        files: &args.audio,
        wanted: Wanted {
            model: &args.model,
            model_dir: args.model_dir.as_deref(),
            device: args.arithmetic.device(args.threads(), Some(undertone::Compute::F32)),
            limit: None,
            loudness: Loudness::of(args.voice.quiet, false),
        },
        ffmpeg: args.voice.ffmpeg.as_deref(),
        options,
        protected: false,
        show: Show::Account(args.verbose.0),
        colours: false,
        report: false,
        write: Some((&args.output_dir, &args.output_format.0)),
        lines: args.lines(),
        resumable: false,
        resume: false,
    };
    batch.run()
}
