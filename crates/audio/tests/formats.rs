//! Every format that is read, from small files of one sweep: length, place and shape of the sound. Not
//! its words.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use audio::{Decoder, Error, Options, SAMPLE_RATE, Sound};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audio/formats").join(name)
}

fn drain(sound: &Sound, block: usize) -> (Vec<i16>, Option<Error>) {
    let mut samples = sound.samples().expect("a pass");
    let (mut out, mut buffer) = (Vec::new(), vec![0; block]);
    loop {
        match samples.read(&mut buffer) {
            Ok(0) => return (out, None),
            Ok(n) => out.extend_from_slice(&buffer[..n]),
            Err(e) => return (out, Some(e)),
        }
    }
}

fn all(name: &str) -> Vec<i16> {
    let sound = Sound::open(&file(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(sound.info().decoder, Decoder::Own, "{name}");
    let (out, error) = drain(&sound, 997);
    assert!(error.is_none(), "{name}: {error:?}");
    out
}

/// Normalised correlation of `a` moved by `lag` samples against `b`.
fn correlation(a: &[i16], b: &[i16], lag: i64) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
    for (n, &y) in b.iter().enumerate() {
        let at = usize::try_from(n as i64 + lag).ok();
        let Some(&x) = at.and_then(|n| a.get(n)) else { continue };
        ab += f64::from(x) * f64::from(y);
        aa += f64::from(x).powi(2);
        bb += f64::from(y).powi(2);
    }
    ab / (aa * bb).sqrt()
}

/// Best lag within 60 ms, and the correlation there.
fn alignment(a: &[i16], b: &[i16]) -> (i64, f64) {
    let all = (-960..=960).map(|lag| (lag, correlation(a, b, lag)));
    all.fold((0, f64::MIN), |best, this| if this.1 > best.1 { this } else { best })
}

struct Case {
    name: &'static str,
    container: &'static str,
    codec: &'static str,
    rate: u32,
    channels: usize,
    /// Milliseconds of sound, and by how much they may miss.
    length: (u32, u32),
    /// Largest lag in samples at 16 kHz.
    lag: i64,
    shape: f64,
}

const fn case(
    name: &'static str,
    (container, codec): (&'static str, &'static str),
    (rate, channels): (u32, usize),
    length: (u32, u32),
    (lag, shape): (i64, f64),
) -> Case {
    Case { name, container, codec, rate, channels, length, lag, shape }
}

const NEAR: (i64, f64) = (1, 0.999);
/// Lossy codecs: 1 ms.
const LOSSY: (i64, f64) = (16, 0.99);

const CASES: &[Case] = &[
    case("wav_u8.wav", ("WAV", "PCM Unsigned 8-bit"), (16_000, 1), (600, 0), NEAR),
    case("wav_s24.wav", ("WAV", "PCM Signed 24-bit Little-Endian"), (16_000, 1), (400, 0), NEAR),
    case("wav_s32.wav", ("WAV", "PCM Signed 32-bit Little-Endian"), (16_000, 1), (400, 0), NEAR),
    case("wav_f32.wav", ("WAV", "PCM 32-bit Little-Endian Floating Point"), (16_000, 1), (400, 0), NEAR),
    case("wav_f64_8k.wav", ("WAV", "PCM 64-bit Little-Endian Floating Point"), (8_000, 1), (300, 0), NEAR),
    case("wav_mulaw_8k.wav", ("WAV", "mu-law"), (8_000, 1), (600, 0), NEAR),
    case("wav_alaw_8k.wav", ("WAV", "A-law"), (8_000, 1), (600, 0), NEAR),
    case("wav_adpcm_ms.wav", ("WAV", "Microsoft ADPCM"), (16_000, 1), (600, 65), (1, 0.99)),
    case("wav_adpcm_ima.wav", ("WAV", "IMA ADPCM"), (16_000, 1), (600, 65), (1, 0.99)),
    case("wav_5p1_8k.wav", ("WAV", "PCM Signed 16-bit Little-Endian"), (8_000, 6), (200, 0), NEAR),
    case("rf64.wav", ("RF64", "PCM Signed 16-bit Little-Endian"), (16_000, 1), (400, 0), NEAR),
    case("wav_streamed.wav", ("WAV", "PCM Signed 16-bit Little-Endian"), (16_000, 1), (400, 0), NEAR),
    case("flac_22k_stereo.flac", ("FLAC", "FLAC"), (22_050, 2), (400, 0), NEAR),
    case("flac24_44k.flac", ("FLAC", "FLAC"), (44_100, 1), (400, 0), NEAR),
    case("mp3_lame_44k.mp3", ("MP3", "MP3"), (44_100, 1), (600, 0), LOSSY),
    case("vorbis_44k.ogg", ("Ogg", "Vorbis"), (44_100, 2), (600, 8), LOSSY),
    case("opus_16k.opus", ("Ogg", "Opus"), (48_000, 1), (600, 0), LOSSY),
    case("opus_stereo.webm", ("Matroska", "Opus"), (48_000, 2), (600, 20), LOSSY),
    case("ogg_flac.oga", ("Ogg", "FLAC"), (16_000, 1), (600, 0), NEAR),
    case("aac_44k.m4a", ("MP4", "AAC"), (44_100, 1), (600, 5), LOSSY),
    case("alac_16k.m4a", ("MP4", "ALAC"), (16_000, 1), (600, 0), NEAR),
    case("aiff_s16.aiff", ("AIFF", "PCM Signed 16-bit Big-Endian"), (16_000, 1), (400, 0), NEAR),
    case("caf_s16.caf", ("CAF", "PCM Signed 16-bit Big-Endian"), (16_000, 1), (400, 0), NEAR),
    case("caf_alac.caf", ("CAF", "ALAC"), (16_000, 1), (600, 0), NEAR),
    case("opus_48k.mp4", ("MP4", "Opus"), (48_000, 1), (600, 20), LOSSY),
    case("video_aac.mp4", ("MP4", "AAC"), (44_100, 1), (600, 5), LOSSY),
    case("video_vorbis.mkv", ("Matroska", "Vorbis"), (44_100, 1), (600, 15), LOSSY),
];

#[test]
fn every_format_has_its_length_place_and_shape() {
    let reference = all("reference.wav");
    assert_eq!(reference.len(), 9600);
    let mut wrong = Vec::new();
    for case in CASES {
        let sound = match Sound::open(&file(case.name)) {
            Ok(sound) => sound,
            Err(e) => {
                wrong.push(format!("{}: {e}", case.name));
                continue;
            }
        };
        let info = sound.info().clone();
        let (out, error) = drain(&sound, 1000);
        let (lag, shape) = alignment(&out, &reference);
        let miss = (out.len() as i64 - i64::from(case.length.0) * 16).unsigned_abs();
        let fine = error.is_none()
            && (info.container.as_str(), info.codec.as_str()) == (case.container, case.codec)
            && (info.rate, info.channels) == (Some(case.rate), Some(case.channels))
            && miss <= u64::from(case.length.1) * 16
            && lag.abs() <= case.lag
            && shape >= case.shape;
        println!("{}: {} samples, lag {lag}, shape {shape:.5}, {info:?}", case.name, out.len());
        if !fine {
            wrong.push(format!(
                "{}: {} samples, lag {lag}, {shape:.5}, {error:?}, {info:?}",
                case.name,
                out.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files that do not say what the encoder added: the sound may be late by that much, not more.
#[test]
fn formats_without_delay_information_are_whole() {
    let reference = all("reference.wav");
    for (name, late) in [("mp3_bare_16k.mp3", 1200), ("aac_44k.aac", 800), ("aac_fragmented.mp4", 800)] {
        let out = all(name);
        let (lag, shape) = (0..=late)
            .map(|lag| (lag, correlation(&out, &reference, lag)))
            .fold((0, f64::MIN), |best, this| if this.1 > best.1 { this } else { best });
        println!("{name}: {} samples, lag {lag}, shape {shape:.5}", out.len());
        // The delay need not be whole samples at 16 kHz.
        assert!(shape > 0.9, "{name}: {lag} {shape}");
        assert!((9600..9600 + 2500).contains(&out.len()), "{name}: {}", out.len());
    }
}

#[test]
fn lossless_16_bit_files_at_16_khz_are_exact() {
    let reference = all("reference.wav");
    let names =
        ["flac16k.flac", "alac_16k.m4a", "ogg_flac.oga", "caf_alac.caf", "rf64.wav", "wav_streamed.wav"];
    for name in
        names.iter().chain(&["aiff_s16.aiff", "caf_s16.caf", "wav_s24.wav", "wav_s32.wav", "wav_f32.wav"])
    {
        let out = all(name);
        assert!(out.len() >= 6400, "{name}: {}", out.len());
        assert!(out[..] == reference[..out.len()], "{name}");
    }
}

#[test]
fn a_pipe_gives_what_the_file_gives_and_blocks_do_not_matter() {
    for name in ["reference.wav", "mp3_lame_44k.mp3", "opus_stereo.webm", "aac_44k.m4a", "flac24_44k.flac"] {
        let bytes = std::fs::read(file(name)).expect("the file");
        let piped = Sound::spool(&mut Cursor::new(bytes)).expect("a sound");
        let want = all(name);
        for block in [1, 160, 1 << 20] {
            assert!(drain(&piped, block).0 == want, "{name} {block}");
        }
    }
}

#[test]
fn codecs_that_are_not_decoded_here_are_named() {
    for (name, codec) in [("wma.wma", "WMA"), ("ac3.mp4", "AC-3"), ("ac3.ac3", "AC-3")] {
        let message = Sound::open(&file(name)).expect_err(name).to_string();
        assert!(message.contains(codec) && message.contains("ffmpeg"), "{name}: {message}");
    }
    let message = Sound::open(&file("video_silent.mkv")).expect_err("no sound").to_string();
    assert_eq!(message, "this Matroska file has no audio track");
}

#[test]
fn what_is_no_sound_is_named() {
    let error = |bytes: &[u8]| {
        let sound = Sound::spool(&mut Cursor::new(bytes.to_vec()));
        sound.expect_err("no sound").to_string()
    };
    assert_eq!(error(b""), "the file is empty (0 bytes)");
    assert_eq!(error(b"%PDF-1.4 ..."), "this is a PDF document, expected a sound or video file");
    assert_eq!(error(b"Dear all,\n"), "this is a text file, expected a sound or video file");
    assert!(error(&[1, 2, 3, 0xfe, 5]).contains("5 bytes that start with 010203fe05"));
    assert!(error(b"fLaC").contains("FLAC"));
    assert!(error(b"RIFF\x04\0\0\0WAVE").contains("WAV"));
    assert!(matches!(Sound::open(Path::new(env!("CARGO_MANIFEST_DIR"))), Err(Error::Directory)));
    assert!(matches!(Sound::open(&file("not there.wav")), Err(Error::Missing)));
}

#[test]
fn a_file_that_is_cut_off_gives_its_start_and_says_so() {
    for name in ["reference.wav", "flac16k.flac", "alac_16k.m4a", "aiff_s16.aiff", "rf64.wav"] {
        let bytes = std::fs::read(file(name)).expect("the file");
        let whole = all(name);
        // The movie header of the MP4 file stands behind the sound.
        let Ok(sound) = Sound::spool(&mut Cursor::new(bytes[..bytes.len() * 17 / 20].to_vec())) else {
            assert_eq!(name, "alac_16k.m4a");
            continue;
        };
        let (out, error) = drain(&sound, 997);
        assert!(out.len() > whole.len() * 2 / 5 && out.len() < whole.len(), "{name}: {}", out.len());
        assert!(out[..] == whole[..out.len()], "{name}");
        let Some(Error::Truncated { got, expected }) = error else { panic!("{name}: {error:?}") };
        assert!((expected - whole.len() as f64 / 16_000.0).abs() < 1e-6, "{name}: {expected}");
        assert!((got - out.len() as f64 / f64::from(SAMPLE_RATE)).abs() < 1e-3, "{name}: {got}");
    }
}

#[test]
fn damage_in_the_middle_is_counted_and_keeps_time() {
    let reference = all("reference.wav");
    // Where the sound is, in percent of the file.
    for (name, at) in [
        ("mp3_lame_44k.mp3", 50),
        ("flac16k.flac", 85),
        ("opus_16k.opus", 50),
        ("aac_44k.m4a", 50),
        ("vorbis_44k.ogg", 85),
    ] {
        let mut bytes = std::fs::read(file(name)).expect("the file");
        let middle = bytes.len() * at / 100;
        bytes[middle..middle + 40].fill(0xff);
        let sound = Sound::spool(&mut Cursor::new(bytes)).expect("a sound");
        let (out, error) = drain(&sound, 4096);
        let late = &out[out.len().min(7200)..];
        let lag = alignment(late, &reference[7200..]);
        println!("{name}: {} samples, {error:?}, the end {lag:?}", out.len());
        assert!(out.len() > 7000 && out.len() < 11_000, "{name}: {}", out.len());
    }
}

/// A stand-in for ffmpeg, so that the test needs none.
#[cfg(unix)]
#[test]
fn an_ffmpeg_is_used_where_it_is_given_and_only_then() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().expect("a directory");
    let program = dir.path().join("ffmpeg");
    std::fs::write(&program, "#!/bin/sh\nprintf '\\001\\000\\377\\177\\000\\200'\n").expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let options = Options { ffmpeg: Some(program.clone()) };

    let sound = Sound::open_with(&file("wma.wma"), &options).expect("a sound");
    assert_eq!(sound.info().decoder, Decoder::Ffmpeg);
    assert_eq!(drain(&sound, 2).0, [1, i16::MAX, i16::MIN]);
    let own = Sound::open_with(&file("reference.wav"), &options).expect("a sound");
    assert_eq!(own.info().decoder, Decoder::Own);

    std::fs::write(&program, "#!/bin/sh\necho 'no such codec' >&2\nexit 1\n").expect("a script");
    let (out, error) = drain(&sound, 100);
    assert!(out.is_empty());
    let message = error.expect("an error").to_string();
    assert!(message.contains("WMA") && message.ends_with("no such codec"), "{message}");

    std::fs::remove_file(&program).expect("removed");
    assert!(matches!(sound.samples(), Err(Error::FfmpegStart { .. })));
}
