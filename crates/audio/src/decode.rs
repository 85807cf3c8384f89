//! One pass over the packets of a track: mono samples at the rate that was decoded, without the
//! encoder's delay and padding. Not a resampler.

use symphonia::core::audio::{Channels, GenericAudioBufferRef};
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::well_known as formats;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

use crate::Error;
use crate::container::{self, Opened, Refused};
use crate::mix::Mixer;
use crate::mp4::Edit;
use crate::opus::{self, Opus};
use crate::view::View;

/// Demuxer errors in a row before the rest of the file is given up.
const MAX_ERRORS: u32 = 32;
/// Longest silence put in for a gap or a delay that the file declares, in seconds.
const MAX_GAP: u64 = 3600;
/// Gaps shorter than this are rounding, in parts of a second.
const MIN_GAP: u64 = 50;
/// Longest silence for one damaged packet, in seconds.
const MAX_LOST: u64 = 2;
/// Samples of silence made at a time.
const SILENCE: u64 = 16_384;

/// How a sample becomes 16 bits, as ffmpeg does it for this kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Integers of at most 16 bits: halves round up.
    Short,
    /// Wider integers: cut off where nothing else is done to them.
    Wide,
    /// Floating point, and all lossy codecs.
    Float,
}

/// What a block of samples is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    /// Samples per second.
    pub(crate) rate: u32,
    /// Channels that were mixed.
    pub(crate) channels: usize,
    /// Kind of source.
    pub(crate) depth: Depth,
}

enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

/// A track being decoded.
pub(crate) struct Stream {
    reader: Box<dyn FormatReader>,
    codec: Codec,
    /// Name of the container.
    pub(crate) container: String,
    /// Name of the codec.
    pub(crate) codec_name: String,
    /// Declared length in seconds and its tolerance.
    pub(crate) declared: Option<(f64, f64)>,
    /// Packets that could not be decoded.
    pub(crate) damaged: u64,
    track: u32,
    bits: Option<u32>,
    clock: Option<TimeBase>,
    fills_gaps: bool,
    negative_is_delay: bool,
    /// The decoder itself cuts what the packet says.
    cuts: bool,
    edit: Option<Edit>,
    started: bool,
    format: Option<Format>,
    mixer: Option<(Channels, Mixer)>,
    interleaved: Vec<f32>,
    /// Samples to drop before the next that is kept.
    skip: u64,
    /// Samples left until the edit ends.
    keep: Option<u64>,
    /// Silence still to hand out.
    silence: u64,
    /// Frames decoded at the present rate, and seconds at former rates.
    frames: u64,
    earlier: f64,
    /// Where the next packet should start, in seconds.
    next: Option<f64>,
    ended: bool,
}

impl Stream {
    /// Opens what `view` shows and makes the decoder.
    pub(crate) fn open(view: View) -> Result<Stream, Refused> {
        let Opened { reader, container, track, codec: parameters, edit, declared } = container::open(view)?;
        let codec_name = container::codec_name(&parameters);
        let codec = make_codec(&parameters).map_err(|codec| {
            Refused::Foreign(container.clone(), codec.unwrap_or_else(|| codec_name.clone()))
        })?;
        let kind = reader.format_info().format;
        let skip = match &codec {
            Codec::Opus(opus) if edit.is_none() => opus.pre_skip(),
            _ => 0,
        };
        Ok(Stream {
            negative_is_delay: kind == formats::FORMAT_ID_MKV && matches!(codec, Codec::Symphonia(_)),
            cuts: [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS].contains(&parameters.codec),
            fills_gaps: kind == formats::FORMAT_ID_FLAC || kind == formats::FORMAT_ID_OGG,
            reader,
            codec,
            container,
            codec_name,
            declared,
            damaged: 0,
            track: track.id,
            bits: parameters.bits_per_sample,
            clock: track.time_base,
            edit,
            started: false,
            format: None,
            mixer: None,
            interleaved: Vec::new(),
            skip,
            keep: None,
            silence: 0,
            frames: 0,
            earlier: 0.0,
            next: None,
            ended: false,
        })
    }

    /// Appends the next samples to `mono` and says what they are; nothing at the end. After an error
    /// the stream has ended.
    pub(crate) fn next(&mut self, mono: &mut Vec<f32>) -> Result<Option<Format>, Error> {
        let start = mono.len();
        loop {
            if let Some(format) = self.format.filter(|_| self.silence > 0) {
                let n = self.silence.min(SILENCE);
                self.silence -= n;
                mono.resize(start + n as usize, 0.0);
                return Ok(Some(format));
            }
            if self.ended {
                return Ok(None);
            }
            let Some(packet) = self.packet()? else {
                self.ended = true;
                return self.judge().map(|()| None);
            };
            self.decode(&packet, mono, start);
            if mono.len() > start {
                return Ok(self.format);
            }
        }
    }

