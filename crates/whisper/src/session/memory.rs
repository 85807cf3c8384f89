//! What a session will hold in memory, from its programs alone. Not a measurement: nothing is loaded or packed.

use super::{Part, Session, SessionOptions};
use crate::error::Error;
use crate::graphs::decoder_results;
use crate::model::Model;
use compiler::{Device, Program};
use graph::{Bindings, Def, TensorType};

/// Bytes of the weights file that the system maps at once around one that is read (`fault_around_bytes` of Linux).
const AROUND: usize = 64 << 10;

/// Memory of one part, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartMemory {
    /// The part.
    pub part: Part,
    /// Weights packed for their kernels.
    pub packed: usize,
    /// Other constants that are copied or computed.
    pub constants: usize,
    /// Caches of keys and values; the encoder's are among the decoder's.
    pub states: usize,
    /// Activations and scratch, in the arena that the parts share.
    pub arena: usize,
}

/// Memory of a session, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Of each part that runs, in the order of [`Part::ALL`].
    pub parts: Vec<PartMemory>,
    /// Biases, hidden states and queries beside the programs.
    pub tables: usize,
    /// Pages of the weights file that are looked at while a window is decoded.
    pub mapped: usize,
    /// What packing holds beside what it has packed, at most.
    pub packing: usize,
}

impl Memory {
    /// Packed weights and constants of all parts.
    pub fn weights(&self) -> usize {
        self.parts.iter().map(|part| part.packed + part.constants).sum()
    }

    /// Caches of keys and values.
    pub fn states(&self) -> usize {
        self.parts.iter().map(|part| part.states).max().unwrap_or(0)
    }

    /// The arena: parts run one after the other, so it is the largest of theirs.
    pub fn arena(&self) -> usize {
        self.parts.iter().map(|part| part.arena).max().unwrap_or(0)
    }

    /// The most that the session ever holds: while it runs, or while weights are packed, when neither states nor
    /// arena are touched.
    pub fn peak(&self) -> usize {
        self.weights() + self.packing.max(self.states() + self.arena() + self.tables + self.mapped)
    }
}

impl Session {
    /// What a session of `model` will hold, before it is loaded; with `words`, texts of so many tokens are aligned.
    ///
    /// # Errors
    /// The device lacks a kernel.
    pub fn memory(
        model: &Model,
        device: &dyn Device,
        options: SessionOptions,
        words: Option<usize>,
    ) -> Result<Memory, Error> {
        let config = &model.config;
        let mut tables = options.biases() * config.n_vocab;
        let (mut mapped, mut packing) = (0, 0);
        // The decoder and the head look rows up in one table.
        let looked_up = options.looked_up(model, device.target().compute, words.is_some());
        let mut parts = Vec::new();
        for part in Part::ALL.into_iter().filter(|part| words.is_some() || *part != Part::Alignment) {
            let program = Session::program(model, part, device, options)?;
            let (constants, table) = plain(&program);
            mapped = mapped.max(table.min(looked_up * AROUND));
            packing += packing_of(&program);
            if part == Part::Decoder {
                // The queries of the alignment heads are kept, and gathered for the words.
                let queries = config.aligned_width() * words.unwrap_or(0);
                tables += values(&program, decoder_results::HIDDEN) + 2 * queries;
            }
            let (packed, plan) = (program.packed_bytes(), &program.plan);
            parts.push(PartMemory { part, packed, constants, states: plan.states, arena: plan.arena });
        }
        Ok(Memory { parts, tables: tables * size_of::<f32>(), mapped, packing })
    }
}

/// The values of result `index` at its largest.
fn values(program: &Program, index: usize) -> usize {
    let shape = &program.graph.ty(program.graph.results()[index]).shape;
    shape.eval(&program.graph.largest()).map_or(0, |sizes| sizes.iter().product())
}

/// Bytes of constants that are not packed: those that are copied or computed, and those that are read where the model
/// has them. Other f32 weights count as copied: files seldom align them.
fn plain(program: &Program) -> (usize, usize) {
    let graph = &program.graph;
    let constants = program.constants.iter().enumerate();
    let plain = constants.filter(|(_, constant)| constant.packed_for.is_none());
    plain.fold((0, 0), |(own, mapped), (index, constant)| {
        let ty = graph.ty(constant.value);
        let bytes = ty.bytes(&Bindings::new()).unwrap_or(0);
        let weight = matches!(graph.value(constant.value).def, Def::Param(_));
        if weight && program.is_table(index) { (own, mapped + bytes) } else { (own + bytes, mapped) }
    })
}

/// What packing a program holds beside what is packed: the largest weight as the model has it or as it was computed.
fn packing_of(program: &Program) -> usize {
    let packed = program.constants.iter().filter(|constant| constant.packed_for.is_some());
    let source = |ty: &TensorType| ty.bytes(&Bindings::new()).unwrap_or(0);
    packed.map(|constant| source(program.graph.ty(constant.value))).max().unwrap_or(0)
}
