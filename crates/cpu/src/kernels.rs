//! The raw kernels: functions over slices, one file for each. Not their adaptors to graph operations.
//!
//! The law of order: within one [`Isa`] a kernel's result for a row does not depend on how many rows are in the
//! call or how many threads share it. Each output element is one chain of operations in a fixed order.

pub mod attention;
pub mod cached_attention;
pub mod conv1d;
pub mod layer_norm;
pub mod linear;
pub mod reduce;
pub mod rows;
pub mod softmax;
pub mod stft;
pub mod top_k;

use crate::isa::Isa;
use crate::pool::Pool;

/// What a kernel runs on: an instruction set that this machine has, and the threads to share.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The path of every kernel of a program; packed weights belong to it.
    pub isa: Isa,
    /// The threads.
    pub pool: &'a Pool,
}

#[cfg(test)]
pub(crate) mod testing;
