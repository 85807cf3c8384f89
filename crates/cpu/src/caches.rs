//! The caches of this machine, as far as the cut of work depends on them. Results don't.

use std::sync::OnceLock;

/// Bytes of the second-level cache of a core: what the processor says, or 1 MiB where it says nothing.
pub fn second_level() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| detect().unwrap_or(1 << 20))
}

/// By leaf 4 of `cpuid` (Intel's manual, volume 2A) or AMD's leaf of the same form (manual, volume 3, appendix E.4.15).
#[cfg(target_arch = "x86_64")]
fn detect() -> Option<usize> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    const INTEL: u32 = 4;
    const AMD: u32 = 0x8000_001d;
    let (most, most_extended) = (__cpuid(0).eax, __cpuid(0x8000_0000).eax);
    let leaves = [(INTEL, most), (AMD, most_extended)].into_iter().filter(|(leaf, most)| leaf <= most);
    leaves.flat_map(|(leaf, _)| (0..8).map(move |i| __cpuid_count(leaf, i))).find_map(|about| {
        let (kind, level) = (about.eax & 0x1f, about.eax >> 5 & 7);
        let [line, parts, ways] = [about.ebx & 0xfff, about.ebx >> 12 & 0x3ff, about.ebx >> 22];
        let bytes = [line, parts, ways, about.ecx].map(|less_one| less_one as usize + 1).iter().product();
        // Not none, and not of instructions.
        (matches!(kind, 1 | 3) && level == 2).then_some(bytes)
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_level_cache_has_a_size_that_machines_have() {
        assert!((128 << 10..=64 << 20).contains(&second_level()), "{} bytes", second_level());
        assert!(second_level().is_multiple_of(64 << 10), "{} bytes", second_level());
    }
}
