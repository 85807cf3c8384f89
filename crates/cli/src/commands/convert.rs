//! `undertone convert`: a transcript from JSON into any format. Not a player's converter: it reads no subtitles.

use crate::args::Convert;
use crate::exit::Usage;
use crate::standard;
use anyhow::anyhow;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use undertone::writers::{self, Format};
use undertone::{Transcript, outputs, reader};

/// Reads the transcript and writes it.
pub fn run(args: &Convert) -> anyhow::Result<ExitCode> {
    let to_standard = args.out == Path::new(outputs::STDIN);
    let format = args.output_format.or_else(|| Format::of_path(&args.out)).ok_or_else(|| {
        let formats: Vec<&str> = Format::every().map(Format::name).collect();
        let (out, formats) = (args.out.display(), formats.join(", "));
        Usage(format!("the name {out} tells no format: pass --output-format with one of {formats}"))
    })?;
    let options = args.layout.options()?;
    let transcript = transcript(&args.transcript)?;
    if !to_standard {
        writers::write_file_with(format, &transcript, &options, &args.out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut data = Vec::new();
    writers::write_with(format, &transcript, &options, &mut data)?;
    if format == Format::Json {
        data.push(b'\n');
    }
    standard::print(&data).map_err(|error| anyhow!("can't write to standard output: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

fn transcript(path: &Path) -> anyhow::Result<Transcript> {
    if path != Path::new(outputs::STDIN) {
        return Ok(reader::read_file(path)?);
    }
    let mut json = Vec::new();
    std::io::stdin().lock().read_to_end(&mut json)?;
    reader::read(&json).map_err(|error| anyhow!("standard input is no transcript: {error}"))
}
