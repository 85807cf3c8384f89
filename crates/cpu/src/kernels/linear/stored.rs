//! The types that results of products are written in. Not those of their factors.

use half::bf16;

use super::pack::Element;
use crate::simd::{MAX_LANES, Simd};

/// A type that results are written in, and read back from where they are added to.
pub trait Stored: Element {
    /// Writes the first `n <= LANES` lanes of `v` to `p`, each rounded to the nearest value, ties to even.
    ///
    /// # Safety
    /// `p` has room for `n` elements.
    unsafe fn store<S: Simd>(s: S, p: *mut Self, v: S::V, n: usize);
}

impl Stored for f32 {
    #[inline(always)]
    unsafe fn store<S: Simd>(s: S, p: *mut Self, v: S::V, n: usize) {
        // SAFETY: the caller's contract.
        unsafe { if n == S::LANES { s.store(p, v) } else { s.store_part(p, v, n) } }
    }
}

impl Stored for bf16 {
    #[inline(always)]
    unsafe fn store<S: Simd>(s: S, p: *mut Self, v: S::V, n: usize) {
        if n == S::LANES {
            // SAFETY: the caller's contract; bf16 is a transparent u16.
            return unsafe { s.store_bf16(p.cast(), v) };
        }
        let mut whole = [bf16::ZERO; MAX_LANES];
        // SAFETY: an array of MAX_LANES has room for LANES; the caller vouches for `n` elements.
        unsafe {
            s.store_bf16(whole.as_mut_ptr().cast(), v);
            p.copy_from_nonoverlapping(whole.as_ptr(), n.min(MAX_LANES));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Cx;
    use crate::kernels::linear::groups::{Factor, Groups, NarrowRows};
    use crate::kernels::linear::narrow::{narrow_linear, narrow_scratch};
    use crate::kernels::linear::pack::{Elements, Order, Packed, Source};
    use crate::kernels::linear::{Activation, Epilogue, Factors, Out, linear, linear_scratch};
    use crate::kernels::rows::{Rows, RowsMut};
    use crate::kernels::testing::{noise, on_every_path};

    /// Asserts that `product`, which writes `rows` rows of `n` elements, gives the bf16 nearest to what it gives in f32.
    macro_rules! assert_rounds {
        ($rows:expr, $n:expr, $what:expr, |$out:ident| $product:expr) => {{
            let mut wide = vec![7.0_f32; $rows * $n];
            let $out = RowsMut::new(&mut wide, $rows, $n);
            $product;
            let mut narrow = vec![bf16::ONE; $rows * $n];
            let $out = RowsMut::new(&mut narrow, $rows, $n);
            $product;
            let want = wide.iter().map(|x| bf16::from_f32(*x).to_bits());
            assert!(want.eq(narrow.iter().map(|x| x.to_bits())), "{}", $what);
        }};
    }

    /// A bias with what is not a normal number, too: the smallest and the largest round as all others do.
    fn bias(n: usize) -> Vec<f32> {
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -0.0, 1e-40, -1.003_906_2];
        noise(3, n)
            .into_iter()
            .enumerate()
            .map(|(i, x)| if i % 2 == 0 { x } else { special[i / 2 % 7] })
            .collect()
    }

    #[test]
    fn results_are_the_nearest_to_those_in_f32() {
        let k = 75;
        for [rows, n] in [[1, 1], [3, 33], [13, 70], [40, 64]] {
            // Rows of zeros, so that a sum is the bias alone.
            let mut x = noise(1, rows * k);
            x[..rows / 2 * k].fill(0.0);
            let (w, bias) = (noise(2, n * k), bias(n));
            let x_bytes: Vec<u8> = x.iter().map(|x| ((x * 127.0) as i8).cast_unsigned()).collect();
            let w_bytes: Vec<u8> = w.iter().map(|x| ((x * 127.0) as i8).cast_unsigned()).collect();
            let [x_half, w_half] = [&x, &w].map(|x| x.iter().map(|x| bf16::from_f32(*x)).collect::<Vec<_>>());
            let x_half: Vec<u8> = x_half.iter().flat_map(|x| x.to_bits().to_ne_bytes()).collect();
            let (row_factors, factors) = (noise(4, rows), noise(5, n));
            for activation in [None, Some(Activation::GeluCoarse)] {
                let plain = Epilogue { bias: Some(&bias), activation, ..Epilogue::default() };
                let scaled = Some(Factors { rows: &row_factors, outputs: &factors, digits: 1 });
                let scaled = Epilogue { factors: scaled, ..plain };
                on_every_path(|Cx { isa, pool }| {
                    let what = format!("{isa} {rows} {n} {activation:?}");
                    let mut scratch = vec![0.0; linear_scratch(isa, pool.threads(), rows, k)];
                    let panels = Packed::new(
                        isa,
                        Source { elements: Elements::F32(&w), order: Order::OutputRows, n, k },
                    );
                    assert_rounds!(rows, n, what, |out| {
                        let out = Out { rows: out, scratch: &mut scratch };
                        linear(Cx { isa, pool }, Rows::new(&x, rows, k), panels.panels(), &plain, out);
                    });
                    let mut narrow = |x: &[u8], w: &Groups, factor: Factor, epilogue: &Epilogue<'_>| {
                        let width = factor.bytes() * k;
                        scratch.resize(narrow_scratch(isa, pool.threads(), rows, (factor, k)), 0.0);
                        assert_rounds!(rows, n, what, |out| {
                            let x = NarrowRows::new(x, rows, [width, width]);
                            let out = Out { rows: out, scratch: &mut scratch };
                            narrow_linear(Cx { isa, pool }, x, w, epilogue, out);
                        });
                    };
                    narrow(&x_bytes, &Groups::of_i8(isa, &w_bytes, [n, k]), Factor::Int8, &scaled);
                    if isa.multiplies_bf16() {
                        narrow(&x_half, &Groups::of_bf16(isa, &w_half, [n, k]), Factor::Bf16, &plain);
                    }
                });
            }
        }
    }
}
