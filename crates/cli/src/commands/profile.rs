//! `undertone profile`: where the time and the memory of a transcription went, and how near that is to what the machine
//! can do. Not a benchmark: measuring costs a little itself.

use crate::args::Profile;
use crate::engine::{self, Engine, Loudness, Wanted};
use crate::standard;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use undertone::profile::{self, PartProfile, Row};
use undertone::{Compute, Options, Part, Peaks, protections};

/// How often a file is transcribed between measurements of the peaks.
const ROUNDS: usize = 3;

/// Transcribes the file and prints the tables.
pub fn run(args: &Profile) -> anyhow::Result<ExitCode> {
    let loudness = Loudness::of(args.voice.quiet, false);
    let sound = engine::sound(&args.file, args.voice.ffmpeg.as_deref(), loudness)?;
    let device = args.kept.on(args.machine.device());
    let (batch_size, beams) = (args.batch_size, args.beam_size.0);
    let options =
        Options { language: args.language, batch_size, beam_size: beams, best_of: beams, ..Options::ours() };
    let wanted = Wanted { model: &args.model, model_dir: None, device, limit: None, loudness };
    let mut engine = Engine::load(&wanted, &options)?;
    protections::check(&options, &engine.model.config)?;
    let mut probe = args.roofline.then(|| engine.device.probe());
    let mut measured: Vec<Peaks> = probe.iter_mut().map(|probe| probe()).collect();
    let mut wall = Duration::ZERO;
    let (mut duration, mut damage) = (0.0, None);
    engine.transcriber.session().measure(true);
    for _ in 0..if args.roofline { ROUNDS } else { 1 } {
        let started = Instant::now();
        let outcome = engine.transcriber.transcribe(&sound, &options, &mut ())?;
        wall += started.elapsed();
        (duration, damage) = (outcome.transcript.duration, outcome.damage);
        measured.extend(probe.iter_mut().map(|probe| probe()));
    }
    let peaks = args.roofline.then(|| Peaks::median(&measured));
    let parts = profile::collect(engine.transcriber.session(), peaks.as_ref());
    let run = engine.about.run(&options, wall.as_secs_f64());
    let mut text = format!(
        "{} of {duration:.2} s on {}, {}, {} threads, {}: loaded in {:.3} s, transcribed {}in {:.3} s\n",
        args.file.display(),
        run.device,
        run.isa,
        run.threads,
        run.compute,
        run.timings.load_s,
        if args.roofline { format!("{ROUNDS} times ") } else { String::new() },
        run.timings.transcribe_s
    );
    if let Some(peaks) = &peaks {
        rates(&mut text, peaks, measured.len());
        limits(&mut text, &parts);
    }
    totals(&mut text, &parts, wall);
    memory(&mut text, &parts);
    for part in parts.iter().filter(|part| part.runs > 0) {
        let whole = part.total.time.time;
        let _ = writeln!(text, "\n{}: kernels", part.total.name);
        rows(&mut text, &part.kernels, whole);
        let _ = writeln!(text, "\n{}: slowest steps", part.total.name);
        rows(&mut text, &part.steps[..part.steps.len().min(args.top)], whole);
    }
    standard::print(text.as_bytes())?;
    damage.map_or(Ok(ExitCode::SUCCESS), |damage| Err(damage.into()))
}

/// What the machine does at the most, by the type of the factors.
fn rates(text: &mut String, peaks: &Peaks, measurements: usize) {
    let mut line = |name: &str, cells: [String; 3]| {
        let [f32, bf16, int8] = cells;
        let _ = write!(text, "\n{name:<12}{f32:>12}{bf16:>12}{int8:>12}");
    };
    let billions = |rates: [f64; 3]| rates.map(|rate| format!("{:.2}", rate / 1e9));
    line("peak", Compute::ALL.map(|compute| compute.to_string()));
    line("GFLOP/s", billions(peaks.flops));
    line("Gexp/s", billions(peaks.exps));
    let (name, rate) = ("GB/s", peaks.bytes / 1e9);
    let _ = writeln!(text, "\n{name:<12}{rate:>12.2}  (medians of {measurements} measurements)");
}

