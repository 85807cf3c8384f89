//! The most that this machine does in a second: multiply-adds of each precision, exponentials, bytes from memory. Not
//! kernels: nothing is computed that anybody wants.
//!
//! Products stand in registers and use the instructions of the kernels. Where kernels widen bfloat16 or multiply bytes
//! in plain loops, the peak is that of f32.

use crate::aligned::Aligned;
use crate::isa::Isa;
use crate::kernels::rows::Shared;
use crate::math;
use crate::pool::Pool;
use crate::simd::{Body, Simd, dispatch};
use compiler::Peaks;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

mod products;

/// Bytes that are read for the rate of memory: at least so many, and at most.
const MEMORY: [usize; 2] = [256 << 20, 1 << 30];
/// How often each loop is timed; the fastest counts.
const TIMES: usize = 5;
/// The least seconds that a loop is timed over.
const LEAST: f64 = 2e-3;

/// What measures the peaks at each call; see [`compiler::Device::probe`].
pub(crate) fn probe(isa: Isa, pool: Arc<Pool>) -> impl FnMut() -> Peaks {
    let memory = written(&pool, MEMORY[0].max(2 * last_cache()).min(MEMORY[1]));
    move || {
        let wide = rate(&pool, &|steps| multiply_adds(isa, steps));
        let narrow = |products: Option<fn(usize) -> u64>| products.map_or(wide, |run| rate(&pool, &run));
        let exact = rate(&pool, &|steps| exponentials(isa, steps, Exactness::Exact));
        let coarse = rate(&pool, &|steps| exponentials(isa, steps, Exactness::Coarse));
        let read = |_| seconds(&mut || stream(isa, &pool, &memory));
        let fastest = (0..2).map(read).fold(f64::INFINITY, f64::min);
        Peaks {
            flops: [wide, narrow(products::of_bf16(isa)), narrow(products::of_bytes(isa))],
            exps: [exact, if isa.multiplies_bf16() { coarse } else { exact }, exact],
            bytes: size_of_val(&*memory) as f64 / fastest,
            apart: isa == Isa::Amx,
        }
    }
}

/// `bytes` bytes that are written, each page by the thread that reads it.
fn written(pool: &Pool, bytes: usize) -> Aligned<f32> {
    let mut memory = Aligned::<f32>::zeroed(bytes / size_of::<f32>());
    let (len, threads) = (memory.len(), pool.threads());
    let shared = Shared::new(&mut memory);
    pool.run(threads, &|part| {
        let (from, to) = (part * len / threads, (part + 1) * len / threads);
        // SAFETY: parts don't overlap.
        unsafe { shared.slice(from, to - from) }.fill(1.0);
    });
    memory
}

/// Bytes of the largest cache that the system tells of; 0 where it does not.
fn last_cache() -> usize {
    let caches = std::fs::read_dir("/sys/devices/system/cpu/cpu0/cache").ok().into_iter().flatten().flatten();
    let sizes = caches.filter_map(|cache| {
        let size = std::fs::read_to_string(cache.path().join("size")).ok()?;
        kilobytes(size.trim())
    });
    sizes.max().unwrap_or_default() << 10
}

/// A size as the system writes it, such as `2048K`.
fn kilobytes(size: &str) -> Option<usize> {
    size.strip_suffix('K')?.parse().ok()
}

/// Operations in a second of all threads: `run` does some number of steps, and gives how many operations those were.
fn rate(pool: &Pool, run: &(dyn Fn(usize) -> u64 + Sync)) -> f64 {
    let threads = pool.threads();
    let all = |steps: usize| {
        seconds(&mut || {
            pool.run(threads, &|_| {
                black_box(run(steps));
            });
        })
    };
    let mut steps = 256;
    while all(steps) < LEAST {
        steps *= 2;
    }
    let fastest = (0..TIMES).map(|_| all(steps)).fold(f64::INFINITY, f64::min);
    run(1) as f64 * (steps * threads) as f64 / fastest
}

