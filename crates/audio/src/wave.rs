//! The header of a WAVE or RF64 file. Not a demuxer: it shows symphonia, which reads RIFF alone and is
//! strict about it, a plain header, and keeps the declared length for itself.
//!
//! RF64 and `ds64` are those of EBU Tech 3306.

use crate::view::View;

/// Chunks that are looked at before the search for `data` is given up.
const MAX_CHUNKS: usize = 4096;
/// A 32-bit length from here up, in a file that is shorter, was never filled in by its writer.
const STREAMED: u64 = 0x7fff_0000;
/// Longest format chunk that is kept, in bytes.
const MAX_FORMAT: u64 = 4096;
/// `WAVE_FORMAT_EXTENSIBLE`.
const EXTENSIBLE: u16 = 0xfffe;
/// Speaker positions that WAVE knows.
const POSITIONS: u32 = 18;

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
        let per_second = if self.plain {
            u64::from(self.block) * u64::from(self.rate)
        } else {
            u64::from(self.per_second)
        };
        (per_second > 0)
            .then(|| (self.bytes - self.bytes % u64::from(self.block.max(1))) as f64 / per_second as f64)
    }
}

/// Makes `view` show a plain WAVE header and the sound behind it: RF64 reads as WAVE, a length that was
/// never filled in as unknown, and the sound ends where the data chunk ends. Returns what the header
/// declared, or nothing for other formats, streamed files and headers that make no sense.
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
            b"fmt " if (16..=MAX_FORMAT).contains(&size) => {
                let mut body = vec![0; size as usize];
                let whole = view.peek(at + 8, &mut body).ok()? == body.len();
                format = whole.then_some(body);
            }
            b"data" => {
                let length = if wide && size == u64::from(u32::MAX) { data64.unwrap_or(0) } else { size };
                return show(view, format?, at + 8, length);
            }
            _ => {}
        }
        at = at.checked_add(8 + size + (size & 1))?;
    }
    None
}

/// Puts the plain header in place; the sound is `length` bytes from `start`.
fn show(view: &mut View, mut format: Vec<u8>, start: u64, length: u64) -> Option<Declared> {
    let there = view.len().saturating_sub(start);
    let [t0, t1, _, _, r0, r1, r2, r3, s0, s1, s2, s3, b0, b1, ..] = format[..] else { return None };
    let tag = u16::from_le_bytes([t0, t1]);
    if tag == EXTENSIBLE {
        settle_mask(&mut format);
    }
    if matches!(tag, 6 | 7) {
        // The extension of no bytes, which many writers leave out.
        format.resize(16, 0);
        format.extend([0, 0]);
    }
    let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt ".to_vec();
    head.extend((format.len() as u32).to_le_bytes());
    head.append(&mut format);
    head.resize(head.len().next_multiple_of(2), 0);
    head.extend(b"data\xff\xff\xff\xff");
    let unfilled = (STREAMED..=u64::from(u32::MAX)).contains(&length);
    let streamed = length == 0 || (unfilled && length > there);
    view.replace_head(head, start, if streamed { u64::MAX } else { length });
    (!streamed).then(|| Declared {
        bytes: length,
        block: u16::from_le_bytes([b0, b1]),
        rate: u32::from_le_bytes([r0, r1, r2, r3]),
        per_second: u32::from_le_bytes([s0, s1, s2, s3]),
        plain: matches!(tag, 1 | 3 | 6 | 7 | EXTENSIBLE),
    })
}

/// Makes the channel mask of an extensible format fit the count of channels.
fn settle_mask(format: &mut [u8]) {
    let Some(&[c0, c1]) = format.get(2..4) else { return };
    let count = u32::from(u16::from_le_bytes([c0, c1]));
    let Some(slot) = format.get_mut(20..24) else { return };
    let mask = slot.iter().rev().fold(0_u32, |mask, byte| mask << 8 | u32::from(*byte));
    if mask.count_ones() != count || mask >> POSITIONS != 0 {
        let first = (1_u32 << count.min(POSITIONS)) - 1;
        slot.copy_from_slice(&first.to_le_bytes());
    }
}

/// What is wrong with the format chunk of a WAVE file, as [`adapt`] leaves it; nothing for other files.
pub(crate) fn check(view: &View) -> Result<(), &'static str> {
    let Some(head) = view.bytes::<36>(0).filter(|h| &h[..4] == b"RIFF" && &h[8..16] == b"WAVEfmt ") else {
        return Ok(());
    };
    let short = |k: usize| u16::from_le_bytes([head[k], head[k + 1]]);
    let (tag, channels, bits) = (short(20), short(22), short(34));
    if !(1..=64).contains(&channels) {
        return Err("the count of channels makes no sense");
    }
    match tag {
        EXTENSIBLE if u32::from(channels) > POSITIONS => Err("it has more than 18 channels"),
        1 | 3 | EXTENSIBLE if !matches!(bits, 8 | 16 | 24 | 32 | 64) => {
            Err("samples are not of 8, 16, 24, 32 or 64 bits")
        }
        _ => Ok(()),
    }
}
