//! One run, as a process of its own: how it is started, what it tells, and what it does. Not what is made of the runs.

use super::figures::Run;
use super::system::{self, Ticks};
use crate::args::{BENCH_RUN, Bench, Variant};
use crate::engine::{self, Engine, Loudness, Wanted};
use crate::standard;
use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;
use undertone::protections;

/// What all runs of a file share.
pub struct Setting<'a> {
    /// What was asked for.
    pub args: &'a Bench,
    /// The model's path.
    pub model: &'a Path,
    /// The file.
    pub file: &'a Path,
}

impl Setting<'_> {
    /// Runs `variant` in a process.
    ///
    /// # Errors
    /// The process can't be started, or fails: then its last line.
    pub fn ask(&self, variant: &Variant) -> anyhow::Result<Run> {
        let mut command = Command::new(std::env::current_exe().context("can't find this program again")?);
        self.tell(&mut command, variant);
        command.stdin(Stdio::null());
        let (before, started) = (Ticks::now(), Instant::now());
        let output = command.output().context("can't start a process")?;
        let (seconds, after) = (started.elapsed().as_secs_f64(), Ticks::now());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let last = said.lines().last().unwrap_or("it ended without a word");
            return Err(anyhow!("{}", last.trim_start_matches("undertone: ")));
        }
        let answer: Value = serde_json::from_slice(&output.stdout).context("a run told no JSON")?;
        let mut run = Run::told(&answer).ok_or_else(|| anyhow!("a run told {answer}"))?;
        run.process_s = self.args.warm_up.is_none().then_some(seconds);
        let own = answer["ticks"].as_u64();
        run.others = before.zip(after).zip(own).map(|((before, after), own)| after.others(before, own));
        Ok(run)
    }

    /// The command line of a run.
    fn tell(&self, command: &mut Command, variant: &Variant) {
        let Variant { compute, threads, beams, lanes } = variant;
        let compute = compute.chosen().map_or("auto", undertone::Compute::name);
        let beams = beams.map_or_else(|| "greedy".to_owned(), |beams| beams.to_string());
        command.args([BENCH_RUN, "--compute", compute, "--beam-size", &beams]);
        command.arg("--batch-size").arg(lanes.to_string());
        command.arg("--model").arg(self.model);
        if let Some(threads) = threads {
            command.arg("--threads").arg(threads.to_string());
        }
        if let Some(language) = self.args.language {
            command.args(["--language", language.code()]);
        }
        if let Some(isa) = &self.args.isa {
            command.args(["--isa", isa]);
        }
        let files = [
            ("--pack-cache", &self.args.kept.pack_cache),
            ("--ffmpeg", &self.args.voice.ffmpeg),
            ("--warm-up", &self.args.warm_up),
        ];
        for (option, file) in files {
            if let Some(file) = file {
                command.arg(option).arg(file);
            }
        }
        command.arg("--").arg(self.file);
    }
}

/// Is the process: loads the first variant, transcribes, and tells a line of JSON.
///
/// # Errors
/// Whatever a transcription can fail of; damage too, for what is left out costs no time.
pub fn run(args: &Bench) -> anyhow::Result<ExitCode> {
    let variant = args.variants().remove(0);
    let options = variant.options(args.language);
    let device = args.kept.on(variant.device(args.isa.as_deref()));
    let loudness = Loudness::Quiet;
    let started = Instant::now();
    let wanted = Wanted { model: &args.model, model_dir: None, device, limit: None, loudness };
    let mut engine = Engine::load(&wanted, &options)?;
    let load_s = started.elapsed().as_secs_f64();
    protections::check(&options, &engine.model.config)?;
    let mut transcribe = |file: &Path| {
        let sound = engine::sound(file, args.voice.ffmpeg.as_deref(), loudness)?;
        let started = Instant::now();
        let outcome = engine.transcriber.transcribe(&sound, &options, &mut ())?;
        let seconds = started.elapsed().as_secs_f64();
        match outcome.damage {
            Some(damage) => Err(anyhow!("{}: {damage}", file.display())),
            None => Ok((outcome.transcript, seconds)),
        }
    };
    if let Some(file) = &args.warm_up {
        transcribe(file)?;
    }
    let (transcript, transcribe_s) = transcribe(&args.files[0])?;
    let told = json!({
        "audio_s": transcript.duration,
        "load_s": load_s,
        "transcribe_s": transcribe_s,
        "peak_mb": system::peak_mb(),
        "ticks": system::own_ticks(),
        "language": transcript.language,
        "text": transcript.text,
    });
    standard::print(format!("{told}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
