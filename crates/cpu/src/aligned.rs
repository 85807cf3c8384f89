//! A fixed-length buffer that starts on a cache line, alone or in a region that it shares. Not a growable vector.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use memmap2::MmapMut;

/// Bytes of a cache line.
const LINE: usize = 64;
/// Bytes from which memory is asked of the system in pages of 2 MiB: what a run streams through would else spend as
/// long in the tables of its pages as in memory.
const LARGE: usize = 1 << 20;

mod plain {
    /// Numbers: types for which any bits are a value, without padding, and that need no drop.
    ///
    /// # Safety
    /// Only for such types, of at most 64 bytes and alignment.
    pub unsafe trait Plain: Copy {}
    // SAFETY: any bits are an f32.
    unsafe impl Plain for f32 {}
    // SAFETY: any bits are an i32.
    unsafe impl Plain for i32 {}
    // SAFETY: any bits are an i8.
    unsafe impl Plain for i8 {}
    // SAFETY: any bits are an f16, a transparent u16.
    unsafe impl Plain for half::f16 {}
    // SAFETY: any bits are a bf16, a transparent u16.
    unsafe impl Plain for half::bf16 {}
    // SAFETY: any bits are two f32.
    unsafe impl Plain for [f32; 2] {}
}
pub use plain::Plain;

/// The bytes of values as the machine orders them.
pub(crate) fn bytes_of<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: a plain value is a number without padding, so each of its bytes is written.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// [`bytes_of`] values that are written as such.
pub(crate) fn bytes_mut<T: Plain>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: as above, and any bytes are plain values.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
}

/// Memory that goes back to the system when its last buffer does. Nobody touches it but through pointers that were
/// given out once.
#[derive(Debug)]
enum Memory {
    /// Kept for its drop alone. Of small alignment: memory that asks for more comes written, not merely promised.
    Heap {
        _values: Box<[std::cell::UnsafeCell<u128>]>,
    },
    Pages {
        _map: MmapMut,
    },
}

// SAFETY: the memory is only reached through `Aligned`, each of which has its own part.
unsafe impl Sync for Memory {}

/// Memory that buffers are cut from, so that small ones share its large pages.
#[derive(Debug)]
pub struct Region {
    memory: Arc<Memory>,
    start: *mut u8,
    /// Bytes that are cut already.
    cut: usize,
    bytes: usize,
}

impl Region {
    /// `bytes` zeros, which the system need not write before they are touched.
    ///
    /// # Panics
    /// When the system has no such memory.
    pub fn new(bytes: usize) -> Region {
        let bytes = bytes.checked_next_multiple_of(LINE).expect("a buffer of at most isize::MAX bytes");
        let taken = bytes.checked_add(LINE).expect("a buffer of at most isize::MAX bytes");
        if taken >= LARGE {
            let mut map = MmapMut::map_anon(taken).unwrap_or_else(|e| panic!("{taken} bytes of memory: {e}"));
            // A wish: pages are as good if it is not granted.
            #[cfg(target_os = "linux")]
            let _ = map.advise(memmap2::Advice::HugePage);
            let start = map.as_mut_ptr();
            return Region { start, cut: 0, bytes, memory: Arc::new(Memory::Pages { _map: map }) };
        }
        let values = Box::new_zeroed_slice(taken.div_ceil(size_of::<u128>()));
        // SAFETY: zeros are a u128.
        let values: Box<[std::cell::UnsafeCell<u128>]> = unsafe { values.assume_init() };
        let start = values.as_ptr().cast_mut().cast::<u8>();
        let start = start.wrapping_add(start.align_offset(LINE));
        Region { start, cut: 0, bytes, memory: Arc::new(Memory::Heap { _values: values }) }
    }

    /// The bytes of `map` from `from` on, whole lines both.
    pub(crate) fn mapped(mut map: MmapMut, from: usize) -> Region {
        let bytes = map.len() - from;
        assert!(from.is_multiple_of(LINE) && bytes.is_multiple_of(LINE), "{bytes} bytes from {from}");
        let start = map.as_mut_ptr().wrapping_add(from);
        Region { start, cut: 0, bytes, memory: Arc::new(Memory::Pages { _map: map }) }
    }

