//! What symphonia does not tell of an MP4 file: edit lists, and the names of unknown codecs. Not a
//! demuxer; it reads a few boxes of the movie header and nothing else.
//!
//! Boxes are those of ISO/IEC 14496-12; the `AudioSpecificConfig` is that of ISO/IEC 14496-3.

use crate::view::View;

/// Boxes looked at on one level before the rest is ignored.
const MAX_BOXES: usize = 100_000;
/// Entries of an edit list that are looked at.
const MAX_EDITS: u32 = 64;

/// What one audio track says of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Edit {
    /// Ticks of the movie clock before the sound starts.
    pub(crate) delay: u64,
    /// Ticks of the media clock to drop from the start.
    pub(crate) skip: u64,
    /// Ticks of the movie clock to keep, where more than nothing is said.
    pub(crate) keep: Option<u64>,
    /// Ticks per second of the media clock.
    pub(crate) media_scale: u32,
    /// Ticks per second of the movie clock.
    pub(crate) movie_scale: u32,
}

/// An audio track of the movie header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioTrack {
    /// The track id.
    pub(crate) id: u32,
    /// Four-character code of the sample format.
    pub(crate) code: [u8; 4],
    /// Ticks per second of its clock, or 0.
    pub(crate) media_scale: u32,
    /// The first edit, where there is an edit list, or what iTunes notes instead.
    pub(crate) edit: Option<Edit>,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u64,
    end: u64,
}

/// The audio tracks of the file, in file order.
pub(crate) fn audio_tracks(view: &View) -> Vec<AudioTrack> {
    let whole = Span { start: 0, end: view.len() };
    let Some(moov) = child(view, whole, *b"moov") else { return Vec::new() };
    let movie_scale = child(view, moov, *b"mvhd").and_then(|b| scale(view, b)).unwrap_or(0);
    let mut tracks: Vec<_> = children(view, moov)
        .filter(|(name, _)| name == b"trak")
        .filter_map(|(_, trak)| audio_track(view, trak, movie_scale))
        .collect();
    if let [AudioTrack { edit: edit @ None, media_scale, .. }] = tracks.as_mut_slice() {
        let skip = itunes_delay(view, moov).filter(|_| *media_scale > 0 && movie_scale > 0);
        *edit = skip.map(|skip| Edit { skip, media_scale: *media_scale, movie_scale, ..Edit::default() });
    }
    tracks
}

/// The encoder's delay in samples, as iTunes notes it beside the tags. The padding that it notes too
/// is kept, as ffmpeg keeps it: it moves nothing.
fn itunes_delay(view: &View, moov: Span) -> Option<u64> {
    let meta = child(view, child(view, moov, *b"udta")?, *b"meta")?;
    let ilst = child(view, Span { start: meta.start + 4, ..meta }, *b"ilst")?;
    let named = |item: Span| child(view, item, *b"name").and_then(|b| view.bytes::<8>(b.start + 4));
    let (_, item) = children(view, ilst)
        .filter(|(name, _)| name == b"----")
        .find(|(_, item)| named(*item) == Some(*b"iTunSMPB"))?;
    let data = child(view, item, *b"data")?;
    // The text is " 00000000 DDDDDDDD PPPPPPPP ...": delay and padding in hexadecimal.
    let text = view.bytes::<18>(data.start + 8)?;
    u64::from_str_radix(std::str::from_utf8(&text[10..]).ok()?, 16).ok()
}

fn audio_track(view: &View, trak: Span, movie_scale: u32) -> Option<AudioTrack> {
    let mdia = child(view, trak, *b"mdia")?;
    let hdlr = child(view, mdia, *b"hdlr")?;
    if &view.bytes::<4>(hdlr.start + 8)? != b"soun" {
        return None;
    }
    let tkhd = child(view, trak, *b"tkhd")?;
    let wide = view.bytes::<1>(tkhd.start)?[0] == 1;
    let id = number(view, tkhd.start + if wide { 20 } else { 12 })?;
    let media_scale = child(view, mdia, *b"mdhd").and_then(|b| scale(view, b)).unwrap_or(0);
    let stbl = child(view, mdia, *b"minf").and_then(|b| child(view, b, *b"stbl"));
    let stsd = stbl.and_then(|b| child(view, b, *b"stsd"));
    let code = stsd.and_then(|b| view.bytes::<4>(b.start + 12)).unwrap_or(*b"    ");
    let elst = child(view, trak, *b"edts").and_then(|b| child(view, b, *b"elst"));
    let edit = elst.and_then(|b| edit(view, b)).filter(|_| media_scale > 0 && movie_scale > 0);
    Some(AudioTrack { id, code, media_scale, edit: edit.map(|e| Edit { media_scale, movie_scale, ..e }) })
}

