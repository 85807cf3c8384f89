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
/// declared, or nothing for other formats and streamed files; the error says what makes no sense.
pub(crate) fn adapt(view: &mut View) -> Result<Option<Declared>, &'static str> {
    let Some(magic) = view.bytes::<12>(0) else { return Ok(None) };
    let wide = matches!(&magic[..4], b"RF64" | b"BW64");
    if &magic[8..] != b"WAVE" || !(wide || &magic[..4] == b"RIFF") {
        return Ok(None);
    }
    let (format, start, length) = find(view, wide).ok_or("a format chunk and a data chunk are not found")?;
    check(&format)?;
    Ok(show(view, format, start, length))
}

/// The body of the format chunk, and the start and length of the sound.
fn find(view: &View, wide: bool) -> Option<(Vec<u8>, u64, u64)> {
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
                return Some((format?, at + 8, length));
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

/// What is wrong with a format chunk of at least 16 bytes.
fn check(format: &[u8]) -> Result<(), &'static str> {
    let short = |k: usize| u16::from_le_bytes([format[k], format[k + 1]]);
    let (tag, channels, bits) = (short(0), short(2), short(14));
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::Arc;

    use super::*;

    /// A view of a header with this format chunk and data length, and `there` bytes behind it.
    fn view(format: &[u8], length: u32, there: usize) -> View {
        let mut file = tempfile::tempfile().expect("a file");
        let mut bytes =
            [&b"RIFF"[..], &[0; 4], b"WAVEfmt ", &(format.len() as u32).to_le_bytes(), format].concat();
        bytes.extend_from_slice(b"data");
        bytes.extend(length.to_le_bytes());
        bytes.resize(bytes.len() + there, 7);
        file.write_all(&bytes).expect("written");
        View::new(Arc::new(file)).expect("a view")
    }

    /// 16 kHz mono PCM of 16 bits.
    const PLAIN: [u8; 16] = [1, 0, 1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0];

    #[test]
    fn a_declared_length_ends_the_sound_and_an_unfilled_one_does_not() {
        let mut cut = view(&PLAIN, 32_000, 40_000);
        let declared = cut_length(&mut cut);
        assert_eq!((declared, cut.len()), (Some(1.0), 44 + 32_000));
        for unfilled in [0, 0x7fff_f000, u32::MAX] {
            let mut open = view(&PLAIN, unfilled, 40_000);
            assert_eq!((cut_length(&mut open), open.len()), (None, 44 + 40_000));
        }
    }

    fn cut_length(view: &mut View) -> Option<f64> {
        adapt(view).expect("a good header").and_then(|d| d.seconds())
    }

    #[test]
    fn formats_that_would_mislead_the_demuxer_are_settled_or_refused() {
        let mut wide = PLAIN.to_vec();
        wide[..4].copy_from_slice(&[0xfe, 0xff, 2, 0]);
        wide.extend([22, 0, 16, 0, 0xff, 0xff, 0xff, 0xff]);
        wide.extend([0; 16]);
        let mut extensible = view(&wide, 4, 4);
        adapt(&mut extensible).expect("settled");
        assert_eq!(extensible.bytes::<4>(40), Some([3, 0, 0, 0]));

        let refused = |at: usize, value: u8| {
            let mut format = PLAIN;
            format[at] = value;
            adapt(&mut view(&format, 4, 4)).is_err()
        };
        assert!(refused(2, 0), "no channels");
        assert!(refused(3, 1), "257 channels");
        assert!(refused(14, 12), "12 bits");
        assert!(adapt(&mut view(&PLAIN[..14], 4, 4)).is_err(), "a short format chunk");
    }
}
