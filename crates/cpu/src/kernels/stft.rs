//! Power spectra of overlapping frames: the short-time Fourier transform of 400 samples that log-mel starts
//! from. Not a general transform, and not the mel filters: those are a matrix product.
//!
//! `LANES` frames are transformed at once, one in each lane. A real frame of 400 is a complex one of 200 (even
//! samples real, odd ones imaginary), which is taken apart by decimation in frequency in the order 5, 5, 4, 2
//! (Stockham's form, natural order out), and its spectrum is put together from that of the halves.

use std::f64::consts::TAU;
use std::ops::Range;

use super::linear::Out;
use super::rows::SharedRows;
use super::scratch::{Shares, scratch_len};
use super::{Cx, cut, shares};
use crate::aligned::{Aligned, Region};
use crate::isa::Isa;
use crate::simd::{Body, MAX_LANES, Simd, dispatch};

/// Samples of a frame.
pub const FRAME: usize = 400;
/// Values of a power spectrum.
pub const BINS: usize = FRAME / 2 + 1;

const HALF: usize = FRAME / 2;
const RADICES: [usize; 4] = [5, 5, 4, 2];

/// The constants of a transform.
#[derive(Debug, Clone)]
pub struct Stft {
    window: Aligned<f32>,
    hop: usize,
    /// `e^(-2 pi i j / 400)`: cosine and sine for each j.
    turns: Aligned<[f32; 2]>,
}

impl Stft {
    /// Bytes of a region that the constants take.
    pub const BYTES: usize =
        Region::room(FRAME * size_of::<f32>()) + Region::room(FRAME * size_of::<[f32; 2]>());

    /// A transform with this window, frames `hop` samples apart.
    ///
    /// # Panics
    /// When the window is not [`FRAME`] values.
    pub fn new(window: &[f32], hop: usize) -> Self {
        let mut stft = Self::place(hop, &mut Region::new(Self::BYTES));
        stft.fill(window);
        stft
    }

    /// A transform in memory of `region`, frames `hop` samples apart: what lies there, if it was filled.
    pub fn place(hop: usize, region: &mut Region) -> Self {
        Self { window: region.take(FRAME), hop, turns: region.take(FRAME) }
    }

    /// Writes the constants of this window.
    ///
    /// # Panics
    /// When the window is not [`FRAME`] values.
    pub fn fill(&mut self, window: &[f32]) {
        assert_eq!(window.len(), FRAME, "the window of a frame");
        self.window.copy_from_slice(window);
        for (j, turn) in self.turns.iter_mut().enumerate() {
            let angle = -TAU * j as f64 / FRAME as f64;
            *turn = [angle.cos() as f32, angle.sin() as f32];
        }
    }

    /// The samples that `frames` frames span.
    pub fn span(&self, frames: usize) -> usize {
        if frames == 0 { 0 } else { (frames - 1) * self.hop + FRAME }
    }
}

/// The f32 values of scratch that [`power_spectrum`] needs.
pub fn power_spectrum_scratch(isa: Isa, threads: usize) -> usize {
    scratch_len(threads, 4 * HALF * isa.lanes())
}

/// `out[f][b] = re^2 + im^2` of bin `b` of the windowed frame that starts at sample `f * hop`, for `[frames, 201]`.
///
/// Each value is within 2e-6 of the greatest of its frame, and its square root within 5e-7 of the greatest root.
///
/// # Panics
/// When the signal is shorter than [`Stft::span`], or shapes or scratch don't fit.
pub fn power_spectrum(cx: Cx<'_>, signal: &[f32], stft: &Stft, out: Out<'_, '_>) {
    let Out { mut rows, scratch } = out;
    let (frames, threads) = (rows.rows(), cx.pool.threads());
    assert_eq!(rows.cols(), BINS, "bins of a spectrum");
    assert!(signal.len() >= stft.span(frames), "{} samples for {frames} frames", signal.len());
    let groups = frames.div_ceil(cx.isa.lanes());
    let scratch = Shares::new(scratch, threads, 4 * HALF * cx.isa.lanes());
    let out = rows.shared();
    let parts = shares(cx.pool, groups);
    cx.pool.run_on(parts, &|thread, part| {
        // SAFETY: no two parts run on one thread at the same time.
        let scratch = unsafe { scratch.of(thread) };
        let which = cut(part, parts, groups);
        dispatch(cx.isa, Groups { signal, stft, frames, out, which, scratch });
    });
}

