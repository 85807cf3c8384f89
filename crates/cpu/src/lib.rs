//! The CPU device: SIMD, kernels and threads. Not a compiler: which steps run is decided above it.

// Kernel bodies must be inlined into the function that carries the target features.
#![allow(clippy::inline_always)]

pub mod aligned;
mod caches;
mod constants;
mod device;
mod executable;
pub mod isa;
pub mod kernel;
pub mod kernels;
pub mod math;
pub mod ops;
mod packs;
pub mod peaks;
pub mod pool;
pub mod simd;

pub use device::Cpu;
pub use isa::Isa;
pub use pool::Pool;
