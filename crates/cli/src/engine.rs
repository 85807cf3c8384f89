//! A model found, loaded and compiled, with the settings of the environment: the only place that reads it. Not the
//! library's search or compiler.

use crate::progress::Downloads;
use crate::standard;
use anyhow::anyhow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use undertone::device::{self, DeviceOptions};
use undertone::memory::{self, Fit, Limit};
use undertone::{Device, Hub, Model, Options, Run, Target, Timings, Transcriber, audio, ffmpeg, outputs};

/// The variable that says where packed weights are kept, where no option does.
const PACK_CACHE: &str = "UNDERTONE_PACK_CACHE";

/// What is loaded, and for what.
pub struct Wanted<'a> {
    /// The model as the user named it.
    pub model: &'a str,
    /// Where models are kept; the hub's cache if `None`.
    pub model_dir: Option<&'a Path>,
    /// The device; it keeps packed weights where the environment says if it names no folder, and nowhere if that is `off`.
    pub device: DeviceOptions,
    /// The memory that may be taken, if there is a limit.
    pub limit: Option<Limit>,
    /// How much is said.
    pub loudness: Loudness,
}

/// How much is said on standard error.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Errors.
    Quiet,
    /// Errors, progress, and what changes the result.
    Normal,
    /// What is used and found as well.
    Verbose,
}

impl Loudness {
    /// From the two flags.
    pub fn of(quiet: bool, verbose: bool) -> Loudness {
        match (quiet, verbose) {
            (true, _) => Loudness::Quiet,
            (false, true) => Loudness::Verbose,
            (false, false) => Loudness::Normal,
        }
    }
}

/// A model ready to transcribe.
pub struct Engine {
    pub device: Box<dyn Device>,
    pub transcriber: Transcriber,
    pub model: Arc<Model>,
    pub about: About,
    /// Stretches that it decodes at once.
    pub lanes: usize,
}

/// What is worth knowing of a model that is loaded.
pub struct About {
    /// Whether it was trained on more than English.
    pub multilingual: bool,
    target: Target,
    name: String,
    load_s: f64,
}

impl About {
    /// How a transcript came about.
    pub fn run(&self, options: &Options, transcribe_s: f64) -> Run {
        Run::new(&self.name, &self.target, options, Timings { load_s: self.load_s, transcribe_s })
    }
}

impl Engine {
    /// Finds (or downloads), reads and compiles the model, for transcribing with `options`.
    pub fn load(wanted: &Wanted<'_>, options: &Options) -> anyhow::Result<Engine> {
        let asked = DeviceOptions {
            pack_cache: pack_cache(wanted.device.pack_cache.clone()),
            ..wanted.device.clone()
        };
        let mut device = device::open(&asked)?;
        let started = Instant::now();
        let path = find(wanted.model, wanted.model_dir, wanted.loudness)?;
        let model = Arc::new(open(&path)?);
        let mut options = options.clone();
        if let Some(limit) = wanted.limit {
            let fit = memory::fit(&model, &asked, &options, limit)?;
            options.batch_size = fit.lanes;
            device = device::open(&DeviceOptions { compute: Some(fit.compute), ..asked })?;
            if wanted.loudness == Loudness::Verbose {
                standard::say(&picked(&fit));
            }
        }
        let transcriber = Transcriber::new(model.clone(), device.as_ref(), &options)?;
        let load_s = started.elapsed().as_secs_f64();
        let target = device.target().clone();
        if wanted.loudness == Loudness::Verbose {
            let (path, Target { device, isa, threads, compute }) = (path.display(), &target);
            standard::say(&format!(
                "{path} on {device}, {isa}, {threads} threads, {compute}, loaded in {load_s:.2} s"
            ));
        }
        let multilingual = model.config.is_multilingual();
        let about = About { multilingual, target, name: wanted.model.to_owned(), load_s };
        Ok(Engine { device, transcriber, model, about, lanes: options.batch_size })
    }
}

/// What was picked to fit a limit, and the memory that it takes.
fn picked(fit: &Fit) -> String {
    let Fit { compute, lanes, memory: fitting } = fit;
    let needed = memory::megabytes(fitting.peak());
    format!("{compute} and batch size {lanes} fit: at most {needed} MB of memory")
}

/// The folder for packed weights that was asked for, else the variable's, else the one among the user's caches.
fn pack_cache(given: Option<PathBuf>) -> Option<PathBuf> {
    let named = std::env::var_os(PACK_CACHE).filter(|named| !named.is_empty()).map(PathBuf::from);
    match given.or(named) {
        Some(folder) => (folder != Path::new("off")).then_some(folder),
        None => device::default_pack_cache(&|name| std::env::var(name).ok()),
    }
}

/// The path of a model; downloads it where it has to.
pub fn find(model: &str, model_dir: Option<&Path>, loudness: Loudness) -> anyhow::Result<PathBuf> {
    let mut hub = Hub::from_env(&|name| std::env::var(name).ok());
    if let Some(folder) = model_dir {
        hub.cache = Some(folder.to_owned());
        hub.kept = Some(folder.to_owned());
    }
    Ok(hub.find(model, &Downloads::new(loudness))?)
}

/// Reads the model at `path`.
pub fn open(path: &Path) -> anyhow::Result<Model> {
    Model::open(path).map_err(|error| anyhow!("model {}: {error}", path.display()))
}

/// Opens a recording; says so where ffmpeg is to decode it.
pub fn sound(file: &Path, given: Option<&Path>, loudness: Loudness) -> anyhow::Result<audio::Sound> {
    let path = std::env::var_os("PATH");
    let ffmpeg = given.map(Path::to_owned).or_else(|| ffmpeg::find(path.as_deref()));
    let options = audio::Options { ffmpeg };
    let sound = if file == Path::new(outputs::STDIN) {
        audio::Sound::spool_with(&mut std::io::stdin().lock(), &options)?
    } else {
        audio::Sound::open_with(file, &options)?
    };
    let info = sound.info();
    if let (audio::Decoder::Ffmpeg, Some(program)) = (info.decoder, &options.ffmpeg)
        && loudness > Loudness::Quiet
    {
        let (file, program) = (file.display(), program.display());
        standard::say(&format!("{file}: {program} decodes the sound ({})", info.codec));
    } else if loudness == Loudness::Verbose {
        standard::say(&format!("{}: {}, {}", file.display(), info.container, info.codec));
    }
    Ok(sound)
}