/// Some groups of `LANES` frames.
struct Groups<'a, 's> {
    signal: &'a [f32],
    stft: &'a Stft,
    frames: usize,
    out: SharedRows<'a>,
    which: Range<usize>,
    scratch: &'s mut [f32],
}

impl Body for Groups<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let len = 2 * HALF * S::LANES;
        let (a, b) = self.scratch.split_at_mut(len);
        let b = &mut b[..len];
        for group in self.which {
            let first = group * S::LANES;
            let count = S::LANES.min(self.frames - first);
            gather(s, self.signal, self.stft, (first, count), a);
            let (mut n, mut stride) = (HALF, 1);
            let (mut from, mut to) = (&mut *a, &mut *b);
            for radix in RADICES {
                match radix {
                    5 => pass::<S, 5>(s, from, to, (n, stride), &self.stft.turns),
                    4 => pass::<S, 4>(s, from, to, (n, stride), &self.stft.turns),
                    _ => pass::<S, 2>(s, from, to, (n, stride), &self.stft.turns),
                }
                n /= radix;
                stride *= radix;
                std::mem::swap(&mut from, &mut to);
            }
            for bin in 0..BINS {
                let power = power(s, from, bin, self.stft.turns[bin]);
                let mut lanes = [0.0; MAX_LANES];
                // SAFETY: the array holds a vector.
                unsafe { s.store(lanes.as_mut_ptr(), power) };
                for (lane, &x) in lanes.iter().enumerate().take(count) {
                    // SAFETY: the bin is within the row, and each frame is in one part.
                    unsafe { *self.out.row(first + lane).add(bin) = x };
                }
            }
        }
    }
}

type Complex<V> = [V; 2];

/// Element `i` of a buffer of `LANES` complex values each: real parts, then imaginary ones.
#[inline(always)]
fn get<S: Simd>(s: S, buf: &[f32], i: usize) -> Complex<S::V> {
    let from = &buf[i * 2 * S::LANES..][..2 * S::LANES];
    // SAFETY: the slice holds two vectors.
    unsafe { [s.load(from.as_ptr()), s.load(from.as_ptr().add(S::LANES))] }
}

#[inline(always)]
fn put<S: Simd>(s: S, buf: &mut [f32], i: usize, x: Complex<S::V>) {
    let to = &mut buf[i * 2 * S::LANES..][..2 * S::LANES];
    // SAFETY: the slice holds two vectors.
    unsafe {
        s.store(to.as_mut_ptr(), x[0]);
        s.store(to.as_mut_ptr().add(S::LANES), x[1]);
    }
}

#[inline(always)]
fn add<S: Simd>(s: S, a: Complex<S::V>, b: Complex<S::V>) -> Complex<S::V> {
    [s.add(a[0], b[0]), s.add(a[1], b[1])]
}

#[inline(always)]
fn sub<S: Simd>(s: S, a: Complex<S::V>, b: Complex<S::V>) -> Complex<S::V> {
    [s.sub(a[0], b[0]), s.sub(a[1], b[1])]
}

#[inline(always)]
fn times<S: Simd>(s: S, a: Complex<S::V>, turn: [f32; 2]) -> Complex<S::V> {
    let (re, im) = (s.splat(turn[0]), s.splat(turn[1]));
    [s.sub(s.mul(a[0], re), s.mul(a[1], im)), s.fma(a[0], im, s.mul(a[1], re))]
}

