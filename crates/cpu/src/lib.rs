//! The CPU device: SIMD, kernels and threads. Not a compiler: which steps run is decided above it.