    /// Seconds that came out of the decoder so far.
    fn seconds(&self) -> f64 {
        self.earlier + self.format.map_or(0.0, |f| self.frames as f64 / f64::from(f.rate))
    }

    /// The next packet of the track, past what the demuxer can skip.
    fn packet(&mut self) -> Result<Option<Packet>, Error> {
        let mut errors = 0;
        loop {
            match self.reader.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(SymphoniaError::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(SymphoniaError::IoError(e)) => {
                    self.ended = true;
                    return Err(Error::Read(e));
                }
                Err(SymphoniaError::ResetRequired) if errors < MAX_ERRORS => {
                    errors += 1;
                    self.restart()?;
                }
                Err(_) if errors < MAX_ERRORS => {
                    errors += 1;
                    self.damaged += 1;
                }
                Err(e) => {
                    self.ended = true;
                    return Err(Error::Corrupt { at: self.seconds(), reason: e.to_string() });
                }
            }
        }
    }

    /// A chained stream begins: its track and decoder replace the present ones.
    fn restart(&mut self) -> Result<(), Error> {
        let track = self.reader.default_track(TrackType::Audio).cloned();
        let parameters = track.as_ref().and_then(|t| match &t.codec_params {
            Some(CodecParameters::Audio(p)) => Some(p.clone()),
            _ => None,
        });
        let (Some(track), Some(parameters)) = (track, parameters) else {
            self.ended = true;
            return Err(Error::NoAudio { container: self.container.clone() });
        };
        self.codec = make_codec(&parameters).map_err(|codec| {
            self.ended = true;
            Error::Unsupported { codec: codec.unwrap_or_else(|| container::codec_name(&parameters)) }
        })?;
        if let Codec::Opus(opus) = &self.codec {
            self.skip = opus.pre_skip();
        }
        (self.track, self.bits, self.clock, self.next) =
            (track.id, parameters.bits_per_sample, track.time_base, None);
        Ok(())
    }

