//! A fixed-length buffer that starts on a cache line. Not a growable vector.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Bytes of a cache line.
const LINE: usize = 64;

mod plain {
    /// Types for which any bits are a value and that need no drop.
    ///
    /// # Safety
    /// Only for such types, of at most 64 bytes and alignment.
    pub unsafe trait Plain: Copy {}
    // SAFETY: any bits are an f32.
    unsafe impl Plain for f32 {}
    // SAFETY: any bits are an i32.
    unsafe impl Plain for i32 {}
    // SAFETY: any bits are an f16, a transparent u16.
    unsafe impl Plain for half::f16 {}
    // SAFETY: any bits are a bf16, a transparent u16.
    unsafe impl Plain for half::bf16 {}
}
pub use plain::Plain;

/// `len` values of `T`, the first on a 64-byte boundary.
#[derive(Debug)]
pub struct Aligned<T> {
    /// A line more than the values take. Its own alignment is small: memory that asks for more comes written, not
    /// merely promised.
    memory: Box<[u128]>,
    /// Bytes before the first value.
    offset: usize,
    len: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Aligned<T> {
    /// `len` zeros, which the system need not write before they are touched.
    pub fn zeroed(len: usize) -> Self {
        let bytes = len.checked_mul(size_of::<T>()).and_then(|bytes| bytes.checked_add(LINE));
        let bytes = bytes.expect("a buffer of at most isize::MAX bytes");
        let memory = Box::new_zeroed_slice(bytes.div_ceil(size_of::<u128>()));
        // SAFETY: zeros are a u128.
        let memory: Box<[u128]> = unsafe { memory.assume_init() };
        let offset = memory.as_ptr().cast::<u8>().align_offset(LINE);
        Self { memory, offset, len, values: PhantomData }
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
        // SAFETY: behind the offset, which is less than a line, the memory holds `len` values; it is aligned there,
        // and any bits are a T.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr().byte_add(self.offset).cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; any bits are a u128 too.
        unsafe {
            std::slice::from_raw_parts_mut(self.memory.as_mut_ptr().byte_add(self.offset).cast(), self.len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut a = Aligned::<f32>::zeroed(len);
            assert_eq!(a.len(), len);
            assert!(a.as_ptr().addr().is_multiple_of(64) && a.iter().all(|&x| x == 0.0));
            a.fill(2.0);
            assert!(a.iter().all(|&x| x == 2.0));
        }
    }
}
