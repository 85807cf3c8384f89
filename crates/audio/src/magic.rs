//! What a file is, from its first bytes. Not a parser: only enough to name things in messages and to
//! know the media formats that symphonia has no demuxer for.

/// How far into a file [`identify`] looks, in bytes.
pub(crate) const PEEK: usize = 512;

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A sound format that is decoded here; its name.
    Own(&'static str),
    /// A sound or video format that only ffmpeg decodes; its name.
    Foreign(&'static str),
    /// Something without sound; its name with an article.
    NotSound(&'static str),
    /// Nothing in the table.
    Unknown,
}

use Kind::{Foreign, NotSound, Own};

/// Offset, bytes at that offset, meaning; the first match wins.
const TABLE: &[(usize, &[u8], Kind)] = &[
    (0, b"fLaC", Own("FLAC")),
    (0, b"OggS", Own("Ogg")),
    (0, b"caff", Own("CAF")),
    (0, b"RF64", Own("RF64")),
    (8, b"WAVE", Own("WAV")),
    (8, b"AIFF", Own("AIFF")),
    (8, b"AIFC", Own("AIFF-C")),
    (4, b"ftypqt", Own("QuickTime")),
    (4, b"ftyp", Own("MP4")),
    (0, b"\x1a\x45\xdf\xa3", Own("Matroska")),
    (0, b"ID3", Own("MP3")),
    (8, b"AVI ", Foreign("AVI")),
    (8, b"WEBP", NotSound("a WebP picture")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Foreign("WMA (ASF)")),
    (0, b"#!AMR", Foreign("AMR")),
    (0, b"FLV\x01", Foreign("FLV")),
    (0, b"\x0b\x77", Foreign("AC-3")),
    (0, b"\x7f\xfe\x80\x01", Foreign("DTS")),
    (0, b"wvpk", Foreign("WavPack")),
    (0, b"MAC ", Foreign("Monkey's Audio")),
    (0, b"TTA1", Foreign("True Audio")),
    (0, b"MPCK", Foreign("Musepack")),
    (0, b"MP+", Foreign("Musepack")),
    (0, b".snd", Foreign("AU")),
    (0, b"riff\x2e\x91\xcf\x11", Foreign("Wave64")),
    (0, b".RMF", Foreign("RealMedia")),
    (0, b"\x00\x00\x01\xba", Foreign("an MPEG program stream")),
    (4, b"moov", Foreign("an old QuickTime movie")),
    (4, b"mdat", Foreign("an old QuickTime movie")),
    (0, b"%PDF", NotSound("a PDF document")),
    (0, b"PK\x03\x04", NotSound("a ZIP archive (or an office document)")),
    (0, b"\x1f\x8b", NotSound("a gzip archive")),
    (0, b"\xfd7zXZ", NotSound("an xz archive")),
    (0, b"\x28\xb5\x2f\xfd", NotSound("a Zstandard archive")),
    (0, b"7z\xbc\xaf", NotSound("a 7-Zip archive")),
    (257, b"ustar", NotSound("a tar archive")),
    (0, b"\x89PNG", NotSound("a PNG picture")),
    (0, b"\xff\xd8\xff", NotSound("a JPEG picture")),
    (0, b"GIF8", NotSound("a GIF picture")),
    (0, b"\x7fELF", NotSound("a program")),
    (0, b"MZ", NotSound("a Windows program")),
    (0, b"SQLite format 3", NotSound("an SQLite database")),
    (0, b"MThd", NotSound("a MIDI file, which holds notes and no sound")),
    (0, b"GGUF", NotSound("a GGUF model")),
    (0, b"lmgg", NotSound("a GGML model")),
    (0, b"<!DOCTYPE html", NotSound("an HTML page")),
    (0, b"<!doctype html", NotSound("an HTML page")),
    (0, b"<html", NotSound("an HTML page")),
];

/// Names what starts with `head` (at most [`PEEK`] bytes are looked at).
pub(crate) fn identify(head: &[u8]) -> Kind {
    let head = &head[..head.len().min(PEEK)];
    for (at, bytes, kind) in TABLE {
        if head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)) {
            return *kind;
        }
    }
    if head.first() == Some(&0x47) && head.get(188) == Some(&0x47) && head.get(376) == Some(&0x47) {
        return Foreign("an MPEG transport stream");
    }
    if !head.is_empty() && head.iter().all(|&b| b == 0) {
        return NotSound("a file of zero bytes");
    }
    if is_text(head) { NotSound("a text file") } else { Kind::Unknown }
}

/// UTF-8 (possibly cut inside its last character) without control characters.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_it_sees() {
        assert_eq!(identify(b"%PDF-1.7"), NotSound("a PDF document"));
        assert_eq!(identify(b"RIFF\x10\0\0\0WAVEfmt "), Own("WAV"));
        assert_eq!(identify(b"RIFF\x10\0\0\0AVI LIST"), Foreign("AVI"));
        assert_eq!(identify("Grüße an alle".as_bytes()), NotSound("a text file"));
        assert_eq!(identify(&"é".repeat(400).as_bytes()[..511]), NotSound("a text file"));
        assert_eq!(identify(&[0; 40]), NotSound("a file of zero bytes"));
        assert_eq!(identify(&[0xff, 0xfb, 0x90, 0x64, 0, 1]), Kind::Unknown);
        assert_eq!(identify(b"\x01\x02text"), Kind::Unknown);
    }
}
