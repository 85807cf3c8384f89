//! Two 4-bit integers in a byte: panels in half the room, spread into bytes before anything multiplies them. Not another
//! product.
//!
//! Of each two lines of 64 bytes the first is in the lower halves of one, the second in the upper ones; each integer is 8
//! more than it is, so that it is not negative.

use crate::aligned::{bytes_mut, bytes_of};
use crate::simd::Simd;

/// Bytes that are spread at a time.
const LINE: usize = 64;

/// How far ahead of its use a panel is asked for, in bytes.
const AHEAD: usize = 4096;

/// Puts the 4-bit integers of `bytes` into half as many bytes.
///
/// # Panics
/// When lengths don't fit.
pub(super) fn join(bytes: &[i32], packed: &mut [i32]) {
    assert_eq!(bytes.len(), 2 * packed.len(), "two integers a byte");
    let packed = bytes_mut(packed).chunks_exact_mut(LINE);
    for (from, to) in bytes_of(bytes).chunks_exact(2 * LINE).zip(packed) {
        let (low, high) = from.split_at(LINE);
        for ((to, low), high) in to.iter_mut().zip(low).zip(high) {
            *to = low.wrapping_add(8) & 15 | high.wrapping_add(8) << 4;
        }
    }
}

/// The bytes that [`join`] put together.
///
/// # Panics
/// When lengths don't fit.
#[inline(always)]
pub(super) fn spread<S: Simd>(s: S, packed: &[i32], bytes: &mut [i32]) {
    assert_eq!(bytes.len(), 2 * packed.len(), "two integers a byte");
    let (from, _) = bytes_of(packed).as_chunks::<LINE>();
    let (to, _) = bytes_mut(bytes).as_chunks_mut::<LINE>();
    for (i, from) in from.iter().enumerate() {
        s.prefetch(from.as_ptr().wrapping_add(AHEAD));
        let (low, high) = (&mut [0; LINE], &mut [0; LINE]);
        for i in 0..LINE {
            low[i] = (from[i] & 15).wrapping_sub(8);
            high[i] = (from[i] >> 4).wrapping_sub(8);
        }
        to[2 * i] = *low;
        to[2 * i + 1] = *high;
    }
}
