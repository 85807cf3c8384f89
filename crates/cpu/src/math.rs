//! Vector exp, log, erf and GELU with stated error bounds. Not correctly rounded: each doc says how close.
//!
//! Polynomials are minimax fits (Lawson iteration over Chebyshev nodes) of the functions named beside them.
//! Each bound holds on every path, against the function in f64, and the tests sweep for it.

use crate::simd::Simd;

const LN2_HI: f32 = 0.693_359_4;
const LN2_LO: f32 = -2.121_944_4e-4;

/// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
const EXP: [f32; 5] = [0.499_999_94, 0.166_665_21, 0.041_668_39, 0.008_368_736, 0.001_381_455_8];
/// (ln(1 + f) - f + f^2 / 2) / f^3 for 1 + f between the square roots of 1/2 and 2.
const LOG: [f32; 9] = [
    0.333_333_13,
    -0.250_000_1,
    0.200_021_19,
    -0.166_679_96,
    0.142_195_5,
    -0.124_055_915,
    0.118_881_75,
    -0.116_756_41,
    0.067_466_01,
];
/// ln(erfc(a / sqrt(2))) / a for a in 0..=8.
const TAIL: [f32; 11] = [
    -0.797_885_24,
    -0.318_301_7,
    -0.036_368_884,
    0.004_844_010_3,
    -2.155_295_6e-5,
    -0.000_186_047_52,
    5.228_115_7e-5,
    -8.004_341e-6,
    7.394_022_5e-7,
    -3.854_167e-8,
    8.711_758_5e-10,
];
/// erf(z) / z in powers of z^2 for z in 0..=1.
const ERF: [f32; 7] = [
    std::f32::consts::FRAC_2_SQRT_PI,
    -0.376_126_26,
    0.112_835_854,
    -0.026_853_81,
    0.005_188_328,
    -0.000_801_019_25,
    7.853_858e-5,
];

/// `c[0] + c[1] x + c[2] x^2 + ..`
#[inline(always)]
fn horner<S: Simd, const N: usize>(s: S, x: S::V, c: [f32; N]) -> S::V {
    let mut acc = s.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        acc = s.fma(acc, x, s.splat(c[i]));
    }
    acc
}

/// `e^x` within 2 ULP where the result is normal, gradual underflow below it; 0 under -104, infinity over
/// 88.7229, NaN for NaN.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // With the constant first, min and max hand a NaN through.
    let x = s.max(s.splat(-110.0), s.min(s.splat(90.0), x));
    exp_clamped(s, x)
}

/// [`exp`] for arguments within -110..=90 only: the sums of softmax, whose arguments are never above 0.
#[inline(always)]
fn exp_clamped<S: Simd>(s: S, x: S::V) -> S::V {
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.fma(n, s.splat(-LN2_HI), x);
    let r = s.fma(n, s.splat(-LN2_LO), r);
    let q = horner(s, r, EXP);
    let p = s.fma(s.mul(r, r), q, s.add(r, s.splat(1.0)));
    s.scale2(p, n)
}

/// The least argument of [`exp_nonpositive`] whose result is normal, a little rounded up.
const LEAST_NORMAL: f32 = -87.336;

/// `e^x` for `x <= 0` (or NaN): [`exp`] without the upper clamp, with the same results, but 0 where they would not be
/// normal. A sum of weights loses nothing, and processors take a hundred cycles for such a result: rows of logits are
/// full of minus infinity.
#[inline(always)]
pub fn exp_nonpositive<S: Simd>(s: S, x: S::V) -> S::V {
    let y = exp_clamped(s, s.max(s.splat(LEAST_NORMAL), x));
    s.select(s.lt(x, s.splat(LEAST_NORMAL)), s.splat(0.0), y)
}

/// 2^f for 0 <= f <= 1, relative error 8.6e-5, none at 0.
const EXP2: [f32; 4] = [1.0, 0.695_116_8, 0.227_645, 0.077_067_04];

/// `2^x` for `x < 128` within 9e-5 of the true value, relative to it, and 1 for 0: for weights that are rounded to
/// bfloat16, whose own error is up to 4e-3. Infinity above, 0 far below.
#[inline(always)]
pub fn exp2_coarse<S: Simd>(s: S, x: S::V) -> S::V {
    let [fraction, whole] = s.split(x);
    s.scale2(horner(s, fraction, EXP2), whole)
}

