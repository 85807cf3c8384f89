//! The rules that every path's vector operations keep. Not of the functions built from them.

use super::*;

/// Runs a check written over any path on each path of this machine.
fn everywhere<B: Body<Out = ()> + Copy>(body: B) {
    for isa in Isa::available() {
        dispatch(isa, body);
    }
}

fn lanes<S: Simd>(s: S, v: S::V) -> Vec<f32> {
    let mut out = vec![0.0; S::LANES];
    // SAFETY: the vector holds LANES values.
    unsafe { s.store(out.as_mut_ptr(), v) };
    out
}

fn vector<S: Simd>(s: S, f: impl Fn(usize) -> f32) -> S::V {
    let values: Vec<f32> = (0..S::LANES).map(f).collect();
    // SAFETY: the vector holds LANES values.
    unsafe { s.load(values.as_ptr()) }
}

#[derive(Clone, Copy)]
struct Partial;
impl Body for Partial {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        let data: Vec<f32> = (1..=S::LANES).map(|i| i as f32).collect();
        for n in 0..=S::LANES {
            // SAFETY: n values are in the exact slice; out holds LANES.
            unsafe {
                let exact = data[..n].to_vec();
                let v = s.load_part(exact.as_ptr(), n);
                let want: Vec<f32> = (0..S::LANES).map(|i| if i < n { data[i] } else { 0.0 }).collect();
                assert_eq!(lanes(s, v), want, "{}", S::ISA);
                let mut out = vec![-1.0; S::LANES];
                s.store_part(out.as_mut_ptr(), v, n);
                assert!((0..S::LANES).all(|i| out[i] == if i < n { data[i] } else { -1.0 }), "{}", S::ISA);
                let mixed = lanes(s, s.first(n, s.splat(1.0), s.splat(2.0)));
                assert!((0..S::LANES).all(|i| mixed[i] == if i < n { 1.0 } else { 2.0 }), "{}", S::ISA);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Rules;
impl Body for Rules {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        let (nan, one) = (s.splat(f32::NAN), s.splat(1.0));
        assert_eq!(lanes(s, s.max(nan, one))[0], 1.0);
        assert!(lanes(s, s.max(one, nan))[0].is_nan());
        assert_eq!(lanes(s, s.min(nan, one))[0], 1.0);
        assert!(lanes(s, s.min(one, nan))[0].is_nan());
        assert!(!s.any(s.lt(nan, one)) && s.any(s.lt(one, s.splat(2.0))));
        let v = vector(s, |i| i as f32 - 1.5);
        assert_eq!(lanes(s, s.neg(v)), lanes(s, v).iter().map(|x| -x).collect::<Vec<_>>());
        assert_eq!(lanes(s, s.abs(v)), lanes(s, v).iter().map(|x| x.abs()).collect::<Vec<_>>());
        let rounded: Vec<f32> = lanes(s, v).iter().map(|x| x.round_ties_even()).collect();
        assert_eq!(lanes(s, s.round(v)), rounded);
        assert_eq!(s.reduce_add(v), (0..S::LANES).map(|i| i as f32 - 1.5).sum::<f32>());
        assert_eq!(s.reduce_max(v), S::LANES as f32 - 2.5);
        for n in [-126.0f32, -1.0, 0.0, 3.0, 127.0] {
            assert_eq!(lanes(s, s.scale2(s.splat(1.5), s.splat(n)))[0], 1.5 * n.exp2(), "{} {n}", S::ISA);
        }
        let ints = s.to_int(vector(s, |i| 7.0 - 3.0 * i as f32));
        assert_eq!(s.reduce_max_i(ints), 7, "{}", S::ISA);
        let greater: Vec<f32> = (0..S::LANES).map(|i| (7.0 - 3.0 * i as f32).max(1.0)).collect();
        assert_eq!(lanes(s, s.to_float(s.max_i(ints, s.splat_i(1)))), greater, "{}", S::ISA);
        let bits = s.sar(s.shl(s.splat_i(-5), 2), 1);
        assert_eq!(lanes(s, s.to_float(bits))[0], -10.0);
    }
}

#[derive(Clone, Copy)]
struct Sums;
impl Body for Sums {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        let v = |k: usize| vector(s, |i| 1.0 / (1 + i * 7 + k * 31) as f32);
        let four = [v(0), v(1), v(2), v(3)];
        assert_eq!(s.reduce_add4(four), four.map(|v| s.reduce_add(v)), "{}", S::ISA);
    }
}

#[derive(Clone, Copy)]
struct Widening;
impl Body for Widening {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        let values: Vec<f32> = (0..S::LANES).map(|i| (i as f32 - 3.0) * 0.375).collect();
        let half: Vec<u16> = values.iter().map(|&x| half::f16::from_f32(x).to_bits()).collect();
        let brain: Vec<u16> = values.iter().map(|&x| half::bf16::from_f32(x).to_bits()).collect();
        // SAFETY: both hold LANES values.
        unsafe {
            assert_eq!(lanes(s, s.load_f16(half.as_ptr())), values, "{}", S::ISA);
            assert_eq!(lanes(s, s.load_bf16(brain.as_ptr())), values, "{}", S::ISA);
        }
    }
}

#[test]
fn partial_access_touches_only_its_lanes() {
    everywhere(Partial);
}

#[test]
fn four_sums_have_the_bits_of_each() {
    everywhere(Sums);
}

#[test]
fn operations_keep_their_rules() {
    everywhere(Rules);
}