fn seconds(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// `steps` steps of multiply-adds of f32 in registers; gives their operations, two each.
pub fn multiply_adds(isa: Isa, steps: usize) -> u64 {
    dispatch(isa, MultiplyAdds(steps))
}

struct MultiplyAdds(usize);

impl Body for MultiplyAdds {
    type Out = u64;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> u64 {
        // As many sums as stand in registers and hide the latency of one.
        if S::TILE_ROWS >= 12 { multiply_add::<S, 24>(s, self.0) } else { multiply_add::<S, 12>(s, self.0) }
    }
}

#[inline(always)]
fn multiply_add<S: Simd, const SUMS: usize>(s: S, steps: usize) -> u64 {
    let mut sums: [S::V; SUMS] = std::array::from_fn(|i| s.splat(black_box(i as f32)));
    let (a, b) = (s.splat(black_box(0.999)), s.splat(black_box(1e-3)));
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = s.fma(*sum, a, b);
        }
    }
    black_box(sums.map(|sum| s.reduce_add(sum)));
    (2 * SUMS * S::LANES * steps) as u64
}

/// How exact an exponential is.
#[derive(Clone, Copy)]
enum Exactness {
    /// As sums of f32 ask for.
    Exact,
    /// As weights that are rounded to bfloat16 ask for.
    Coarse,
}

/// `steps` steps of exponentials in registers, each of a difference, as softmax takes them; gives their number.
fn exponentials(isa: Isa, steps: usize, exactness: Exactness) -> u64 {
    dispatch(isa, Exponentials(steps, exactness))
}

struct Exponentials(usize, Exactness);

impl Body for Exponentials {
    type Out = u64;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> u64 {
        match self.1 {
            Exactness::Exact => exponential(s, self.0, |x| math::exp_nonpositive(s, x)),
            Exactness::Coarse => exponential(s, self.0, |x| math::exp2_coarse(s, x)),
        }
    }
}

/// Chains enough to hide the latency of one.
const CHAINS: usize = 12;

#[inline(always)]
fn exponential<S: Simd>(s: S, steps: usize, f: impl Fn(S::V) -> S::V) -> u64 {
    let mut chains: [S::V; CHAINS] = std::array::from_fn(|i| s.splat(black_box(-(i as f32))));
    let one = s.splat(black_box(1.0));
    for _ in 0..steps {
        for x in &mut chains {
            *x = f(s.sub(*x, one));
        }
    }
    black_box(chains.map(|x| s.reduce_add(x)));
    (CHAINS * S::LANES * steps) as u64
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_rates() {
        for isa in Isa::available() {
            let pool = Pool::new(2);
            let positive = |rate: f64| assert!(rate.is_finite() && rate > 0.0, "{isa}: {rate}");
            positive(rate(&pool, &|steps| multiply_adds(isa, steps)));
            for products in [products::of_bf16(isa), products::of_bytes(isa)].into_iter().flatten() {
                positive(rate(&pool, &products));
            }
            for exactness in [Exactness::Exact, Exactness::Coarse] {
                positive(rate(&pool, &|steps| exponentials(isa, steps, exactness)));
            }
            assert_eq!(products::of_bf16(isa).is_some(), isa.multiplies_bf16(), "{isa}");
            assert_eq!(products::of_bytes(isa).is_some(), isa != Isa::Scalar, "{isa}");
        }
    }

    #[test]
    fn operations_are_those_of_the_steps() {
        // Twelve sums of four lanes, a product and an addition each.
        assert_eq!(multiply_adds(Isa::Scalar, 5), 2 * 12 * 4 * 5);
        assert_eq!(exponentials(Isa::Scalar, 5, Exactness::Exact), 12 * 4 * 5);
        for isa in Isa::available() {
            for products in [products::of_bf16(isa), products::of_bytes(isa)].into_iter().flatten() {
                assert_eq!(products(7), 7 * products(1), "{isa}");
            }
        }
    }

    #[test]
    fn sizes_of_caches_are_read_as_the_system_writes_them() {
        assert_eq!((kilobytes("2048K"), kilobytes("2M"), kilobytes("")), (Some(2048), None, None));
    }

    #[test]
    fn a_probe_measures_every_rate() {
        let peaks = probe(Isa::best(), Arc::new(Pool::new(1)))();
        let rates = peaks.flops.into_iter().chain(peaks.exps).chain([peaks.bytes]);
        assert!(rates.clone().all(|rate| rate.is_finite() && rate > 0.0), "{peaks:?}");
    }
}