/// The natural logarithm within 2 ULP; -infinity for 0, NaN below 0 and for NaN, infinity for infinity.
#[inline(always)]
pub fn log<S: Simd>(s: S, x: S::V) -> S::V {
    let tiny = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let y = s.select(tiny, s.mul(x, s.splat(8_388_608.0)), x);
    let lift = s.select(tiny, s.splat(-23.0), s.splat(0.0));
    // Splits y = 2^e * m with m between the square roots of 1/2 and 2.
    let bits = s.sub_i(s.bits(y), s.splat_i(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32));
    let e = s.add(s.to_float(s.sar(bits, 23)), lift);
    let mantissa = s.and_i(bits, s.splat_i(0x007f_ffff));
    let m = s.of_bits(s.add_i(mantissa, s.splat_i(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32)));
    let f = s.sub(m, s.splat(1.0));
    let f2 = s.mul(f, f);
    let tail = s.fma(e, s.splat(LN2_LO), s.mul(s.mul(f2, f), horner(s, f, LOG)));
    let tail = s.sub(tail, s.mul(s.splat(0.5), f2));
    let y = s.fma(e, s.splat(LN2_HI), s.add(f, tail));
    let y = s.select(s.lt(s.splat(f32::MAX), x), s.splat(f32::INFINITY), y);
    let zero = s.splat(0.0);
    let y = s.select(s.lt(zero, x), y, s.splat(f32::NAN));
    let is_zero = s.lt(s.abs(x), s.splat(f32::from_bits(1)));
    s.select(is_zero, s.splat(f32::NEG_INFINITY), y)
}

/// The base-10 logarithm within 3 ULP, or 1e-7 absolute where that is more; special values as [`log`].
#[inline(always)]
pub fn log10<S: Simd>(s: S, x: S::V) -> S::V {
    s.mul(log(s, x), s.splat(std::f32::consts::LOG10_E))
}

/// `erfc(a / sqrt(2))` for `a >= 0`; constant from 8 on, where it is 1e-15.
#[inline(always)]
fn tail<S: Simd>(s: S, a: S::V) -> S::V {
    let a = s.min(s.splat(8.0), a);
    exp_nonpositive(s, s.mul(a, horner(s, a, TAIL)))
}

/// The error function within 2.5e-7 of the true value, relative to it.
#[inline(always)]
pub fn erf<S: Simd>(s: S, x: S::V) -> S::V {
    let z = s.abs(x);
    let near = s.mul(x, horner(s, s.mul(x, x), ERF));
    let far = s.sub(s.splat(1.0), tail(s, s.mul(z, s.splat(std::f32::consts::SQRT_2))));
    let far = s.select(s.lt(x, s.splat(0.0)), s.neg(far), far);
    s.select(s.lt(z, s.splat(1.0)), near, far)
}

/// GELU in its erf form, `0.5 x (1 + erf(x / sqrt(2)))`, within `2e-7 |x|` of the true value.
///
/// The tail of the normal distribution is computed directly, so there is no cancellation for negative `x`.
/// NaN for NaN, infinity for infinity; from -8 down the value is `x` times a constant of 3e-16.
#[inline(always)]
pub fn gelu<S: Simd>(s: S, x: S::V) -> S::V {
    let e = tail(s, s.abs(x));
    let twice = s.select(s.lt(x, s.splat(0.0)), e, s.sub(s.splat(2.0), e));
    s.mul(s.mul(x, s.splat(0.5)), twice)
}

/// The coefficients of an odd polynomial near `erf(x / sqrt(2)) / 2` up to [`FLAT`], where it is 1/2 to the last digit.
const HALF_ERF: [f32; 8] = [
    0.398_465_22,
    -0.065_528_2,
    0.009_298_229,
    -0.000_950_657_5,
    6.689_07e-5,
    -3.037_931_7e-6,
    7.941_34e-8,
    -9.017_533e-10,
];
const FLAT: f32 = 4.199_975;

/// GELU in its erf form within 1e-4 of the true value, or 2e-7 of `|x|` where that is more: for sums of narrow factors,
/// whose own error is far greater. NaN for NaN.
#[inline(always)]
pub fn gelu_coarse<S: Simd>(s: S, x: S::V) -> S::V {
    let z = s.max(s.splat(-FLAT), s.min(s.splat(FLAT), x));
    s.mul(x, s.fma(z, horner(s, s.mul(z, z), HALF_ERF), s.splat(0.5)))
}

#[cfg(test)]
mod tests;
