//! Finds the demuxer of a file and the track to decode. Not the decoding.

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as ids;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, CODEC_ID_NULL_AUDIO};
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known as formats;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

use crate::magic::{self, Kind};
use crate::mp4::{self, Edit};
use crate::view::View;
use crate::{Error, aiff, caf, wave};

/// Seconds by which a declared duration in a coarse clock may miss the sound.
const COARSE: f64 = 0.1;

/// A demuxer at the start of the file, and what is known of the track to decode.
pub(crate) struct Opened {
    /// The demuxer.
    pub(crate) reader: Box<dyn FormatReader>,
    /// Name of the container.
    pub(crate) container: String,
    /// The chosen track, as it was at the start.
    pub(crate) track: Track,
    /// Its codec parameters.
    pub(crate) codec: AudioCodecParameters,
    /// Its first edit, in MP4.
    pub(crate) edit: Option<Edit>,
    /// Declared length in seconds, and by how much it may miss.
    pub(crate) declared: Option<(f64, f64)>,
}

/// Why a file is not opened here.
pub(crate) enum Refused {
    /// ffmpeg may know better: names of the container and of the codec.
    Foreign(String, String),
    /// Nothing would.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused::Error(error)
    }
}

/// Opens what `view` shows.
pub(crate) fn open(mut view: View) -> Result<Opened, Refused> {
    let size = view.len();
    let mut head = [0; magic::PEEK];
    let got = view.peek(0, &mut head).map_err(Error::Read)?;
    let head = &head[..got];
    if head.is_empty() {
        return Err(Error::Empty.into());
    }
    let kind = magic::identify(head);
    match kind {
        Kind::NotSound(found) => return Err(Error::NotSound { found }.into()),
        Kind::Foreign(name) => return Err(Refused::Foreign(name.to_owned(), name.to_owned())),
        Kind::Own(_) | Kind::Unknown => {}
    }
    let wave = wave::adapt(&mut view);
    let claim = aiff::adapt(&mut view).unwrap_or(1.0);
    let nonsense = |container: &str, reason: &str| Error::Headers {
        container: container.to_owned(),
        reason: reason.to_owned(),
    };
    wave::check(&view).map_err(|reason| nonsense("WAV", reason))?;
    caf::check(&view).map_err(|reason| nonsense("CAF", reason))?;
    let tracks = mp4::audio_tracks(&view);
    let source = MediaSourceStream::new(Box::new(view), MediaSourceStreamOptions::default());
    let metadata = MetadataOptions::default().limit_visual_bytes(Limit::Maximum(0));
    let probe = symphonia::default::get_probe();
    let reader = probe.probe(&Hint::new(), source, FormatOptions::default(), metadata);
    let reader = reader.map_err(|e| refusal(kind, &e, size, head))?;
    let container = container_name(reader.as_ref(), kind);
    let Some(track) = reader.default_track(TrackType::Audio).cloned() else {
        return Err(match tracks.first() {
            Some(track) => Refused::Foreign(container, mp4::codec_name(track.code)),
            None => Error::NoAudio { container }.into(),
        });
    };
    let Some(CodecParameters::Audio(codec)) = track.codec_params.clone() else {
        return Err(Error::NoAudio { container }.into());
    };
    let declared = match wave {
        Some(declared) => declared.seconds().map(|s| (s, 0.0)),
        None => declared(reader.as_ref(), &track, &codec).map(|(s, tolerance)| (s * claim, tolerance)),
    };
    let edit = tracks.iter().find(|t| t.id == track.id).and_then(|t| t.edit);
    Ok(Opened { reader, container, track, codec, edit, declared })
}

fn refusal(kind: Kind, error: &SymphoniaError, size: u64, head: &[u8]) -> Refused {
    match (kind, error) {
        (_, SymphoniaError::IoError(e)) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
            Error::Headers { container: "unreadable".to_owned(), reason: e.to_string() }.into()
        }
        (Kind::Own(name), SymphoniaError::Unsupported(what)) => {
            Refused::Foreign(name.to_owned(), format!("a kind of {name} ({what})"))
        }
        (Kind::Own(name), e) => {
            let reason = match e {
                SymphoniaError::IoError(_) => "the file ends inside them".to_owned(),
                e => e.to_string(),
            };
            Error::Headers { container: name.to_owned(), reason }.into()
        }
        _ => {
            use std::fmt::Write as _;
            let start = head.iter().take(8).fold(String::new(), |mut s, b| {
                // Writing to a string cannot fail.
                let _ = write!(s, "{b:02x}");
                s
            });
            Error::Unknown { size, start }.into()
        }
    }
}

