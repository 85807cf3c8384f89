//! `undertone profile`: where the time and the memory of a transcription went. Not a benchmark: measuring costs a
//! little itself.

use crate::args::Profile;
use crate::engine::{self, Engine, Loudness, Wanted};
use crate::standard;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use undertone::profile::{self, PartProfile, Row};
use undertone::{Options, protections};

/// Transcribes the file and prints the tables.
pub fn run(args: &Profile) -> anyhow::Result<ExitCode> {
    let loudness = Loudness::of(args.voice.quiet, false);
    let sound = engine::sound(&args.file, args.voice.ffmpeg.as_deref(), loudness)?;
    let device = args.machine.device();
    let options = Options { language: args.language, ..Options::ours() };
    let wanted = Wanted { model: &args.model, model_dir: None, device, limit: None, loudness };
    let mut engine = Engine::load(&wanted, &options)?;
    protections::check(&options, &engine.model.config)?;
    profile::measure(engine.transcriber.session(), true);
    let started = Instant::now();
    let outcome = engine.transcriber.transcribe(&sound, &options, &mut ())?;
    let wall = started.elapsed();
    let parts = profile::collect(engine.transcriber.session());
    let run = engine.about.run(&options, wall.as_secs_f64());
    let mut text = format!(
        "{} of {:.2} s on {}, {}, {} threads: loaded in {:.3} s, transcribed in {:.3} s\n",
        args.file.display(),
        outcome.transcript.duration,
        run.device,
        run.isa,
        run.threads,
        run.timings.load_s,
        run.timings.transcribe_s
    );
    totals(&mut text, &parts, wall);
    memory(&mut text, &parts);
    for part in parts.iter().filter(|part| part.runs > 0) {
        let whole = part.total.time;
        let _ = writeln!(text, "\n{}: kernels", part.part);
        rows(&mut text, &part.kernels, whole);
        let _ = writeln!(text, "\n{}: slowest steps", part.part);
        rows(&mut text, &part.steps[..part.steps.len().min(args.top)], whole);
    }
    standard::print(text.as_bytes())?;
    outcome.damage.map_or(Ok(ExitCode::SUCCESS), |damage| Err(damage.into()))
}

fn totals(text: &mut String, parts: &[PartProfile], wall: Duration) {
    let _ = writeln!(text, "\n{:<12}{:>8}{:>12}{:>8}{:>10}", "part", "runs", "ms", "%", "GB/s");
    let mut measured = Duration::ZERO;
    for PartProfile { part, runs, total, .. } in parts {
        measured += total.time;
        let row = Row { name: part.to_string(), time: *total };
        let (ms, percent) = (total.time.as_secs_f64() * 1e3, row.percent_of(wall));
        let _ = writeln!(text, "{:<12}{runs:>8}{ms:>12.2}{percent:>8.1}{:>10.2}", row.name, row.gb_per_s());
    }
    let rest = wall.saturating_sub(measured);
    let (ms, percent) = (rest.as_secs_f64() * 1e3, rest.as_secs_f64() / wall.as_secs_f64().max(1e-9) * 100.0);
    let _ = writeln!(text, "{:<12}{:>8}{ms:>12.2}{percent:>8.1}{:>10}", "host", "", "");
}

fn memory(text: &mut String, parts: &[PartProfile]) {
    let _ = writeln!(
        text,
        "\n{:<12}{:>14}{:>14}{:>14}{:>14}  (bytes)",
        "part", "packed", "constants", "states", "arena"
    );
    for PartProfile { part, footprint, states, .. } in parts {
        let (packed, constants, arena) = (footprint.packed, footprint.constants, footprint.arena);
        let name = part.to_string();
        let _ = writeln!(text, "{name:<12}{packed:>14}{constants:>14}{states:>14}{arena:>14}");
    }
    text.push_str(
        "The states that the encoder writes are among the decoder's; the parts share the largest arena.\n",
    );
}

fn rows(text: &mut String, rows: &[Row], whole: Duration) {
    let _ = writeln!(text, "{:>8}{:>12}{:>8}{:>10}  name", "calls", "ms", "%", "GB/s");
    for row in rows {
        let ms = row.time.time.as_secs_f64() * 1e3;
        let (percent, rate) = (row.percent_of(whole), row.gb_per_s());
        let _ = writeln!(text, "{:>8}{ms:>12.2}{percent:>8.1}{rate:>10.2}  {}", row.time.runs, row.name);
    }
}