/// `f[0] u + f[1] v`.
#[inline(always)]
fn mix<S: Simd>(s: S, u: Complex<S::V>, v: Complex<S::V>, f: [f32; 2]) -> Complex<S::V> {
    let (f, g) = (s.splat(f[0]), s.splat(f[1]));
    [s.fma(u[0], f, s.mul(v[0], g)), s.fma(u[1], f, s.mul(v[1], g))]
}

/// `-i a`.
#[inline(always)]
fn turned<S: Simd>(s: S, a: Complex<S::V>) -> Complex<S::V> {
    [a[1], s.neg(a[0])]
}

/// Loads and windows a group of frames; even samples are real parts, odd ones imaginary.
#[inline(always)]
fn gather<S: Simd>(s: S, signal: &[f32], stft: &Stft, (first, count): (usize, usize), buf: &mut [f32]) {
    let frames: [&[f32]; MAX_LANES] = std::array::from_fn(|lane| {
        let frame = first + lane.min(count - 1);
        &signal[frame * stft.hop..][..FRAME]
    });
    for (i, to) in buf.chunks_exact_mut(S::LANES).enumerate() {
        let mut lanes = [0.0; MAX_LANES];
        for (lane, frame) in lanes.iter_mut().zip(&frames).take(S::LANES) {
            *lane = frame[i];
        }
        // SAFETY: the array and the chunk hold a vector.
        unsafe { s.store(to.as_mut_ptr(), s.mul(s.load(lanes.as_ptr()), s.splat(stft.window[i]))) };
    }
}

/// One pass over transforms of `n` values at `stride`.
#[inline(always)]
fn pass<S: Simd, const R: usize>(
    s: S,
    from: &[f32],
    to: &mut [f32],
    (n, stride): (usize, usize),
    turns: &[[f32; 2]],
) {
    let m = n / R;
    for p in 0..m {
        let turn: [[f32; 2]; R] = std::array::from_fn(|j| turns[p * j * (FRAME / n) % FRAME]);
        for q in 0..stride {
            let mut x = [[s.splat(0.0); 2]; R];
            for (j, x) in x.iter_mut().enumerate() {
                *x = get(s, from, q + stride * (p + m * j));
            }
            let y = butterfly(s, x);
            put(s, to, q + stride * R * p, y[0]);
            for j in 1..R {
                put(s, to, q + stride * (R * p + j), times(s, y[j], turn[j]));
            }
        }
    }
}

/// The transform of 2, 4 or 5 values.
#[inline(always)]
fn butterfly<S: Simd, const R: usize>(s: S, x: [Complex<S::V>; R]) -> [Complex<S::V>; R] {
    let mut y = x;
    match R {
        2 => {
            y[0] = add(s, x[0], x[1]);
            y[1] = sub(s, x[0], x[1]);
        }
        4 => {
            let (a, b) = (add(s, x[0], x[2]), sub(s, x[0], x[2]));
            let (c, d) = (add(s, x[1], x[3]), turned(s, sub(s, x[1], x[3])));
            y[0] = add(s, a, c);
            y[1] = add(s, b, d);
            y[2] = sub(s, a, c);
            y[3] = sub(s, b, d);
        }
        5 => {
            // cos and sin of 2 pi / 5 and 4 pi / 5.
            const C: [f32; 2] = [0.309_017, -0.809_017];
            const D: [f32; 2] = [0.951_056_54, 0.587_785_24];
            let (a, b) = (add(s, x[1], x[4]), add(s, x[2], x[3]));
            let (c, d) = (sub(s, x[1], x[4]), sub(s, x[2], x[3]));
            let e = add(s, x[0], mix(s, a, b, C));
            let f = add(s, x[0], mix(s, a, b, [C[1], C[0]]));
            let g = turned(s, mix(s, c, d, D));
            let h = turned(s, mix(s, c, d, [D[1], -D[0]]));
            y[0] = add(s, x[0], add(s, a, b));
            y[1] = add(s, e, g);
            y[4] = sub(s, e, g);
            y[2] = add(s, f, h);
            y[3] = sub(s, f, h);
        }
        _ => unreachable!("radix {R}"),
    }
    y
}