/// The encoder as a whole and a step of the decoder, to its ranked tokens: a run beside the least that it could take.
fn limits(text: &mut String, parts: &[PartProfile]) {
    let _ = writeln!(text, "\n{:<12}{:>8}{:>12}{:>12}{:>8}", "a run", "runs", "ms", "ideal ms", "roof %");
    for (name, of) in [
        ("encoder", &[Part::Encoder.name()][..]),
        ("prompt", &[profile::PROMPTS]),
        ("decode step", &[Part::Decoder.name(), Part::Head.name()]),
    ] {
        let of: Vec<_> =
            parts.iter().filter(|part| part.runs > 0 && of.contains(&part.total.name.as_str())).collect();
        if let Some(first) = of.first() {
            limit(text, name, first.runs, &of);
        }
    }
    text.push_str("A prompt is many tokens at once; a decode step is one of each row, and the head.\n");
}

/// A run of each of these parts.
fn limit(text: &mut String, name: &str, runs: u64, parts: &[&PartProfile]) {
    let each = |of: fn(&Row) -> f64| -> f64 {
        parts.iter().map(|part| of(&part.total) * 1e3 / part.runs as f64).sum()
    };
    let ms = each(|row| row.time.time.as_secs_f64());
    let ideal = each(|row| row.ideal.map_or(0.0, |ideal| ideal.seconds()));
    let share = if ms > 0.0 { ideal / ms * 100.0 } else { 0.0 };
    let _ = writeln!(text, "{name:<12}{runs:>8}{ms:>12.3}{ideal:>12.3}{share:>8.1}");
}

fn totals(text: &mut String, parts: &[PartProfile], wall: Duration) {
    let known = parts.iter().any(|part| part.total.ideal.is_some());
    let (name, heads) = ("part", if known { SHARES.trim_end() } else { "" });
    let _ = writeln!(text, "\n{name:<12}{:>8}{:>12}{:>8}{:>10}{heads}", "runs", "ms", "%", "GB/s");
    let mut measured = Duration::ZERO;
    for PartProfile { runs, total, .. } in parts {
        measured += total.time.time;
        let (ms, percent, rate) =
            (total.time.time.as_secs_f64() * 1e3, total.percent_of(wall), total.gb_per_s());
        let _ = writeln!(
            text,
            "{:<12}{runs:>8}{ms:>12.2}{percent:>8.1}{rate:>10.2}{}",
            total.name,
            shares(total).trim_end()
        );
    }
    let rest = wall.saturating_sub(measured);
    let (ms, percent) = (rest.as_secs_f64() * 1e3, rest.as_secs_f64() / wall.as_secs_f64().max(1e-9) * 100.0);
    let _ = writeln!(text, "{:<12}{:>8}{ms:>12.2}{percent:>8.1}", "host", "");
}

fn memory(text: &mut String, parts: &[PartProfile]) {
    let _ = writeln!(
        text,
        "\n{:<12}{:>14}{:>14}{:>14}{:>14}  (bytes)",
        "part", "packed", "constants", "states", "arena"
    );
    for PartProfile { part, footprint, states, .. } in
        parts.iter().filter(|part| part.total.name != profile::PROMPTS)
    {
        let (packed, constants, arena) = (footprint.packed, footprint.constants, footprint.arena);
        let name = part.name();
        let _ = writeln!(text, "{name:<12}{packed:>14}{constants:>14}{states:>14}{arena:>14}");
    }
    text.push_str(
        "The states that the encoder writes are among the decoder's; the parts share the largest arena.\n",
    );
}

fn rows(text: &mut String, rows: &[Row], whole: Duration) {
    let heads = if rows.iter().any(|row| row.ideal.is_some()) { SHARES } else { "" };
    let _ = writeln!(text, "{:>8}{:>12}{:>8}{:>10}{heads}  name", "calls", "ms", "%", "GB/s");
    for row in rows {
        let ms = row.time.time.as_secs_f64() * 1e3;
        let (calls, percent, rate) = (row.time.runs, row.percent_of(whole), row.gb_per_s());
        let _ = writeln!(text, "{calls:>8}{ms:>12.2}{percent:>8.1}{rate:>10.2}{}  {}", shares(row), row.name);
    }
}

/// The heads of [`shares`].
const SHARES: &str = "  roof %  bound  ";

/// A row's share of the roofline, and what bounds it; nothing where the peaks are not known.
fn shares(row: &Row) -> String {
    let bound = row.ideal.map_or("", |ideal| ideal.bound());
    row.share().map_or_else(String::new, |share| format!("{share:>8.1}  {bound:<7}"))
}