    /// Decodes `packet` to the end of `mono`, which held `start` samples before.
    fn decode(&mut self, packet: &Packet, mono: &mut Vec<f32>, start: usize) {
        let format = match &mut self.codec {
            Codec::Opus(opus) => opus.decode(&packet.data, mono).map(|()| Format {
                rate: opus::RATE,
                channels: opus.channels(),
                depth: Depth::Float,
            }),
            Codec::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(buffer) if buffer.is_empty() => return,
                Ok(buffer) => {
                    let format = format_of(&buffer, self.bits);
                    let spec = buffer.spec();
                    if self.mixer.as_ref().is_none_or(|(channels, _)| channels != spec.channels()) {
                        self.mixer = Some((spec.channels().clone(), Mixer::new(spec.channels())));
                    }
                    buffer.copy_to_vec_interleaved(&mut self.interleaved);
                    if let Some((_, mixer)) = &self.mixer {
                        mixer.mix(&self.interleaved, mono);
                    }
                    Some(format)
                }
                Err(_) => None,
            },
        };
        let Some(format) = format.filter(|f| f.rate > 0 && f.channels > 0) else {
            mono.truncate(start);
            return self.lose(packet);
        };
        self.enter(format);
        self.place(packet, format, mono, start);
    }

    /// Takes note of the format, and on the first block of what the edit list says.
    fn enter(&mut self, format: Format) {
        if let Some(old) = self.format.filter(|old| old.rate != format.rate) {
            self.earlier += self.frames as f64 / f64::from(old.rate);
            self.frames = 0;
        }
        self.format = Some(format);
        if self.started {
            return;
        }
        self.started = true;
        if let Some(edit) = self.edit {
            let rate = u64::from(format.rate);
            self.skip = scaled(edit.skip, rate, edit.media_scale);
            self.keep = edit.keep.map(|ticks| scaled(ticks, rate, edit.movie_scale));
            self.silence = scaled(edit.delay, rate, edit.movie_scale);
            if self.silence > MAX_GAP * rate {
                self.silence = 0;
            }
        }
    }

    /// Cuts the new samples at both ends and fills the gap before them.
    fn place(&mut self, packet: &Packet, format: Format, mono: &mut Vec<f32>, start: usize) {
        let made = (mono.len() - start) as u64;
        let rate = u64::from(format.rate);
        let frames = |ticks: u64| self.clock.map_or(ticks, |c| ticks_to_frames(ticks, c, rate));
        let (mut head, mut tail) = (frames(packet.trim_start.get()), frames(packet.trim_end.get()));
        if self.cuts {
            (head, tail) = (0, 0);
        }
        if self.negative_is_delay && packet.pts.is_negative() {
            head = head.max(frames(packet.pts.get().unsigned_abs()));
        }
        if matches!(self.codec, Codec::Opus(_)) {
            head = 0;
        }
        tail = tail.min(made);
        mono.truncate(start + (made - tail) as usize);
        let head = head.min((mono.len() - start) as u64);
        let more = self.skip.min((mono.len() - start) as u64 - head);
        self.skip -= more;
        mono.drain(start..start + (head + more) as usize);
        if let Some(keep) = &mut self.keep {
            let kept = (*keep).min((mono.len() - start) as u64);
            *keep -= kept;
            mono.truncate(start + kept as usize);
        }
        self.frames += made;
        self.fill(packet, format, made, mono, start);
    }

    /// Puts silence where the clock of the packet says that sound is missing.
    fn fill(&mut self, packet: &Packet, format: Format, made: u64, mono: &mut Vec<f32>, start: usize) {
        let Some(clock) = self.clock.filter(|_| self.fills_gaps) else { return };
        let rate = u64::from(format.rate);
        let at = ticks_to_frames(packet.pts.get().max(0) as u64, clock, rate);
        if let Some(next) = self.next {
            let gap = at.saturating_sub((next * f64::from(format.rate)).round() as u64);
            if gap * MIN_GAP > rate && gap < MAX_GAP * rate {
                self.damaged += 1;
                self.frames += gap;
                // Bounded by MAX_GAP; the block after it is small.
                mono.splice(start..start, std::iter::repeat_n(0.0, gap as usize));
            }
        }
        self.next = Some((at + made) as f64 / f64::from(format.rate));
    }

    /// A packet could not be decoded: silence keeps its time.
    fn lose(&mut self, packet: &Packet) {
        self.damaged += 1;
        let (Some(format), Some(clock)) = (self.format, self.clock) else { return };
        let rate = u64::from(format.rate);
        let lost = ticks_to_frames(packet.dur.get(), clock, rate).min(MAX_LOST * rate);
        self.frames += lost;
        let skipped = self.skip.min(lost);
        self.skip -= skipped;
        let shown = self.keep.map_or(lost - skipped, |keep| keep.min(lost - skipped));
        self.keep = self.keep.map(|keep| keep - shown);
        self.silence += shown;
        if let Some(next) = &mut self.next {
            *next += lost as f64 / f64::from(format.rate);
        }
    }

    /// At the end: did the file give what it declared?
    fn judge(&self) -> Result<(), Error> {
        let Some((expected, tolerance)) = self.declared else { return Ok(()) };
        let got = self.seconds();
        let frame = self.format.map_or(0.0, |f| 1.5 / f64::from(f.rate));
        if got > 0.0 && got + tolerance + frame < expected {
            return Err(Error::Truncated { got, expected });
        }
        Ok(())
    }
}

/// The decoder; the error names the codec where the parameters alone do not.
fn make_codec(parameters: &AudioCodecParameters) -> Result<Codec, Option<String>> {
    if parameters.codec == CODEC_ID_OPUS {
        let head = parameters.extra_data.as_deref().unwrap_or(&[]);
        return Opus::new(head).map(|opus| Codec::Opus(Box::new(opus))).map_err(Some);
    }
    let options = AudioDecoderOptions::default().gapless(true);
    let made = symphonia::default::get_codecs().make_audio_decoder(parameters, &options);
    made.map(Codec::Symphonia).map_err(|_| None)
}

fn format_of(buffer: &GenericAudioBufferRef<'_>, bits: Option<u32>) -> Format {
    use GenericAudioBufferRef as B;
    let depth = match buffer {
        B::F32(_) | B::F64(_) => Depth::Float,
        B::U8(_) | B::S8(_) | B::U16(_) | B::S16(_) => Depth::Short,
        _ if bits.is_some_and(|b| b <= 16) => Depth::Short,
        _ => Depth::Wide,
    };
    Format { rate: buffer.spec().rate(), channels: buffer.spec().channels().count(), depth }
}

/// `ticks` of a clock with `scale` ticks per second, in frames, rounded.
fn scaled(ticks: u64, rate: u64, scale: u32) -> u64 {
    let scale = u128::from(scale.max(1));
    let frames = (u128::from(ticks) * u128::from(rate) + scale / 2) / scale;
    u64::try_from(frames).unwrap_or(u64::MAX)
}

fn ticks_to_frames(ticks: u64, clock: TimeBase, rate: u64) -> u64 {
    let frames = u128::from(ticks) * u128::from(clock.numer.get()) * u128::from(rate);
    let denominator = u128::from(clock.denom.get());
    u64::try_from((frames + denominator / 2) / denominator).unwrap_or(u64::MAX)
}