/// The power of a bin of the real transform, from the complex transform of half the length.
#[inline(always)]
fn power<S: Simd>(s: S, spectrum: &[f32], bin: usize, turn: [f32; 2]) -> S::V {
    let a = get(s, spectrum, bin % HALF);
    let b = get(s, spectrum, (HALF - bin) % HALF);
    let b = [b[0], s.neg(b[1])];
    let even = add(s, a, b);
    let odd = times(s, turned(s, sub(s, a, b)), turn);
    let [re, im] = add(s, even, odd);
    s.mul(s.fma(re, re, s.mul(im, im)), s.splat(0.25))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rows::RowsMut;
    use crate::kernels::testing::{assert_same_bits, noise, on_every_path};

    fn hann() -> Vec<f32> {
        (0..FRAME).map(|i| (0.5 - 0.5 * (TAU * i as f64 / FRAME as f64).cos()) as f32).collect()
    }

    fn reference(frame: &[f32], window: &[f32]) -> Vec<f64> {
        let bin = |b: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, (&x, &w)) in frame.iter().zip(window).enumerate() {
                let angle = TAU * (b * i % FRAME) as f64 / FRAME as f64;
                re += f64::from(x) * f64::from(w) * angle.cos();
                im -= f64::from(x) * f64::from(w) * angle.sin();
            }
            re * re + im * im
        };
        (0..BINS).map(bin).collect()
    }

    fn run(cx: Cx<'_>, signal: &[f32], stft: &Stft, frames: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; frames * BINS];
        let mut scratch = vec![f32::NAN; power_spectrum_scratch(cx.isa, cx.pool.threads())];
        let rows = RowsMut::new(&mut out, frames, BINS);
        power_spectrum(cx, signal, stft, Out { rows, scratch: &mut scratch });
        out
    }

    #[test]
    fn agrees_with_the_f64_transform() {
        let window = hann();
        let stft = Stft::new(&window, 160);
        let frames = 37;
        let mut signal = noise(1, stft.span(frames));
        for (i, x) in signal.iter_mut().enumerate().skip(2000).take(2000) {
            *x = (i as f32 * 0.3).sin(); // Some frames with a great range between bins.
        }
        let (mut worst, mut worst_root) = (0.0f64, 0.0f64);
        on_every_path(|cx| {
            let got = run(cx, &signal, &stft, frames);
            for f in 0..frames {
                let want = reference(&signal[f * 160..][..FRAME], &window);
                let greatest = want.iter().copied().fold(0.0, f64::max);
                for (&g, &w) in got[f * BINS..][..BINS].iter().zip(&want) {
                    worst = worst.max((f64::from(g) - w).abs() / greatest);
                    worst_root = worst_root.max((f64::from(g).sqrt() - w.sqrt()).abs() / greatest.sqrt());
                }
            }
        });
        println!("worst {worst:e}, of roots {worst_root:e}");
        assert!(worst <= 2e-6 && worst_root <= 5e-7, "{worst:e} {worst_root:e}");
    }

    #[test]
    fn a_frame_does_not_know_its_company() {
        let stft = Stft::new(&hann(), 160);
        let signal = noise(2, stft.span(40));
        on_every_path(|cx| {
            let all = run(cx, &signal, &stft, 40);
            for f in [0, 1, 17, 39] {
                let one = run(cx, &signal[f * 160..][..FRAME], &stft, 1);
                assert_same_bits(&one, &all[f * BINS..][..BINS], cx.isa.name());
            }
        });
    }
}