fn container_name(reader: &dyn FormatReader, kind: Kind) -> String {
    match (reader.format_info().format, kind) {
        (_, Kind::Own(name)) if name != "MP3" => name.to_owned(),
        (formats::FORMAT_ID_MP1 | formats::FORMAT_ID_MP2 | formats::FORMAT_ID_MP3, _) => {
            reader.format_info().short_name.to_ascii_uppercase()
        }
        (formats::FORMAT_ID_ADTS, _) => "ADTS".to_owned(),
        _ => reader.format_info().long_name.to_owned(),
    }
}

/// The length that the headers state; nothing where symphonia only estimates one.
fn declared(reader: &dyn FormatReader, track: &Track, codec: &AudioCodecParameters) -> Option<(f64, f64)> {
    match reader.format_info().format {
        formats::FORMAT_ID_FLAC | formats::FORMAT_ID_AIFF => {
            let rate = codec.sample_rate.filter(|r| *r > 0)?;
            Some((track.num_frames? as f64 / f64::from(rate), 0.0))
        }
        // symphonia counts the padding of compressed CAF.
        formats::FORMAT_ID_CAF if codec.bits_per_sample.is_none() || codec.codec == ids::CODEC_ID_ALAC => {
            None
        }
        formats::FORMAT_ID_ISOMP4 | formats::FORMAT_ID_CAF => {
            let time = track.time_base?.calc_duration(track.duration?)?;
            Some((time.as_secs_f64(), COARSE))
        }
        _ => None,
    }
    .filter(|(seconds, _)| *seconds > 0.0)
}

/// The name that people use for a codec.
pub(crate) fn codec_name(codec: &AudioCodecParameters) -> String {
    const NAMES: &[(AudioCodecId, &str)] = &[
        (ids::CODEC_ID_PCM_ALAW, "A-law"),
        (ids::CODEC_ID_PCM_MULAW, "mu-law"),
        (ids::CODEC_ID_ADPCM_MS, "Microsoft ADPCM"),
        (ids::CODEC_ID_ADPCM_IMA_WAV, "IMA ADPCM"),
        (ids::CODEC_ID_ADPCM_IMA_QT, "IMA ADPCM"),
        (ids::CODEC_ID_VORBIS, "Vorbis"),
        (ids::CODEC_ID_OPUS, "Opus"),
        (ids::CODEC_ID_SPEEX, "Speex"),
        (ids::CODEC_ID_MP1, "MP1"),
        (ids::CODEC_ID_MP2, "MP2"),
        (ids::CODEC_ID_MP3, "MP3"),
        (ids::CODEC_ID_AC3, "AC-3"),
        (ids::CODEC_ID_EAC3, "E-AC-3"),
        (ids::CODEC_ID_AC4, "AC-4"),
        (ids::CODEC_ID_DCA, "DTS"),
        (ids::CODEC_ID_WMA, "WMA"),
        (ids::CODEC_ID_FLAC, "FLAC"),
        (ids::CODEC_ID_WAVPACK, "WavPack"),
        (ids::CODEC_ID_ALAC, "ALAC"),
        (ids::CODEC_ID_TTA, "True Audio"),
        (ids::CODEC_ID_TRUEHD, "TrueHD"),
    ];
    if codec.codec == ids::CODEC_ID_AAC {
        let config = codec.extra_data.as_deref().unwrap_or(&[]);
        return mp4::aac_name(config).unwrap_or_else(|| "AAC".to_owned());
    }
    if let Some((_, name)) = NAMES.iter().find(|(id, _)| *id == codec.codec) {
        return (*name).to_owned();
    }
    if codec.codec == CODEC_ID_NULL_AUDIO {
        return "of an unknown codec".to_owned();
    }
    match symphonia::default::get_codecs().get_audio_decoder(codec.codec) {
        Some(known) => known.codec.info.long_name.trim_end_matches(" Interleaved").to_owned(),
        None => format!("of the unknown codec {}", codec.codec),
    }
}
