//! Products of narrow factors at odd sizes against f64, and their bits for any rows and threads. Not their speed.

use half::bf16;

use super::*;
use crate::kernels::linear::{Activation, Factors};
use crate::kernels::rows::{Rows, RowsMut};
use crate::kernels::testing::{assert_close, assert_same_bits, noise};
use crate::pool::Pool;

/// The paths of this machine that multiply bfloat16.
fn paths() -> impl Iterator<Item = Isa> {
    Isa::available().filter(|isa| isa.multiplies_bf16())
}

fn rounded(seed: u64, len: usize) -> Vec<bf16> {
    noise(seed, len).into_iter().map(bf16::from_f32).collect()
}

fn bytes(x: &[bf16]) -> Vec<u8> {
    x.iter().flat_map(|x| x.to_bits().to_ne_bytes()).collect()
}

fn product(cx: Cx<'_>, x: &[u8], rows: usize, weights: &Groups, epilogue: &Epilogue<'_>) -> Vec<f32> {
    let width = weights.factor().bytes() * weights.k();
    let mut out = vec![0.5; rows * weights.n()];
    let count = epilogue.factors.map_or(1, |f| f.digits) * rows;
    let mut scratch =
        vec![f32::NAN; narrow_scratch(cx.isa, cx.pool.threads(), count, (weights.factor(), weights.k()))];
    let x = NarrowRows::new(x, count, [width, width]);
    let target = Out { rows: RowsMut::new(&mut out, rows, weights.n()), scratch: &mut scratch };
    narrow_linear(cx, x, weights, epilogue, target);
    out
}

#[test]
fn agrees_with_f64_at_odd_sizes() {
    for [rows, n, k] in
        [[1, 1, 1], [1, 33, 17], [2, 31, 32], [5, 64, 40], [13, 70, 31], [33, 100, 129], [130, 5, 3]]
    {
        let (x, w, residual) = (rounded(1, rows * k), rounded(2, n * k), noise(3, rows * n));
        let dot = |i: usize, j: usize| -> f64 {
            (0..k).map(|c| x[i * k + c].to_f64() * w[j * k + c].to_f64()).sum()
        };
        let want: Vec<f64> = (0..rows * n).map(|i| dot(i / n, i % n) + f64::from(residual[i])).collect();
        let residual = Residual::Rows(Rows::new(&residual, rows, n));
        let epilogue = Epilogue { residual, ..Epilogue::default() };
        for isa in paths() {
            for threads in 1..=3 {
                let pool = Pool::new(threads);
                let weights = Groups::of_bf16(isa, &w, [n, k]);
                let got = product(Cx { isa, pool: &pool }, &bytes(&x), rows, &weights, &epilogue);
                assert_close(&got, &want, 1e-5, &format!("{isa} {rows} {n} {k}"));
            }
        }
    }
}

#[test]
fn rows_and_threads_do_not_change_bits() {
    let (n, k) = (131, 203);
    let (x, w, bias) = (bytes(&rounded(4, 300 * k)), rounded(5, n * k), noise(6, n));
    let epilogue = Epilogue { bias: Some(&bias), activation: Some(Activation::Gelu), ..Epilogue::default() };
    for isa in paths() {
        let weights = Groups::of_bf16(isa, &w, [n, k]);
        let one = Pool::new(1);
        let single: Vec<f32> = (0..300)
            .flat_map(|r| product(Cx { isa, pool: &one }, &x[2 * r * k..], 1, &weights, &epilogue))
            .collect();
        for threads in 1..=4 {
            let pool = Pool::new(threads);
            for rows in (1..=14).chain([16, 17, 32, 33, 300]) {
                let got = product(Cx { isa, pool: &pool }, &x, rows, &weights, &epilogue);
                let what = format!("{isa}, {rows} rows, {threads} threads");
                assert_same_bits(&got, &single[..rows * n], &what);
            }
        }
    }
}

/// Integers of every value of so many bits, the least among them.
fn signed(seed: u64, len: usize, bits: u32) -> Vec<u8> {
    let least = -f32::from(1_i16 << (bits - 1));
    let integer = |x: f32| (x * least).min(-least - 1.0) as i8;
    let mut x: Vec<u8> = noise(seed, len).into_iter().map(|x| integer(x).cast_unsigned()).collect();
    x[0] = (least as i8).cast_unsigned();
    x
}

#[test]
fn bytes_add_up_exactly_whatever_multiplies_them() {
    sums_are_exact(8, Groups::of_i8);
}

#[test]
fn so_do_weights_of_four_bits() {
    sums_are_exact(4, Groups::of_i4);
}

fn sums_are_exact(bits: u32, pack: fn(Isa, &[u8], [usize; 2]) -> Groups) {
    let value = |x: &u8| i32::from(x.cast_signed());
    for ([rows, n, k], digits) in [
        [1, 1, 1],
        [1, 33, 17],
        [2, 31, 64],
        [5, 9, 70],
        [12, 64, 65],
        [13, 70, 31],
        [33, 100, 259],
        [130, 5, 3],
    ]
    .into_iter()
    .flat_map(|shape| [(shape, 1), (shape, 2)])
    {
        let x = signed(1, digits * rows * k, 8);
        let (w, residual) = (signed(2, n * k, bits), noise(3, rows * n));
        let factors = Factors { rows: &noise(4, rows), outputs: &noise(5, n), digits };
        let epilogue = Epilogue {
            factors: Some(factors),
            residual: Residual::Rows(Rows::new(&residual, rows, n)),
            ..Epilogue::default()
        };
        let want = |i: usize, j: usize| {
            let sum =
                |row: &[u8]| row.iter().zip(&w[j * k..][..k]).map(|(x, w)| value(x) * value(w)).sum::<i32>();
            let digits = x[digits * i * k..][..digits * k].chunks(k).rev();
            digits.fold(0.0, |less: f32, digit| sum(digit) as f32 + less * (1.0 / 254.0))
                * (factors.outputs[j] * factors.rows[i])
                + residual[i * n + j]
        };
        let want: Vec<f32> = (0..rows * n).map(|at| want(at / n, at % n)).collect();
        for isa in Isa::available() {
            for threads in 1..=3 {
                let pool = Pool::new(threads);
                let weights = pack(isa, &w, [n, k]);
                let got = product(Cx { isa, pool: &pool }, &x, rows, &weights, &epilogue);
                assert_same_bits(&got, &want, &format!("{isa} {rows} {n} {k}"));
            }
        }
    }
}
