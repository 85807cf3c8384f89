//! How each graph op is run: which kernel accepts it and how it is called. Not the arithmetic of the heavy
//! kernels: that stands in `kernels`, over plain slices.

mod attention;
mod cache_write;
mod cached_attention;
mod conv1d;
mod convert;
mod elementwise;
mod gather;
mod layer_norm;
mod linear;
mod mask_spans;
mod matmul;
mod movement;
mod reduce;
pub(crate) mod reference;
mod softmax;
mod spectrogram;
mod top_k;

use crate::kernel::Kernel;

/// Every kernel; the first that accepts a node runs it.
pub const KERNELS: &[Kernel] = &[
    linear::LINEAR,
    conv1d::CONV1D,
    attention::ATTENTION,
    cached_attention::CACHED_ATTENTION,
    cache_write::CACHE_WRITE,
    layer_norm::LAYER_NORM,
    elementwise::ELEMENTWISE,
    softmax::SOFTMAX,
    reduce::REDUCE,
    top_k::TOP_K,
    mask_spans::MASK_SPANS,
    gather::GATHER,
    convert::CONVERT,
    spectrogram::SPECTROGRAM,
    matmul::MATMUL,
    movement::PAD,
    movement::SLICE,
    movement::CONCAT,
    movement::TRANSPOSE,
];

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
