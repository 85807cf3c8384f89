//! `undertone graph`: a model's graphs at any stage of the compiler. Not the compiler.

use crate::args::Graph;
use crate::engine::{self, Loudness};
use crate::standard;
use std::process::ExitCode;
use undertone::memory::{self, Memory};
use undertone::stages::{self, Spelling, Stage};
use undertone::{Options, Part, device};

/// Prints one part or all.
pub fn run(args: &Graph) -> anyhow::Result<ExitCode> {
    let stage = args.after.clone().map_or(Stage::Built, Stage::After);
    stage.check()?;
    let device = device::open(&args.machine.device())?;
    let path = engine::find(&args.model, None, Loudness::Normal)?;
    let model = engine::open(&path)?;
    let parts = args.part.map_or_else(|| Part::ALL.to_vec(), |part| vec![part.into()]);
    let spelling = if args.dot { Spelling::Dot } else { Spelling::Text };
    let (batch_size, beams) = (args.batch_size, args.beam_size.0);
    let options = Options { batch_size, beam_size: beams, best_of: beams, ..Options::ours() };
    if args.plan {
        let memory = Memory::of(&model, device.as_ref(), &options)?;
        standard::print(memory::table(&memory, device.target(), &options).as_bytes())?;
    }
    for part in parts {
        let text = if args.plan {
            stages::program(&model, part, device.as_ref(), &options)?
        } else {
            stages::graph(&model, (part, device.target().compute), &stage, spelling)?
        };
        standard::print(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
