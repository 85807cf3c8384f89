//! A model's graphs as text, at any stage of the compiler. Not the compiler: it is asked.

use crate::{Error, Options, transcriber};
use compiler::pipeline::Pipeline;
use compiler::{Compute, Device};
use graph::text;
use whisper::{Model, Part, Session, SessionOptions};

/// How far the compiler went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// As it was built: before any pass.
    Built,
    /// After the pass of this name and those before it.
    After(String),
}

/// How a graph is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The graph's own text form, which tests can read.
    Text,
    /// For Graphviz.
    Dot,
}

/// One row and one window: what a session of one recording has.
const OPTIONS: SessionOptions = SessionOptions { rows: 1, windows: 1 };

/// The graph of `part` at `stage`, for a device that computes so.
///
/// # Errors
/// [`Error::Pass`] for an unknown pass, with the list of those that there are; or the model's sizes contradict each
/// other.
pub fn graph(
    model: &Model,
    (part, compute): (Part, Compute),
    stage: &Stage,
    spelling: Spelling,
) -> Result<String, Error> {
    let built = part.graph(model, OPTIONS, compute)?;
    let graph = match stage {
        Stage::Built => built,
        Stage::After(pass) => Pipeline::every().run_until(pass, &built)?,
    };
    Ok(match spelling {
        Spelling::Text => text::print(&graph),
        Spelling::Dot => text::dot(&graph),
    })
}

impl Stage {
    /// Refuses the name of no pass.
    ///
    /// # Errors
    /// [`Error::Pass`], with the list of those that there are.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Stage::Built => Ok(()),
            Stage::After(pass) => Pipeline::every().find(pass).map(|_| ()).map_err(Error::from),
        }
    }
}

/// The program of `part` for transcribing with `options`: peak bytes first, then each step with its kernel and places.
///
/// # Errors
/// The device lacks a kernel.
pub fn program(model: &Model, part: Part, device: &dyn Device, options: &Options) -> Result<String, Error> {
    Ok(Session::program(model, part, device, transcriber::size(options))?.to_string())
}
