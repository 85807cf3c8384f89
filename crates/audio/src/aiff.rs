//! The header of an AIFF file that was cut off. Not a demuxer: it shows symphonia, which refuses a sound
//! chunk that is longer than the file, a header whose lengths are those that are there.

use crate::view::View;

/// Chunks that are looked at before the search for the sound is given up.
const MAX_CHUNKS: usize = 4096;
/// Longest common chunk that is kept, in bytes.
const MAX_COMMON: u32 = 4096;

/// Makes `view` show the common chunk and the sound chunk alone, the latter no longer than the file. Any
/// other format, and a file without both in this order, is left as it is.
///
/// Returns how many times as long the sound chunk claims to be.
pub(crate) fn adapt(view: &mut View) -> Option<f64> {
    let form = view.bytes::<12>(0).filter(|f| &f[..4] == b"FORM" && matches!(&f[8..], b"AIFF" | b"AIFC"))?;
    let (mut at, mut common) = (12_u64, None);
    for _ in 0..MAX_CHUNKS {
        let head = view.bytes::<8>(at)?;
        let size = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        match &head[..4] {
            b"COMM" if size <= MAX_COMMON => {
                let mut chunk = vec![0; 8 + (size as usize).next_multiple_of(2)];
                common = (view.peek(at, &mut chunk).ok()? == chunk.len()).then_some(chunk);
            }
            b"SSND" => {
                let there = view.len().saturating_sub(at + 8);
                let shown = u32::try_from(there).map_or(size, |there| size.min(there)) & !1;
                let common = common?;
                let mut shown_head = b"FORM".to_vec();
                shown_head.extend((shown.saturating_add(12 + common.len() as u32)).to_be_bytes());
                shown_head.extend_from_slice(&form[8..]);
                shown_head.extend(common);
                shown_head.extend_from_slice(b"SSND");
                shown_head.extend(shown.to_be_bytes());
                view.replace_head(shown_head, at + 8, u64::from(shown));
                // Both hold an offset and a block size of 4 bytes each before the sound.
                let sound = |length: u32| f64::from(length.saturating_sub(8));
                return (shown > 8).then(|| sound(size) / sound(shown));
            }
            _ => {}
        }
        at = at.checked_add(8 + u64::from(size) + u64::from(size & 1))?;
    }
    None
}
