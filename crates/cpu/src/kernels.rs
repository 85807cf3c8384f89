//! The raw kernels: functions over slices, one file for each. Not their adaptors to graph operations.
//!
//! The law of order: within one [`Isa`] a kernel's result for a row does not depend on how many rows are in the
//! call or how many threads share it. Each output element is one chain of operations in a fixed order.

pub mod attention;
pub mod cache_write;
pub mod cached_attention;
pub mod cached_scores;
pub mod conv1d;
pub mod layer_norm;
pub mod linear;
pub mod lstm;
pub mod median_filter;
pub mod narrow;
pub mod picked_linear;
pub mod quantize;
pub mod quantize_low_rank;
pub mod reduce;
mod rotation;
pub mod rows;
pub(crate) mod scratch;
pub mod softmax;
pub mod stft;
pub mod top_k;
mod vectors;

use std::ops::Range;

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

impl Cx<'_> {
    /// Calls `part` with ranges that make up `0..count`, for the threads to share; or once, where the `work` (about
    /// one unit for each value touched) is less than waking the others is worth.
    pub(crate) fn split(&self, count: usize, work: usize, part: impl Fn(Range<usize>) + Sync) {
        self.split_on(count, work, |_, range| part(range));
    }

    /// [`Cx::split`] with `part(thread, range)`: no two parts that run at the same time have the same thread.
    pub(crate) fn split_on(&self, count: usize, work: usize, part: impl Fn(usize, Range<usize>) + Sync) {
        const WORTH: usize = 16 << 10;
        let parts = if work < WORTH { 1 } else { shares(self.pool, count) };
        self.pool.run_on(parts, &|thread, i| part(thread, cut(i, parts, count)));
    }
}

/// How many parts to cut `count` units into: several for each thread, so that one that is late holds up little.
fn shares(pool: &Pool, count: usize) -> usize {
    match pool.threads() {
        1 => count.min(1),
        threads => count.min(4 * threads),
    }
}

/// The units of part `part` of `parts`.
fn cut(part: usize, parts: usize, count: usize) -> Range<usize> {
    part * count / parts..(part + 1) * count / parts
}

#[cfg(test)]
pub(crate) mod testing;
