//! The most bytes that the machine reads in a second. Not a kernel: what is read is only summed.

#![allow(clippy::inline_always)] // Bodies must be inlined into the function that carries the target features.

use std::hint::black_box;

use cpu::simd::{Body, Simd, dispatch};
use cpu::{Isa, Pool};

/// Reads all of `data` once, in equal parts by the threads.
pub fn stream(isa: Isa, pool: &Pool, data: &[f32]) {
    let threads = pool.threads();
    pool.run(threads, &|part| {
        let part = &data[part * data.len() / threads..(part + 1) * data.len() / threads];
        black_box(dispatch(isa, Stream(part)));
    });
}

struct Stream<'a>(&'a [f32]);

impl Body for Stream<'_> {
    type Out = f32;
    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> f32 {
        let mut acc = [s.splat(0.0); 4];
        for chunk in self.0.chunks_exact(4 * S::LANES) {
            s.prefetch(chunk.as_ptr().wrapping_add(1024).cast());
            for (i, acc) in acc.iter_mut().enumerate() {
                // SAFETY: the chunk holds four vectors.
                *acc = s.add(*acc, unsafe { s.load(chunk.as_ptr().add(i * S::LANES)) });
            }
        }
        acc.into_iter().map(|v| s.reduce_add(v)).sum()
    }
}
