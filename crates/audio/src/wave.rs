//! The lengths in a WAVE or RF64 header. Not a demuxer: it shows symphonia, which reads plain RIFF
//! only, a header that it can follow, and keeps the declared length for itself.
//!
//! RF64 and `ds64` are those of EBU Tech 3306.

use crate::view::View;

/// Chunks that are looked at before the search for `data` is given up.
const MAX_CHUNKS: usize = 4096;
/// A 32-bit length from here up, in a file that is shorter, was never filled in by its writer.
const STREAMED: u64 = 0x7fff_0000;

/// The length that a WAVE header declares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Declared {
    bytes: u64,
    /// Bytes per frame over all channels, or per block of a compressed form.
    block: u16,
    rate: u32,
    per_second: u32,
    plain: bool,
}

impl Declared {
    /// Seconds of sound, where the header makes sense.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let per_second = match self.plain {
            true => u64::from(self.block) * u64::from(self.rate),
            false => u64::from(self.per_second),
        };
        (per_second > 0)
            .then(|| (self.bytes - self.bytes % u64::from(self.block.max(1))) as f64 / per_second as f64)
    }
}

/// Rewrites what `view` shows so that RF64 reads as WAVE, a length that was never filled in reads as
/// unknown, and the sound ends where the data chunk ends. Returns what the header declared, or
/// nothing for other formats, streamed files and headers that make no sense.
pub(crate) fn adapt(view: &mut View) -> Option<Declared> {
    let magic = view.bytes::<12>(0)?;
    let wide = match &magic[..4] {
        b"RIFF" => false,
        b"RF64" | b"BW64" => true,
        _ => return None,
    };
    if &magic[8..] != b"WAVE" {
        return None;
    }
    let (mut at, mut data64, mut format) = (12_u64, None, None);
    for _ in 0..MAX_CHUNKS {
        let head = view.bytes::<8>(at)?;
        let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        match &head[..4] {
            b"ds64" if wide => data64 = view.bytes::<8>(at + 16).map(u64::from_le_bytes),
            b"fmt " => format = view.bytes::<16>(at + 8),
            b"data" => return finish(view, at, size, data64, format, wide),
            _ => {}
        }
        at = at.checked_add(8 + size + (size & 1))?;
    }
    None
}

fn finish(
    view: &mut View,
    at: u64,
    size: u64,
    data64: Option<u64>,
    format: Option<[u8; 16]>,
    wide: bool,
) -> Option<Declared> {
    let start = at + 8;
    let there = view.len().saturating_sub(start);
    let bytes = if wide && size == u64::from(u32::MAX) { data64.unwrap_or(0) } else { size };
    if wide {
        view.patch(0, *b"RIFF");
    }
    view.patch(4, u32::MAX.to_le_bytes());
    view.patch(at + 4, u32::MAX.to_le_bytes());
    if bytes == 0 || (!wide && bytes >= STREAMED && bytes > there) {
        return None;
    }
    view.cut(start.saturating_add(bytes));
    let f = format?;
    Some(Declared {
        bytes,
        block: u16::from_le_bytes([f[12], f[13]]),
        rate: u32::from_le_bytes([f[4], f[5], f[6], f[7]]),
        per_second: u32::from_le_bytes([f[8], f[9], f[10], f[11]]),
        plain: matches!(u16::from_le_bytes([f[0], f[1]]), 1 | 3 | 6 | 7 | 0xfffe),
    })
}