#[test]
fn narrow_floats_widen_exactly() {
    everywhere(Widening);
}

#[derive(Clone, Copy)]
struct Narrow;
impl Body for Narrow {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        // Ties to even and away from it, what carries into the exponent, infinities, zeros, subnormals, NaN, one of
        // which would carry into the sign.
        let special: [u32; 10] = [
            0x3f80_8000,
            0x3f81_8000,
            0x3f7f_ffff,
            0x7f80_0000,
            0xff80_0000,
            0x8000_0000,
            1,
            0x7f7f_ffff,
            0x7fff_ffff,
            0xff80_0001,
        ];
        for shift in 0..10_u32 {
            let of = |i: usize| f32::from_bits(special[(i + shift as usize) % 10].wrapping_add(shift / 9));
            let values: Vec<f32> = (0..S::LANES).map(of).collect();
            let v = vector(s, |i| values[i]);
            let mut out = [0_u16; MAX_LANES + 1];
            // SAFETY: the array holds LANES values from its second on.
            unsafe { s.store_bf16(out.as_mut_ptr().add(1), v) };
            for (i, got) in out[1..=S::LANES].iter().enumerate() {
                let want = half::bf16::from_f32(values[i]).to_bits();
                assert_eq!(*got, want, "{}: {}", S::ISA, values[i]);
            }
            assert!(out[0] == 0 && out[S::LANES + 1..].iter().all(|x| *x == 0));
            if Isa::best().multiplies_bf16() {
                let mut pair = [0_u16; 2 * MAX_LANES];
                // SAFETY: the array holds two vectors, and the machine multiplies bfloat16.
                unsafe { s.store_bf16_pair(pair.as_mut_ptr(), [v, s.neg(v)]) };
                for (i, got) in pair[..2 * S::LANES].iter().enumerate() {
                    let value = values[i % S::LANES];
                    let value = if i < S::LANES { value } else { -value };
                    let want = half::bf16::from_f32(value);
                    let is_small = !value.is_normal() || want.to_f32().abs() < f32::MIN_POSITIVE;
                    let zero = want.to_bits() & 0x8000;
                    assert!(*got == want.to_bits() || is_small && *got == zero, "{}: {value}", S::ISA);
                }
            }
        }
    }
}

#[test]
fn narrow_values_are_the_nearest() {
    everywhere(Narrow);
}

#[derive(Clone, Copy)]
struct Bytes;
impl Body for Bytes {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        for first in -127..=127_i8 {
            // Halves, too: of two bytes the even one.
            let v = vector(s, |i| (f32::from(first) + i as f32 * 0.25).min(127.0));
            let want: Vec<i8> = lanes(s, v).iter().map(|x| x.round_ties_even() as i8).collect();
            let mut out = vec![99; S::LANES + 2];
            // SAFETY: the slice holds LANES bytes behind the first.
            let again = unsafe {
                s.store_i8(out.as_mut_ptr().add(1), v);
                s.load_i8(out.as_ptr().add(1))
            };
            assert_eq!(out[1..=S::LANES], want, "{}", S::ISA);
            assert_eq!([out[0], out[S::LANES + 1]], [99, 99], "{}", S::ISA);
            assert_eq!(lanes(s, again), want.iter().map(|x| f32::from(*x)).collect::<Vec<_>>(), "{}", S::ISA);
        }
    }
}

#[test]
fn bytes_are_rounded_to_the_nearest_even_and_come_back() {
    everywhere(Bytes);
}

#[derive(Clone, Copy)]
struct Powers;
impl Body for Powers {
    type Out = ();
    fn run<S: Simd>(self, s: S) {
        let check = |powers: Vec<f32>| {
            // Of x, whose power is 3 x - 2.
            let x: Vec<f32> = powers.iter().map(|power| (power + 2.0) / 3.0).collect();
            let mut out = vec![99; 4 * S::LANES + 2];
            // SAFETY: the slices hold four vectors, and four of bytes behind the first.
            let sums = unsafe {
                let four = [0, 1, 2, 3].map(|i| s.load(x.as_ptr().add(i * S::LANES)));
                s.store_exp2(out.as_mut_ptr().add(1), four, [s.splat(3.0), s.splat(-2.0)])
            };
            let bytes = &out[1..=4 * S::LANES];
            for (byte, power) in bytes.iter().zip(&powers) {
                let want = power.exp2().min(255.0);
                let off = (f32::from(*byte) - want).abs();
                assert!(off <= 0.51 + want / 250.0, "{}: {byte} is not 2^{power}", S::ISA);
            }
            let sum: f32 = lanes(s, s.to_float(sums)).iter().sum();
            assert_eq!(sum, bytes.iter().map(|x| f32::from(*x)).sum::<f32>(), "{}", S::ISA);
            assert_eq!([out[0], out[4 * S::LANES + 1]], [99, 99], "{}", S::ISA);
        };
        let most = 255_f32.log2();
        for first in 0..200 {
            check((0..4 * S::LANES).map(|i| most - 0.01 * first as f32 - 0.21 * i as f32).collect());
        }
        // Far below, and above by what rounding may leave.
        let far = [-40.0, -200.0, -1e5, -1e20, -1e30, most + 1e-3];
        check((0..4 * S::LANES).map(|i| far[i % far.len()]).collect());
    }
}

#[test]
fn powers_of_two_become_bytes_and_their_sums() {
    everywhere(Powers);
}
