//! Products of groups in vectors: 32 bits of a row times 32 bits of each output, as two bfloat16 or four bytes. Not
//! tiles of AMX.

use std::arch::x86_64::{
    __m128i, __m512bh, __m512i, _MM_HINT_T1, _mm_loadu_si128, _mm_prefetch, _mm_set1_epi32, _mm256_add_epi32,
    _mm256_cvtepi8_epi16, _mm256_hadd_epi32, _mm256_madd_epi16, _mm256_permute4x64_epi64,
    _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi32, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_slli_epi32, _mm512_storeu_ps,
    _mm512_storeu_si512, _mm512_sub_epi32,
};

use crate::isa::Isa;

/// How far ahead of its use a panel is asked for, in bytes.
const AHEAD: usize = 4096;

/// Declares a token with a product of 1 to 12 rows.
macro_rules! products {
    ($token:ident, $isa:ident, $what:literal, $tile:ident, $w:ty, $out:ty) => {
        #[doc = concat!("Products of ", $what, ". The token exists where the machine has [`Isa::", stringify!($isa), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $token(());

        impl $token {
            /// The token, when this machine has the features.
            #[inline]
            pub fn detect() -> Option<$token> {
                Isa::$isa.is_available().then_some($token(()))
            }

            /// 1 to 12 rows of groups times 32 outputs; sums go to `out`, 32 to a row. A step is sixteen groups of each
            /// row, and of the weights sixteen outputs' groups, then the other sixteen's.
            ///
            /// # Safety
            /// `x` points to `steps * rows * 16` groups, `w` to `steps * 512` and, where there are sums, to 32 of
            /// them; `out` takes `rows` rows.
            pub unsafe fn product(self, rows: usize, x: *const i32, w: $w, steps: usize, out: *mut $out) {
                products!(@cases rows, $tile, (x, w, steps, out), 1 2 3 4 5 6 7 8 9 10 11 12);
            }
        }
    };
    (@cases $rows:ident, $tile:ident, ($x:ident, $w:ident, $steps:ident, $out:ident), $($n:literal)*) => {
        match $rows {
            // SAFETY: the token exists, so the features were detected; the caller vouches for the memory.
            $($n => unsafe { $tile::<$n>($x, $w, $steps, $out) },)*
            _ => unreachable!("a product of {} rows", $rows),
        }
    };
}

products!(PairDots, Avx512Bf16, "pairs of bfloat16, in f32", bf16_tile, *const i32, f32);
products!(Dots, Avx512Vnni, "fours of bytes, the rows' with 128 added", i8_tile, [*const i32; 2], i32);
products!(Madds, Avx2, "fours of bytes, widened to 16 bits", madd_tile, *const i32, i32);

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn bf16_tile<const R: usize>(x: *const i32, w: *const i32, steps: usize, out: *mut f32) {
    let mut acc = [[_mm512_setzero_ps(); 2]; R];
    for step in 0..steps {
        for group in 0..16 {
            // SAFETY: within the step, by the caller's contract; prefetch takes any address.
            unsafe {
                let w = w.add(step * 512 + group * 16);
                ask(w);
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

/// The instruction multiplies unsigned bytes by signed ones, so rows come with 128 added, which the weights' sums take
/// back.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn i8_tile<const R: usize>(x: *const i32, [w, sums]: [*const i32; 2], steps: usize, out: *mut i32) {
    let mut acc = [[_mm512_setzero_si512(); 2]; R];
    for step in 0..steps {
        for group in 0..16 {
            // SAFETY: within the step, by the caller's contract.
            unsafe {
                let w = w.add(step * 512 + group * 16);
                ask(w);
                let w = [w, w.add(256)].map(|w| _mm512_loadu_si512(w.cast()));
                for (r, acc) in acc.iter_mut().enumerate() {
                    let x = _mm512_set1_epi32(*x.add((step * R + r) * 16 + group));
                    for (acc, w) in acc.iter_mut().zip(w) {
                        *acc = _mm512_dpbusd_epi32(*acc, x, w);
                    }
                }
            }
        }
    }
    for (i, sum) in acc.into_iter().flatten().enumerate() {
        // SAFETY: there are two vectors of sums, and `out` takes R rows of two vectors.
        unsafe {
            let extra = _mm512_slli_epi32::<7>(_mm512_loadu_si512(sums.add(i % 2 * 16).cast()));
            _mm512_storeu_si512(out.add(16 * i).cast(), _mm512_sub_epi32(sum, extra));
        }
    }
}

/// Asks for both halves of a step, some way ahead; any address may be asked for.
#[inline(always)]
unsafe fn ask(w: *const i32) {
    for half in [0, 1024] {
        // SAFETY: prefetch takes any address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(w.cast::<i8>().wrapping_add(AHEAD + half)) };
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

/// Row by row: a vector holds four outputs, two sums of two products each.
#[target_feature(enable = "avx2")]
#[allow(clippy::cast_ptr_alignment)] // The loads need no alignment.
unsafe fn madd_tile<const R: usize>(x: *const i32, w: *const i32, steps: usize, out: *mut i32) {
    for r in 0..R {
        let mut acc = [_mm256_setzero_si256(); 8];
        for step in 0..steps {
            for group in 0..16 {
                // SAFETY: within the step, by the caller's contract.
                unsafe {
                    let x = *x.add((step * R + r) * 16 + group);
                    let x = _mm256_cvtepi8_epi16(_mm_set1_epi32(x));
                    let w = w.add(step * 512 + group * 16);
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let w = w.add(i / 4 * 256 + i % 4 * 4).cast::<__m128i>();
                        let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128(w)), x);
                        *acc = _mm256_add_epi32(*acc, products);
                    }
                }
            }
        }
        for (i, pair) in acc.chunks_exact(2).enumerate() {
            // Sums of neighbours come as outputs 0, 1, 4, 5 and 2, 3, 6, 7.
            let sums = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(pair[0], pair[1]));
            // SAFETY: `out` takes R rows of 32.
            unsafe { _mm256_storeu_si256(out.add(r * 32 + i * 8).cast(), sums) };
        }
    }
}
