//! Options that commands with a model share: threads, precision, device, verbosity. Not the model's name: its default
//! differs.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use undertone::device::DeviceOptions;

/// What the model runs on.
#[derive(Args)]
pub struct Machine {
    /// Threads to use, no more than there are processors [default: one for each physical core, up to 16; for the fast ones
    /// where there are several kinds]
    #[arg(long, value_name = "N", help_heading = "Machine")]
    threads: Option<usize>,

    #[command(flatten)]
    arithmetic: Arithmetic,
}

impl Machine {
    /// The device to open.
    pub fn device(&self) -> DeviceOptions {
        self.arithmetic.device(self.threads, None)
    }
}

/// How the device computes.
#[derive(Args)]
pub struct Arithmetic {
    /// Precision of weights and arithmetic; auto is the fastest that keeps the words [default: auto; f32 in `whisper`]
    #[arg(long, value_enum, help_heading = "Machine")]
    compute: Option<Compute>,

    /// Instruction set to use: scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_bf16, amx, neon, neon_dotprod [default: the fastest that the machine has]
    #[arg(long, value_name = "NAME", help_heading = "Machine")]
    isa: Option<String>,
}

/// What is kept for the next start.
#[derive(Args)]
pub struct Kept {
    /// Folder to keep packed weights in, so that the next start is faster; off to keep none [default: the variable
    /// UNDERTONE_PACK_CACHE, or undertone/packed among your caches]
    #[arg(long, value_name = "FOLDER|off", help_heading = "Machine")]
    pub pack_cache: Option<PathBuf>,
}

impl Kept {
    /// The device, keeping what was asked for.
    pub fn on(&self, device: DeviceOptions) -> DeviceOptions {
        DeviceOptions { pack_cache: self.pack_cache.clone(), ..device }
    }
}

/// A precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compute {
    Auto,
    F32,
    Bf16,
    Int8,
}

impl Compute {
    /// The precision; `None` for the machine's own.
    pub fn chosen(self) -> Option<undertone::Compute> {
        match self {
            Compute::Auto => None,
            Compute::F32 => Some(undertone::Compute::F32),
            Compute::Bf16 => Some(undertone::Compute::Bf16),
            Compute::Int8 => Some(undertone::Compute::Int8),
        }
    }
}

impl Arithmetic {
    /// The device to open, with `threads` threads (`None` or 0 for the default); its precision is `compute` where none
    /// was asked for.
    pub fn device(&self, threads: Option<usize>, compute: Option<undertone::Compute>) -> DeviceOptions {
        let compute = self.compute.map_or(compute, Compute::chosen);
        DeviceOptions { isa: self.isa.clone(), threads, compute, pack_cache: None }
    }
}

/// How much is said on standard error, and what helps to read sound.
#[derive(Args)]
pub struct Voice {
    /// ffmpeg program for the codecs that are not built in [default: the one on PATH, if any]
    #[arg(long, value_name = "PATH", help_heading = "Machine")]
    pub ffmpeg: Option<PathBuf>,

    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}
