//! `undertone eval`: word error rates of many recordings. Not how errors are counted: the library does it.

use crate::args::Eval;
use crate::engine::{self, Engine, Loudness, Wanted};
use crate::{exit, standard};
use anyhow::anyhow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use undertone::eval::{self, Counts, FileScore, Normalizer, Recording, Report, Unit};
use undertone::{Language, Options, protections, reader};

/// Scores every recording that can be; the others are told of.
pub fn run(args: &Eval) -> anyhow::Result<ExitCode> {
    let options = args.options()?;
    let recordings = eval::read_manifest(&args.manifest)?;
    let mut normalizers: HashMap<Option<Language>, Normalizer> = HashMap::new();
    let mut engine = match args.hypotheses {
        Some(_) => None,
        None => Some(load(args, &options)?),
    };
    let mut scores = Vec::new();
    let mut failed = false;
    for recording in &recordings {
        let language = recording.language.or(args.language);
        let text = match (&args.hypotheses, &mut engine) {
            (None, Some(engine)) => {
                let options = Options { language, batch_size: engine.lanes, ..options.clone() };
                transcribed(args, engine, recording, &options)
            }
            (folder, _) => found(folder.as_deref().unwrap_or(Path::new("")), &recording.path),
        };
        let written = args.written(language);
        let file = recording.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match text {
            Ok(text) => {
                let normalizer = normalizers.entry(written).or_insert_with(|| Normalizer::new(written));
                let score = eval::score(normalizer, &recording.reference, &text);
                scores.push(FileScore::new(file, written, score));
            }
            Err(error) => {
                failed = true;
                standard::complain(&format!("{file}: {error}"));
            }
        }
    }
    let report = Report::new(scores);
    let text = if args.json { report.json() + "\n" } else { table(&report, args.show_differences) };
    standard::print(text.as_bytes()).map_err(|error| anyhow!("can't write to standard output: {error}"))?;
    Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
}

fn load(args: &Eval, options: &Options) -> anyhow::Result<Engine> {
    let loudness = Loudness::of(args.voice.quiet, false);
    let device = args.kept.on(args.machine.device());
    let limit = args.decoding.limit();
    let wanted = Wanted { model: &args.model, model_dir: None, device, limit, loudness };
    let engine = Engine::load(&wanted, options)?;
    protections::check(options, &engine.model.config)?;
    Ok(engine)
}

/// What the model hears.
fn transcribed(
    args: &Eval,
    engine: &mut Engine,
    recording: &Recording,
    options: &Options,
) -> anyhow::Result<String> {
    let loudness = Loudness::of(args.voice.quiet, false);
    let sound = engine::sound(&recording.path, args.voice.ffmpeg.as_deref(), loudness)?;
    let outcome = engine.transcriber.transcribe(&sound, options, &mut ())?;
    outcome.damage.map_or(Ok(outcome.transcript.text), |damage| Err(damage.into()))
}

/// The transcript of a recording in the folder.
fn found(folder: &Path, recording: &Path) -> anyhow::Result<String> {
    let mut name = recording.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    let named = |extension: &str| {
        let mut name = name.clone();
        name.push(extension);
        folder.join(name)
    };
    let (json, txt) = (named("json"), named("txt"));
    if json.exists() {
        return Ok(reader::read_file(&json)?.text);
    }
    fs::read_to_string(&txt).map_err(|error| {
        anyhow!("no {} is here, and {} can't be read: {error}", json.display(), txt.display())
    })
}

fn table(report: &Report, differences: bool) -> String {
    let width = report.files.iter().map(|file| file.file.chars().count()).max().unwrap_or(0).max(24);
    let head = ["words", "errors", "subst", "delet", "insert", "rate %"];
    let mut text = format!("{:<width$}", "file");
    for name in head {
        let _ = write!(text, "{name:>8}");
    }
    text.push('\n');
    for file in &report.files {
        row(&mut text, &format!("{:<width$}", file.file), file.counts);
        for difference in file.differences.iter().filter(|_| differences) {
            let (reference, hypothesis) = (difference.reference.join(" "), difference.hypothesis.join(" "));
            let _ = writeln!(text, "{:>8}  [{reference}] -> [{hypothesis}]", difference.at);
        }
    }
    for total in &report.totals {
        let unit = if total.unit == Unit::Words { "words" } else { "characters" };
        row(&mut text, &format!("{:<width$}", format!("all {}, {unit}", total.files)), total.counts);
    }
    text
}

fn row(text: &mut String, name: &str, counts: Counts) {
    let Counts { words, substitutions, deletions, insertions } = counts;
    let _ = writeln!(
        text,
        "{name}{words:>8}{:>8}{substitutions:>8}{deletions:>8}{insertions:>8}{:>8.2}",
        counts.errors(),
        counts.rate() * 100.0
    );
}
