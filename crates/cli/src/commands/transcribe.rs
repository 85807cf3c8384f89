//! `undertone transcribe`: our defaults. Not openai-whisper's: see `whisper`.

use crate::args::Transcribe;
use crate::batch::Batch;
use crate::engine::{Loudness, Wanted};
use crate::exit::Usage;
use crate::teller::Show;
use std::process::ExitCode;
use undertone::writers::Format;

/// Transcribes the files.
pub fn run(args: &Transcribe) -> anyhow::Result<ExitCode> {
    let formats = args.output_format.as_ref().map(|formats| formats.0.as_slice());
    let write = args.output_dir.as_deref().map(|folder| (folder, formats.unwrap_or(&Format::OPENAI)));
    let (options, lines) = args.options()?;
    let batch = Batch {
        files: &args.files,
        wanted: Wanted {
            model: &args.model,
            model_dir: None,
            device: args.kept.on(args.machine.device()),
            limit: args.decoding.limit(),
            loudness: Loudness::of(args.voice.quiet, args.verbose),
        },
        ffmpeg: args.voice.ffmpeg.as_deref(),
        options,
        protected: true,
        show: show(formats, write.is_some(), args.files.len())?,
        colours: args.output.print_colors,
        report: args.output.report,
        write,
        lines,
        resumable: true,
        resume: args.output.resume,
    };
    batch.run()
}

/// What goes to standard output: lines, or one file's worth of one format.
fn show(formats: Option<&[Format]>, to_files: bool, files: usize) -> Result<Show, Usage> {
    match formats {
        _ if to_files => Ok(Show::Nothing),
        None => Ok(Show::Lines),
        Some([format]) if files == 1 => Ok(Show::Format(*format)),
        Some([format]) => Err(Usage(format!(
            "{files} files in one {format} would be no {format}: pass --output-dir FOLDER, or leave --output-format out"
        ))),
        Some(_) => Err(Usage("several formats need files to go to: pass --output-dir FOLDER".to_owned())),
    }
}
