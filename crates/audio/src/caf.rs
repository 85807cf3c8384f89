//! Whether the numbers in a CAF file make sense, before symphonia, which trusts them, multiplies and
//! allocates by them. Not a demuxer.
//!
//! Chunks are those of Apple's Core Audio Format Specification 1.0.

use crate::view::View;

/// Chunks that are looked at.
const MAX_CHUNKS: usize = 4096;
/// Largest packet, in bytes and in frames.
const MAX_PACKET: u64 = 1 << 20;
/// Most packets in a table: over 100 hours of sound.
const MAX_PACKETS: i64 = 1 << 24;
/// Table bytes read at a time.
const BLOCK: usize = 8192;

/// What is wrong with a CAF file; nothing for other files.
pub(crate) fn check(view: &View) -> Result<(), &'static str> {
    if view.bytes::<4>(0) != Some(*b"caff") {
        return Ok(());
    }
    let mut at = 8_u64;
    let mut packets = None;
    for _ in 0..MAX_CHUNKS {
        let Some(head) = view.bytes::<12>(at) else { return Ok(()) };
        let [a, b, c, d, e, f, g, h] = head[4..] else { return Ok(()) };
        let size = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let body = at + 12;
        let open_end = &head[..4] == b"data" && size == -1;
        let size = match u64::try_from(size) {
            Ok(size) if size <= i64::MAX as u64 / 4 => size,
            _ if open_end => return Ok(()),
            _ => return Err("a chunk has a length that makes no sense"),
        };
        match &head[..4] {
            b"desc" => packets = Some(description(view, body)?),
            b"pakt" => table(view, body, size, packets.ok_or("the packet table comes first")?)?,
            _ => {}
        }
        at = body.checked_add(size).ok_or("a chunk has a length that makes no sense")?;
    }
    Err("it has too many chunks")
}

/// Bytes and frames per packet of the audio description; 0 where they vary.
fn description(view: &View, at: u64) -> Result<(u64, u64), &'static str> {
    let rate = view.bytes::<8>(at).map(f64::from_be_bytes).ok_or("the audio description is cut off")?;
    let number = |offset: u64| -> Result<u64, &'static str> {
        let bytes = view.bytes::<4>(at + offset).ok_or("the audio description is cut off")?;
        Ok(u64::from(u32::from_be_bytes(bytes)))
    };
    let (bytes, frames, channels, bits) = (number(16)?, number(20)?, number(24)?, number(28)?);
    let sane = (1.0..=1e6).contains(&rate)
        && bytes <= MAX_PACKET
        && frames <= MAX_PACKET
        && (1..=64).contains(&channels)
        && bits <= 64;
    if sane { Ok((bytes, frames)) } else { Err("the audio description makes no sense") }
}

/// Reads the sizes in a packet table as the demuxer will.
fn table(view: &View, at: u64, size: u64, per_packet: (u64, u64)) -> Result<(), &'static str> {
    const BAD: &str = "the packet table makes no sense";
    let head = view.bytes::<24>(at).ok_or(BAD)?;
    let long = |k: usize| i64::from_be_bytes(std::array::from_fn(|i| head[k + i]));
    let short = |k: usize| i32::from_be_bytes(std::array::from_fn(|i| head[k + i]));
    let (count, frames) = (long(0), long(8));
    if !(0..=MAX_PACKETS).contains(&count)
        || !(0..=1 << 48).contains(&frames)
        || short(16) < 0
        || short(20) < 0
    {
        return Err(BAD);
    }
    let per_entry = u64::from(per_packet.0 == 0) + u64::from(per_packet.1 == 0);
    let mut numbers = count as u64 * per_entry;
    let (mut next, end, mut value) = (at + 24, at.saturating_add(size), 0_u64);
    let mut block = [0; BLOCK];
    while numbers > 0 {
        let room = usize::try_from(end.saturating_sub(next)).unwrap_or(BLOCK).min(BLOCK);
        let got = view.peek(next, &mut block[..room]).unwrap_or(0);
        if got == 0 {
            return Err(BAD);
        }
        for byte in &block[..got] {
            value = value << 7 | u64::from(byte & 0x7f);
            if value > MAX_PACKET {
                return Err(BAD);
            }
            if byte & 0x80 == 0 {
                value = 0;
                numbers = numbers.saturating_sub(1);
                if numbers == 0 {
                    break;
                }
            }
        }
        next += got as u64;
    }
    Ok(())
}
