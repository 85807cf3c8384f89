//! Products of groups on AVX-512: 32 bits of a row times 32 bits of each output, as two bfloat16 or four bytes. Not
//! tiles of AMX, whose sums run in another order.

use std::arch::x86_64::{
    __m512bh, __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_storeu_ps,
};

use crate::isa::Isa;

/// How far ahead of its use a panel is asked for, in bytes.
const AHEAD: usize = 4096;

/// The token of [`Isa::Avx512Bf16`]; only [`Dots::detect`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Dots(());

impl Dots {
    /// The token, when this machine has the features.
    #[inline]
    pub fn detect() -> Option<Dots> {
        Isa::Avx512Bf16.is_available().then_some(Dots(()))
    }

    /// 1 to 12 rows of pairs of bfloat16 times 32 outputs; sums go to `out`, 32 to a row. A step is sixteen
    /// groups of each row, and of the weights sixteen outputs' groups, then the other sixteen's.
    ///
    /// # Safety
    /// `x` points to `steps * rows * 16` groups, `w` to `steps * 512`, and `out` takes `rows` rows.
    pub unsafe fn bf16(self, rows: usize, x: *const i32, w: *const i32, steps: usize, out: *mut f32) {
        macro_rules! cases {
            ($($n:literal)*) => {
                match rows {
                    // SAFETY: the token exists, so the features were detected; the caller vouches for the memory.
                    $($n => unsafe { bf16_tile::<$n>(x, w, steps, out) },)*
                    _ => unreachable!("a product of {rows} rows"),
                }
            };
        }
        cases!(1 2 3 4 5 6 7 8 9 10 11 12);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn bf16_tile<const R: usize>(x: *const i32, w: *const i32, steps: usize, out: *mut f32) {
    let mut acc = [[_mm512_setzero_ps(); 2]; R];
    for step in 0..steps {
        for group in 0..16 {
            // SAFETY: within the step, by the caller's contract; prefetch takes any address.
            unsafe {
                let w = w.add(step * 512 + group * 16);
                for half in [0, 1024] {
                    _mm_prefetch::<_MM_HINT_T1>(w.cast::<i8>().wrapping_add(AHEAD + half));
                }
                let w = [pairs(w), pairs(w.add(256))];
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = _mm512_set1_epi32(*x.add((step * R + r) * 16 + group));
                    let x = std::mem::transmute::<__m512i, __m512bh>(x);
                    for (acc, w) in acc.iter_mut().zip(w) {
                        *acc = _mm512_dpbf16_ps(*acc, x, w);
                    }
                }
            }
        }
    }
    for (i, sum) in acc.into_iter().flatten().enumerate() {
        // SAFETY: `out` takes R rows of two vectors.
        unsafe { _mm512_storeu_ps(out.add(16 * i), sum) };
    }
}

/// Sixteen groups as pairs of bfloat16.
///
/// # Safety
/// `p` points to them.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
unsafe fn pairs(p: *const i32) -> __m512bh {
    // SAFETY: the caller's contract; any bits are pairs.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_loadu_si512(p.cast())) }
}
