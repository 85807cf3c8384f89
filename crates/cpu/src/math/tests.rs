//! The error bounds of the functions, on every path of the machine. Not of the kernels that use them.

use super::*;
use crate::isa::Isa;
use crate::simd::{Body, MAX_LANES, dispatch};

#[derive(Clone, Copy)]
enum Function {
    Exp,
    ExpNonpositive,
    Exp2Coarse,
    Log,
    Log10,
    Erf,
    Gelu,
    GeluCoarse,
}

struct Apply<'a> {
    function: Function,
    x: &'a [f32],
    y: &'a mut Vec<f32>,
}

impl Body for Apply<'_> {
    type Out = ();
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for chunk in self.x.chunks(S::LANES) {
            let mut lanes = [0.0; MAX_LANES];
            // SAFETY: the chunk holds its own length, the array a vector.
            unsafe {
                let x = s.load_part(chunk.as_ptr(), chunk.len());
                let y = match self.function {
                    Function::Exp => exp(s, x),
                    Function::ExpNonpositive => exp_nonpositive(s, x),
                    Function::Exp2Coarse => exp2_coarse(s, x),
                    Function::Log => log(s, x),
                    Function::Log10 => log10(s, x),
                    Function::Erf => erf(s, x),
                    Function::Gelu => gelu(s, x),
                    Function::GeluCoarse => gelu_coarse(s, x),
                };
                s.store(lanes.as_mut_ptr(), y);
            }
            self.y.extend_from_slice(&lanes[..chunk.len()]);
        }
    }
}

fn apply(isa: Isa, function: Function, x: &[f32]) -> Vec<f32> {
    let mut y = Vec::new();
    dispatch(isa, Apply { function, x, y: &mut y });
    y
}

/// Every `step`-th float of either sign, and none that is NaN or infinite.
fn floats(step: usize) -> Vec<f32> {
    let positive = (0..0x7f80_0000u32).step_by(step).map(f32::from_bits);
    positive.clone().chain(positive.map(|x| -x)).collect()
}

/// The distance of `got` from `want` in units of the last place of `want`, a normal f32.
fn ulps(got: f32, want: f64) -> f64 {
    let exponent = want.abs().log2().floor().max(-126.0);
    (f64::from(got) - want).abs() / (exponent - 23.0).exp2()
}

/// erf in f64: its series near 0, the continued fraction of erfc beyond.
fn erf64(x: f64) -> f64 {
    let z = x.abs();
    if z < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..90 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    (1.0 - erfc64(z)).copysign(x)
}

/// erfc in f64 for z >= 2.5.
fn erfc64(z: f64) -> f64 {
    let fraction = (1..=120).rev().fold(z, |f, k| z + f64::from(k) / 2.0 / f);
    (-z * z).exp() / (fraction * std::f64::consts::PI.sqrt())
}

fn gelu64(x: f64) -> f64 {
    let z = x / std::f64::consts::SQRT_2;
    if z < -2.5 { 0.5 * x * erfc64(-z) } else { 0.5 * x * (1.0 + erf64(z)) }
}

/// The greatest error of `function` over `x`, as `error(got, x)` measures it, on each path.
fn worst(function: Function, x: &[f32], error: impl Fn(f32, f32) -> f64) -> f64 {
    let mut worst = (0.0, 0.0);
    for isa in Isa::available() {
        for (&x, y) in x.iter().zip(apply(isa, function, x)) {
            let e = error(y, x);
            assert!(!e.is_nan(), "{isa}: f({x}) = {y}");
            if e > worst.0 {
                worst = (e, x);
            }
        }
    }
    println!("worst {} at {}", worst.0, worst.1);
    worst.0
}

#[test]
fn a_coarse_power_of_two_is_within_its_bound_and_exact_for_0() {
    let x: Vec<f32> = floats(997).into_iter().filter(|x| (-120.0..127.0).contains(x)).collect();
    let relative = |y: f32, x: f32| (f64::from(y) / f64::from(x).exp2() - 1.0).abs();
    assert!(worst(Function::Exp2Coarse, &x, relative) <= 9e-5);
    for isa in Isa::available() {
        let y = apply(isa, Function::Exp2Coarse, &[0.0, 130.0, -200.0, -1e30, f32::NEG_INFINITY]);
        assert_eq!(y, [1.0, f32::INFINITY, 0.0, 0.0, 0.0], "{isa}");
    }
}

#[test]
fn exp_is_within_2_ulp() {
    let x: Vec<f32> = floats(997).into_iter().filter(|x| (-87.3..88.72).contains(x)).collect();
    assert!(worst(Function::Exp, &x, |y, x| ulps(y, f64::from(x).exp())) <= 2.0);
}

