//! The one error type of this crate. Not a log: what decoding survives is only counted
//! ([`crate::Samples::damaged`]).

use std::io;

/// Why a sound cannot be opened or read on. The caller knows the path, so no message repeats it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the path.
    #[error("the file does not exist")]
    Missing,
    /// The path is a directory.
    #[error("this is a directory, expected a sound file")]
    Directory,
    /// The file cannot be opened or read.
    #[error("the sound cannot be read: {0}")]
    Read(#[source] io::Error),
    /// A stream cannot be kept in a temporary file.
    #[error("the stream cannot be kept in a temporary file: {0}")]
    Spool(#[source] io::Error),
    /// A file of no bytes.
    #[error("the file is empty (0 bytes)")]
    Empty,
    /// The first bytes are those of something else.
    #[error("this is {found}, expected a sound or video file")]
    NotSound {
        /// What it is, with its article ("a PDF document").
        found: &'static str,
    },
    /// The first bytes are of no known format.
    #[error("this is no known sound or video format ({size} bytes that start with {start})")]
    Unknown {
        /// Length of the file in bytes.
        size: u64,
        /// The first bytes in hexadecimal.
        start: String,
    },
    /// The format is known, but its headers cannot be read.
    #[error("the headers of this {container} file cannot be read: {reason}")]
    Headers {
        /// Name of the container.
        container: String,
        /// What the parser found.
        reason: String,
    },
    /// A container without any audio track.
    #[error("this {container} file has no audio track")]
    NoAudio {
        /// Name of the container.
        container: String,
    },
    /// The codec cannot be decoded here, and no ffmpeg was given.
    #[error("the sound is {codec}, which is not decoded here; install ffmpeg or convert it to FLAC")]
    Unsupported {
        /// Name of the codec, or of the container when that is as far as parsing goes.
        codec: String,
    },
    /// A sampling rate that no recorder makes.
    #[error("the sampling rate is {rate} Hz, expected {min} to {max} Hz", min = crate::resample::MIN_RATE, max = crate::resample::MAX_RATE)]
    Rate {
        /// The rate that was decoded, in Hz.
        rate: u32,
    },
    /// The headers are fine, but there is no sound behind them.
    #[error("not one sample could be decoded of this {container} file ({codec}, {damaged} damaged packets)")]
    Nothing {
        /// Name of the container.
        container: String,
        /// Name of the codec.
        codec: String,
        /// Packets that failed to decode.
        damaged: u64,
    },
    /// The file ends before the length that it declares.
    #[error("the sound is cut off: {got:.2} s of the declared {expected:.2} s could be decoded")]
    Truncated {
        /// Seconds that were decoded.
        got: f64,
        /// Seconds that the file declares.
        expected: f64,
    },
    /// The container is damaged beyond what can be skipped.
    #[error("the sound is damaged after {at:.2} s: {reason}")]
    Corrupt {
        /// Seconds that were decoded before the damage.
        at: f64,
        /// What the parser found.
        reason: String,
    },
    /// The ffmpeg that the caller named does not start.
    #[error("{program} cannot be started: {source}")]
    FfmpegStart {
        /// The program as the caller gave it.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// ffmpeg gave up.
    #[error("ffmpeg could not decode the sound ({codec}): {message}")]
    Ffmpeg {
        /// Name of the codec or container.
        codec: String,
        /// The last line that ffmpeg wrote, or its exit status.
        message: String,
    },
}
