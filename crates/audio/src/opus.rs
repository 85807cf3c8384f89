//! Opus packets to 48 kHz samples, with what the `OpusHead` header asks for. Not a demuxer.
//!
//! The header is that of RFC 7845, section 5.1; the codec is `opus-pure`.

use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder, OpusMSDecoder};
use symphonia::core::audio::Position;

use crate::mix::Mixer;

/// Samples per second that Opus decodes to here.
pub(crate) const RATE: u32 = 48_000;

/// The places of 1 to 8 channels in Vorbis order, which mapping family 1 uses.
const PLACES: [&[Position]; 8] = [
    &[Position::FRONT_CENTER],
    &[Position::FRONT_LEFT, Position::FRONT_RIGHT],
    &[Position::FRONT_LEFT, Position::FRONT_CENTER, Position::FRONT_RIGHT],
    &[Position::FRONT_LEFT, Position::FRONT_RIGHT, Position::REAR_LEFT, Position::REAR_RIGHT],
    &[
        Position::FRONT_LEFT,
        Position::FRONT_CENTER,
        Position::FRONT_RIGHT,
        Position::REAR_LEFT,
        Position::REAR_RIGHT,
    ],
    &[
        Position::FRONT_LEFT,
        Position::FRONT_CENTER,
        Position::FRONT_RIGHT,
        Position::REAR_LEFT,
        Position::REAR_RIGHT,
        Position::LFE1,
    ],
    &[
        Position::FRONT_LEFT,
        Position::FRONT_CENTER,
        Position::FRONT_RIGHT,
        Position::SIDE_LEFT,
        Position::SIDE_RIGHT,
        Position::REAR_CENTER,
        Position::LFE1,
    ],
    &[
        Position::FRONT_LEFT,
        Position::FRONT_CENTER,
        Position::FRONT_RIGHT,
        Position::SIDE_LEFT,
        Position::SIDE_RIGHT,
        Position::REAR_LEFT,
        Position::REAR_RIGHT,
        Position::LFE1,
    ],
];

enum Inner {
    Plain(Box<OpusDecoder>),
    Multi(Box<OpusMSDecoder>),
}

/// A decoder for one track.
pub(crate) struct Opus {
    inner: Inner,
    mixer: Mixer,
    gain: f32,
    pre_skip: u16,
    block: Vec<f32>,
}

impl Opus {
    /// Reads the identification header; the error says what is not supported.
    pub(crate) fn new(head: &[u8]) -> Result<Opus, String> {
        if head.len() < 19 || &head[..8] != b"OpusHead" || head[8] >> 4 != 0 {
            return Err("Opus without a valid header".to_owned());
        }
        let channels = usize::from(head[9]);
        let gain_q8 = i16::from_le_bytes([head[16], head[17]]);
        let family = head[18];
        let too_odd = || format!("Opus with {channels} channels in mapping family {family}");
        let (inner, mixer) = match family {
            0 if (1..=2).contains(&channels) => {
                let inner = OpusDecoder::new(RATE as i32, channels).map_err(|_| too_odd())?;
                (Inner::Plain(Box::new(inner)), Mixer::even(channels))
            }
            1 if (1..=8).contains(&channels) => {
                let inner = OpusMSDecoder::new(RATE as i32, channels, 1).map_err(|_| too_odd())?;
                let mapping = head.get(21..21 + channels);
                if mapping != Some(inner.layout().mapping.as_slice()) {
                    return Err(too_odd());
                }
                (Inner::Multi(Box::new(inner)), Mixer::placed(PLACES[channels - 1]))
            }
            _ => return Err(too_odd()),
        };
        Ok(Opus {
            inner,
            mixer,
            gain: 10_f32.powf(f32::from(gain_q8) / (20.0 * 256.0)),
            pre_skip: u16::from_le_bytes([head[10], head[11]]),
            block: vec![0.0; MAX_PACKET_SAMPLES * channels],
        })
    }

    /// Frames at 48 kHz to drop from the start.
    pub(crate) fn pre_skip(&self) -> u64 {
        u64::from(self.pre_skip)
    }

    /// Number of coded channels.
    pub(crate) fn channels(&self) -> usize {
        self.mixer.channels()
    }

    /// Decodes one packet and appends its frames, mixed; nothing where the packet is damaged.
    pub(crate) fn decode(&mut self, packet: &[u8], mono: &mut Vec<f32>) -> Option<()> {
        if packet.is_empty() {
            return None;
        }
        let made = match &mut self.inner {
            Inner::Plain(d) => d.decode(packet, MAX_PACKET_SAMPLES, &mut self.block),
            Inner::Multi(d) => d.decode(packet, MAX_PACKET_SAMPLES, &mut self.block),
        };
        let frames = made.ok().filter(|n| *n <= MAX_PACKET_SAMPLES)?;
        let start = mono.len();
        self.mixer.mix(&self.block[..frames * self.mixer.channels()], mono);
        if self.gain != 1.0 {
            mono[start..].iter_mut().for_each(|x| *x *= self.gain);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(channels: u8, gain: i16, family: u8) -> Vec<u8> {
        let mut h = b"OpusHead\x01".to_vec();
        h.push(channels);
        h.extend_from_slice(&312_u16.to_le_bytes());
        h.extend_from_slice(&RATE.to_le_bytes());
        h.extend_from_slice(&gain.to_le_bytes());
        h.push(family);
        h
    }

    #[test]
    fn the_header_is_checked() {
        assert!(Opus::new(b"OpusHead").is_err());
        assert!(Opus::new(&head(0, 0, 0)).is_err());
        assert!(Opus::new(&head(3, 0, 0)).is_err());
        assert!(Opus::new(&head(2, 0, 255)).is_err());
        assert!(Opus::new(&head(6, 0, 1)).is_err(), "the mapping is missing");
        assert_eq!(Opus::new(&head(2, 0, 0)).expect("stereo").pre_skip(), 312);
    }

    #[test]
    fn the_gain_is_in_decibels_over_256() {
        let opus = Opus::new(&head(1, -1541, 0)).expect("mono");
        assert!((opus.gain - 0.5).abs() < 1e-3, "{}", opus.gain);
    }
}