#[test]
fn exp_of_special_values() {
    let x = [-105.0, f32::NEG_INFINITY, -1e30, 89.0, f32::INFINITY, 0.0, -0.0, f32::NAN, -100.0];
    for isa in Isa::available() {
        let y = apply(isa, Function::Exp, &x);
        assert_eq!(y[..7], [0.0, 0.0, 0.0, f32::INFINITY, f32::INFINITY, 1.0, 1.0], "{isa}");
        assert!(y[7].is_nan(), "{isa}");
        assert!((y[8] - f32::from_bits(27)).abs() <= f32::from_bits(2), "{isa}: {}", y[8]);
    }
}

#[test]
fn exp_nonpositive_has_the_bits_of_exp_or_is_0() {
    let mut x: Vec<f32> = floats(9973).into_iter().filter(|&x| x <= 0.0).collect();
    x.extend([f32::NEG_INFINITY, LEAST_NORMAL, LEAST_NORMAL.next_down()]);
    for isa in Isa::available() {
        let normal = |(x, y): (&f32, f32)| if *x < LEAST_NORMAL { 0.0 } else { y };
        let want: Vec<f32> = x.iter().zip(apply(isa, Function::Exp, &x)).map(normal).collect();
        assert_eq!(apply(isa, Function::ExpNonpositive, &x), want, "{isa}");
        assert!(want.iter().all(|y| *y == 0.0 || y.is_normal()), "{isa}");
    }
}

#[test]
fn log_is_within_2_ulp() {
    let mut x: Vec<f32> = floats(997).into_iter().filter(|&x| x > 0.0).collect();
    x.extend((0..0x20_0000).map(|i| f32::from_bits(0x3f70_0000 + i))); // Around 1, where it is 0.
    let error = |y: f32, x: f32| if x == 1.0 { f64::from(y.abs()) } else { ulps(y, f64::from(x).ln()) };
    assert!(worst(Function::Log, &x, error) <= 2.0);
}

#[test]
fn log10_is_within_its_bound() {
    let x: Vec<f32> = floats(997).into_iter().filter(|&x| x > 0.0).collect();
    let error = |y: f32, x: f32| {
        let want = f64::from(x).log10();
        if (f64::from(y) - want).abs() <= 1e-7 { 0.0 } else { ulps(y, want) }
    };
    assert!(worst(Function::Log10, &x, error) <= 3.0);
}

#[test]
fn log_of_special_values() {
    let x = [0.0, -0.0, -1.0, f32::NAN, f32::INFINITY, 1.0, f32::NEG_INFINITY];
    for isa in Isa::available() {
        let y = apply(isa, Function::Log, &x);
        assert_eq!(y[..2], [f32::NEG_INFINITY; 2], "{isa}");
        assert!(y[2].is_nan() && y[3].is_nan() && y[6].is_nan(), "{isa}: {y:?}");
        assert_eq!(y[4..6], [f32::INFINITY, 0.0], "{isa}");
    }
}

#[test]
fn erf_is_within_its_bound() {
    let mut x: Vec<f32> = floats(9973).into_iter().filter(|x| x.abs() > 1e-30).collect();
    x.extend((0..400_000).map(|i| i as f32 / 100_000.0 + 1e-6));
    let error = |y: f32, x: f32| {
        let want = erf64(f64::from(x));
        ((f64::from(y) - want) / want).abs()
    };
    assert!(worst(Function::Erf, &x, error) <= 2.5e-7);
}

#[test]
fn gelu_is_within_its_bound() {
    let mut x: Vec<f32> = floats(9973).into_iter().filter(|x| x.abs() > 1e-30).collect();
    x.extend((0..1_000_000).map(|i| i as f32 / 50_000.0 - 10.0 + 1e-6));
    let error = |y: f32, x: f32| ((f64::from(y) - gelu64(f64::from(x))) / f64::from(x)).abs();
    assert!(worst(Function::Gelu, &x, error) <= 2e-7);
}

#[test]
fn coarse_gelu_is_within_its_bound_and_keeps_nan() {
    let x: Vec<f32> = floats(997).into_iter().filter(|x| x.abs() < 1e6).collect();
    let error = |y: f32, x: f32| (f64::from(y) - gelu64(f64::from(x))).abs() / f64::from(x.abs().max(1000.0));
    assert!(worst(Function::GeluCoarse, &x, error) <= 2e-7);
    for isa in Isa::available() {
        let y = apply(isa, Function::GeluCoarse, &[0.0, 1e30, f32::NAN]);
        assert_eq!(y[0], 0.0, "{isa}");
        assert!((y[1] / 1e30 - 1.0).abs() < 2e-7 && y[2].is_nan(), "{isa}: {y:?}");
    }
}

#[test]
fn gelu_of_special_values() {
    for isa in Isa::available() {
        let y = apply(isa, Function::Gelu, &[0.0, -0.0, f32::INFINITY, 1e30, f32::NAN]);
        assert_eq!(y[..4], [0.0, 0.0, f32::INFINITY, 1e30], "{isa}");
        assert!(y[4].is_nan(), "{isa}");
    }
}
