//! How each graph op is run: which kernel accepts it and how it is called. Not the arithmetic of the heavy
//! kernels: that stands in `kernels`, over plain slices.

mod attention;
mod cache_write;
mod cached_attention;
mod cached_scores;
mod conv1d;
mod convert;
mod elementwise;
mod gather;
mod gather_elements;
mod layer_norm;
pub(crate) mod linear;
mod lstm;
mod mask_spans;
mod matmul;
mod median_filter;
mod movement;
mod picked_linear;
mod quantize;
mod reduce;
pub(crate) mod reference;
mod scatter_elements;
mod softmax;
mod spectrogram;
mod top_k;

use crate::kernel::Kernel;
use compiler::MAX_RANK;

/// Every kernel; the first that accepts a node runs it.
pub const KERNELS: &[Kernel] = &[
    linear::LINEAR,
    picked_linear::PICKED_LINEAR,
    conv1d::CONV1D,
    lstm::LSTM,
    attention::ATTENTION,
    cached_attention::CACHED_ATTENTION,
    cached_scores::CACHED_SCORES,
    cache_write::CACHE_WRITE,
    layer_norm::LAYER_NORM,
    elementwise::ELEMENTWISE,
    softmax::SOFTMAX,
    reduce::REDUCE,
    top_k::TOP_K,
    median_filter::MEDIAN_FILTER,
    mask_spans::MASK_SPANS,
    gather::GATHER,
    gather_elements::GATHER_ELEMENTS,
    scatter_elements::SCATTER_ELEMENTS,
    convert::CONVERT,
    quantize::QUANTIZE,
    spectrogram::SPECTROGRAM,
    matmul::MATMUL,
    movement::PAD,
    movement::SLICE,
    movement::CONCAT,
    movement::TRANSPOSE,
];

/// `sizes` with sizes of 1 before them.
fn padded(sizes: &[usize]) -> [usize; MAX_RANK] {
    let mut padded = [1; MAX_RANK];
    padded[MAX_RANK - sizes.len()..].copy_from_slice(sizes);
    padded
}

/// Strides, in elements, with which an operand of these sizes is read along the dimensions of a result that it is
/// broadcast to; 0 where it is repeated. Both are padded to the same rank.
fn broadcast_strides(sizes: &[usize]) -> [usize; MAX_RANK] {
    let mut stride = 1;
    let mut strides = padded(sizes);
    for size in strides.iter_mut().rev() {
        (*size, stride) = (if *size == 1 { 0 } else { stride }, stride * *size);
    }
    strides
}

/// The op of a call, which its kernel has accepted.
macro_rules! expect_op {
    ($call:expr, $variant:ident) => {
        match $call.op {
            graph::Op::$variant(op) => op,
            other => unreachable!("the kernel of {} was given {}", stringify!($variant), other.name()),
        }
    };
}
pub(crate) use expect_op;