    /// The whole of it.
    ///
    /// # Safety
    /// No buffer that was cut from it is written meanwhile.
    pub(crate) unsafe fn whole(&self) -> &[u8] {
        // SAFETY: the memory is that long and initialised, and the caller sees to it that nobody writes.
        unsafe { std::slice::from_raw_parts(self.start, self.bytes) }
    }

    /// What a buffer of `bytes` bytes takes of a region.
    pub const fn room(bytes: usize) -> usize {
        bytes.next_multiple_of(LINE)
    }

    /// `len` values of the region, as they are there: zeros, or what a file held.
    ///
    /// # Panics
    /// When it has too few left.
    pub fn take<T: Plain>(&mut self, len: usize) -> Aligned<T> {
        let bytes = len.checked_mul(size_of::<T>()).expect("a buffer of at most isize::MAX bytes");
        let left = self.bytes - self.cut;
        assert!(bytes <= left, "{bytes} bytes of a region that has {left} left");
        let data = self.start.wrapping_add(self.cut).cast::<T>();
        self.cut += Region::room(bytes);
        Aligned { _memory: Arc::clone(&self.memory), data, len, values: PhantomData }
    }
}

/// `len` values of `T`, the first on a 64-byte boundary.
#[derive(Debug)]
pub struct Aligned<T> {
    _memory: Arc<Memory>,
    data: *mut T,
    len: usize,
    values: PhantomData<T>,
}

// SAFETY: a buffer owns its part of the memory, as a box would.
unsafe impl<T: Plain + Send> Send for Aligned<T> {}
// SAFETY: as above.
unsafe impl<T: Plain + Sync> Sync for Aligned<T> {}

impl<T: Plain> Aligned<T> {
    /// `len` zeros, which the system need not write before they are touched.
    pub fn zeroed(len: usize) -> Self {
        Region::new(len.saturating_mul(size_of::<T>())).take(len)
    }
}

impl<T: Plain> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::zeroed(self.len);
        clone.copy_from_slice(self);
        clone
    }
}

impl<T: Plain> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `take` gave `len` aligned values to this buffer alone; they are initialised, and any bits are a T.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000, LARGE / 4 - 16, LARGE / 4 - 15, LARGE] {
            let mut a = Aligned::<f32>::zeroed(len);
            assert_eq!(a.len(), len);
            assert!(a.as_ptr().addr().is_multiple_of(64) && a.iter().all(|&x| x == 0.0));
            a.fill(2.0);
            assert!(a.iter().all(|&x| x == 2.0));
        }
    }

    #[test]
    fn buffers_of_a_region_stand_apart_and_outlive_it() {
        for large in [0, 1000, LARGE] {
            let lens = [1, 16, 17, 40, 0, large];
            let mut region = Region::new(lens.iter().map(|len| Region::room(4 * len)).sum());
            let mut cut: Vec<Aligned<f32>> = lens.map(|len| region.take(len)).into();
            drop(region);
            for (i, buffer) in cut.iter_mut().enumerate() {
                assert!(buffer.as_ptr().addr().is_multiple_of(64) && buffer.iter().all(|&x| x == 0.0));
                buffer.fill(i as f32 + 1.0);
            }
            assert!(cut.iter().enumerate().all(|(i, b)| b.iter().all(|&x| x == i as f32 + 1.0)));
        }
    }

    #[test]
    fn what_is_cut_is_the_region_line_after_line() {
        for bytes in [192, LARGE] {
            let mut region = Region::new(bytes);
            let (mut first, mut second) = (region.take::<i8>(1), region.take::<i8>(1));
            (first[0], second[0]) = (3, 7);
            // SAFETY: nobody writes.
            let whole = unsafe { region.whole() };
            assert_eq!((whole.len(), whole[0], whole[1], whole[64]), (bytes, 3, 0, 7));
        }
    }

    #[test]
    #[should_panic(expected = "65 bytes of a region that has 64 left")]
    fn a_region_does_not_grow() {
        Region::new(64).take::<i8>(65);
    }
}
