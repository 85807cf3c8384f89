//! `undertone bench`: our own settings beside each other, as `bench/compare.py` has rivals. Not a benchmark of kernels,
//! nor of other programs.

mod figures;
pub mod process;
mod system;
mod table;

use crate::args::{Bench, Variant};
use crate::engine::{self, Loudness};
use crate::{exit, standard};
use anyhow::anyhow;
use figures::{Line, Run};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use undertone::{Language, device, outputs};

/// One file with every variant.
pub struct Case<'a> {
    /// The file.
    file: &'a Path,
    /// What was measured of each variant, in their order.
    lines: Vec<Line>,
}

/// Runs every variant, and prints what came of it.
pub fn run(args: &Bench) -> anyhow::Result<ExitCode> {
    args.check()?;
    let loudness = Loudness::of(args.voice.quiet, false);
    let variants = args.variants();
    let names = variants.iter().map(|variant| name(variant, args)).collect::<anyhow::Result<Vec<_>>>()?;
    let reference = args.reference.as_deref().map(read).transpose()?;
    // A process that downloads is not to be measured.
    let model = engine::find(&args.model, None, loudness)?;
    let mut cases = Vec::new();
    for file in &args.files {
        let mut lines = measure(args, &variants, &names, &process::Setting { args, model: &model, file });
        let language = args.language.or_else(|| heard(&lines));
        figures::score(&mut lines, language, reference.as_deref());
        figures::relate(&mut lines);
        cases.push(Case { file, lines });
    }
    let text = if args.json { table::json(args, &cases) } else { table::markdown(args, &cases) };
    match &args.output {
        Some(path) => outputs::write(path, text.as_bytes())?,
        None => standard::print(text.as_bytes())?,
    }
    let absent = cases.iter().any(|case| case.lines.iter().any(|line| line.absent.is_some()));
    Ok(if absent { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).map_err(|error| anyhow!("can't read {}: {error}", path.display()))
}

/// A variant in words, with what the machine makes of it.
///
/// # Errors
/// The machine has no such instruction set.
fn name(variant: &Variant, args: &Bench) -> anyhow::Result<String> {
    let device = device::open(&variant.device(args.isa.as_deref()))?;
    let target = device.target();
    let search = variant.beams.map_or_else(|| "greedy".to_owned(), |beams| format!("beam {beams}"));
    let threads = format!("{} thread{}", target.threads, if target.threads > 1 { "s" } else { "" });
    let lanes = if variant.lanes > 1 { format!(", {} lanes", variant.lanes) } else { String::new() };
    Ok(format!("{}, {search}, {threads}{lanes}", target.compute))
}

/// The runs of each variant, or the reason why it has none. Rounds start with another variant each.
fn measure(
    args: &Bench,
    variants: &[Variant],
    names: &[String],
    setting: &process::Setting<'_>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = names.iter().cloned().map(Line::new).collect();
    for round in 0..args.runs {
        for turn in 0..variants.len() {
            let at = (round + turn) % variants.len();
            let line = &mut lines[at];
            if line.absent.is_some() {
                continue;
            }
            let said = match setting.ask(&variants[at]) {
                Ok(run) => {
                    let said = told(&run);
                    line.runs.push(run);
                    said
                }
                Err(error) => {
                    let said = error.to_string();
                    line.drop_out(said.clone());
                    said
                }
            };
            if !args.voice.quiet {
                let (file, name, runs) = (setting.file.display(), &line.name, args.runs);
                standard::say(&format!("{file}, {name}: round {}/{runs}: {said}", round + 1));
            }
        }
    }
    lines
}

/// A run in words.
fn told(run: &Run) -> String {
    let memory = run.peak_mb.map_or_else(String::new, |mb| format!(", {mb:.0} MB"));
    let others = run.others.map_or_else(String::new, |share| format!(", others took {:.0} %", share * 100.0));
    format!("{:.2} s{memory}{others}", run.transcribe_s)
}

/// The language that was detected.
fn heard(lines: &[Line]) -> Option<Language> {
    lines.iter().find_map(|line| line.runs.first()?.language.parse().ok())
}
