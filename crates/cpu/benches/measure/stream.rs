//! The most bytes that the machine reads in a second. Not a kernel: what is read is only summed.

pub use cpu::peaks::stream;
