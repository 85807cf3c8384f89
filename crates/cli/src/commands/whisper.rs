//! `undertone whisper`: openai-whisper's command line. Not our defaults: see `transcribe`.

use crate::args::Whisper;
use crate::batch::{Batch, Show};
use crate::engine::{Loudness, Wanted};
use crate::exit::Usage;
use std::process::ExitCode;

/// Transcribes the files.
pub fn run(args: &Whisper) -> anyhow::Result<ExitCode> {
    if let Some(refusal) = args.refusal() {
        return Err(Usage(refusal).into());
    }
    let batch = Batch {
        files: &args.audio,
        wanted: Wanted {
            model: &args.model,
            model_dir: args.model_dir.as_deref(),
            device: args.machine.device(args.threads.0),
            loudness: Loudness::of(args.voice.quiet, false),
        },
        ffmpeg: args.voice.ffmpeg.as_deref(),
        options: args.options(),
        protected: false,
        show: Show::Account(args.verbose.0),
        write: Some((&args.output_dir, &args.output_format.0)),
    };
    batch.run()
}
