//! The CPU device: SIMD, kernels and threads. Not a compiler: which steps run is decided above it.

// Kernel bodies must be inlined into the function that carries the target features.
#![allow(clippy::inline_always)]

pub mod aligned;
pub mod isa;
pub mod kernels;
pub mod math;
pub mod pool;
pub mod simd;

pub use isa::Isa;
pub use pool::Pool;