/// The leading empty edits and the first that shows sound; what later edits repeat or cut is ignored.
fn edit(view: &View, elst: Span) -> Option<Edit> {
    let wide = view.bytes::<1>(elst.start)?[0] == 1;
    let count = number(view, elst.start + 4)?;
    let mut found = Edit::default();
    for k in 0..count.min(MAX_EDITS) {
        let at = elst.start + 8 + u64::from(k) * if wide { 20 } else { 12 };
        let (length, media) = if wide {
            (u64::from_be_bytes(view.bytes(at)?), i64::from_be_bytes(view.bytes(at + 8)?))
        } else {
            (u64::from(number(view, at)?), i64::from(i32::from_be_bytes(view.bytes(at + 4)?)))
        };
        if media < 0 {
            found.delay = found.delay.saturating_add(length);
            continue;
        }
        found.skip = media as u64;
        found.keep = (length > 0 && count == k + 1).then_some(length);
        return Some(found);
    }
    None
}

fn scale(view: &View, header: Span) -> Option<u32> {
    let wide = view.bytes::<1>(header.start)?[0] == 1;
    number(view, header.start + if wide { 20 } else { 12 })
}

fn number(view: &View, at: u64) -> Option<u32> {
    view.bytes(at).map(u32::from_be_bytes)
}

fn child(view: &View, parent: Span, name: [u8; 4]) -> Option<Span> {
    children(view, parent).find(|(n, _)| *n == name).map(|(_, span)| span)
}

/// The boxes in `parent`: name and content. Ends at the first that makes no sense.
fn children(view: &View, parent: Span) -> impl Iterator<Item = ([u8; 4], Span)> + '_ {
    let mut at = parent.start;
    std::iter::from_fn(move || {
        let [a, b, c, d, name @ ..] = view.bytes::<8>(at).filter(|_| at < parent.end)?;
        let (head, size) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, parent.end - at),
            1 => (16, u64::from_be_bytes(view.bytes(at + 8)?)),
            n => (8, u64::from(n)),
        };
        let start = at + head;
        let end = at.checked_add(size).filter(|&end| end >= start)?.min(parent.end);
        at = end;
        Some((name, Span { start, end }))
    })
    .take(MAX_BOXES)
}

/// The name of the codec with this sample format.
pub(crate) fn codec_name(code: [u8; 4]) -> String {
    match &code {
        b"ac-3" => "AC-3".to_owned(),
        b"ec-3" => "E-AC-3".to_owned(),
        b"ac-4" => "AC-4".to_owned(),
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "DTS".to_owned(),
        b"samr" => "AMR".to_owned(),
        b"sawb" => "AMR-WB".to_owned(),
        b"enca" => "encrypted".to_owned(),
        b"mp4a" => "an unknown kind of MPEG-4 audio".to_owned(),
        code => format!("the codec \"{}\"", code.escape_ascii()),
    }
}

/// What an `AudioSpecificConfig` says that symphonia's AAC decoder cannot do; nothing for plain AAC-LC.
pub(crate) fn aac_name(config: &[u8]) -> Option<String> {
    let bits = |at: usize, n: usize| {
        (at..at + n).try_fold(0_u32, |acc, k| {
            config.get(k / 8).map(|byte| acc << 1 | u32::from(byte >> (7 - k % 8) & 1))
        })
    };
    let (mut at, mut object) = (5, bits(0, 5)?);
    if object == 31 {
        (at, object) = (11, 32 + bits(5, 6)?);
    }
    let rate = bits(at, 4)?;
    at += if rate == 15 { 28 } else { 4 };
    let channels = bits(at, 4)?;
    // ISO/IEC 14496-3, 1.6.5.3: 0x2b7 announces SBR behind the configuration of the core.
    let hidden = (at + 4..config.len() * 8).any(|k| bits(k, 11) == Some(0x2b7) && bits(k + 16, 1) == Some(1));
    match object {
        5 => Some("HE-AAC".to_owned()),
        29 => Some("HE-AAC v2".to_owned()),
        2 if hidden => Some("HE-AAC".to_owned()),
        2 if !(1..=2).contains(&channels) => {
            let count = if channels == 7 { 8 } else { channels };
            Some(format!("AAC with {count} channels"))
        }
        2 => None,
        _ => Some(format!("AAC of object type {object}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_aac_by_its_configuration() {
        assert_eq!(aac_name(&[0x12, 0x10]), None, "LC, 44.1 kHz, stereo");
        assert_eq!(aac_name(&[0x2b, 0x92, 0x08, 0x00]).as_deref(), Some("HE-AAC"));
        assert_eq!(aac_name(&[0xeb, 0x8a, 0x08, 0x00]).as_deref(), Some("HE-AAC v2"));
        assert_eq!(aac_name(&[0x13, 0x90, 0x56, 0xe5, 0xa0]).as_deref(), Some("HE-AAC"));
        assert_eq!(aac_name(&[0x11, 0xb0]).as_deref(), Some("AAC with 6 channels"));
        assert_eq!(aac_name(&[]), None);
    }
}
