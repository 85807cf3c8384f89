//! Rows rotated before they become bytes. Not their rounding: see [`super::quantize`].

use crate::simd::Simd;
use graph::ops::quantize::parts;

/// Multiplies what stands at the same place of each of the [`parts`] of a row by a Hadamard matrix of that order, not
/// normalised, and gives their count. The sums are those of `graph`'s quantize in their order, some distances at a time.
#[inline(always)]
pub(super) fn rotate<S: Simd>(s: S, row: &mut [f32]) -> usize {
    let parts = parts(row.len());
    let (part, mut done) = (row.len() / parts, 1);
    while done < parts {
        match parts / done {
            2 => sums::<S, 2>(s, row, done * part),
            4 => sums::<S, 4>(s, row, done * part),
            _ => sums::<S, 8>(s, row, done * part),
        }
        done *= (parts / done).min(8);
    }
    parts
}

/// The sums and differences of `N` values `distance` apart, a power of two of them at a time. `distance` is a multiple of
/// 16, and the row of `N * distance`.
#[inline(always)]
fn sums<S: Simd, const N: usize>(s: S, row: &mut [f32], distance: usize) {
    for group in row.chunks_exact_mut(N * distance) {
        for i in (0..distance).step_by(S::LANES) {
            let p = group.as_mut_ptr().wrapping_add(i);
            let mut values = [s.splat(0.0); N];
            // SAFETY: LANES divides 16 and so the distance, N of which are the group: what is read and written lies in it.
            unsafe {
                for (j, value) in values.iter_mut().enumerate() {
                    *value = s.load(p.add(j * distance));
                }
                let mut apart = 1;
                while apart < N {
                    for j in 0..N {
                        if j & apart == 0 {
                            let (a, b) = (values[j], values[j + apart]);
                            (values[j], values[j + apart]) = (s.add(a, b), s.sub(a, b));
                        }
                    }
                    apart *= 2;
                }
                for (j, value) in values.iter().enumerate() {
                    s.store(p.add(j * distance), *value);
                }
            }
        }
    }
}
