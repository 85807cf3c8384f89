//! A sound that can be decoded from its start more than once. Not the decoding itself.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::container::Refused;
use crate::decode::Stream;
use crate::ffmpeg::{self, Ffmpeg};
use crate::resample;
use crate::view::View;
use crate::{Error, Samples};

/// What the caller allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// An ffmpeg program for codecs that are not decoded here; none is searched for.
    pub ffmpeg: Option<PathBuf>,
}

/// Who decodes a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoder {
    /// This crate.
    Own,
    /// The ffmpeg of [`Options`].
    Ffmpeg,
}

/// What is known of a sound once it is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// Name of the container ("WAV", "Matroska").
    pub container: String,
    /// Name of the codec ("MP3", "HE-AAC").
    pub codec: String,
    /// Samples per second as decoded, before resampling; unknown where ffmpeg decodes.
    pub rate: Option<u32>,
    /// Channels as decoded, before mixing; unknown where ffmpeg decodes.
    pub channels: Option<usize>,
    /// Seconds that the headers declare; nothing where they do not, or where it is only an estimate.
    pub declared: Option<f64>,
    /// Who decodes it.
    pub decoder: Decoder,
}

/// One sound that can be decoded from its start more than once.
#[derive(Debug, Clone)]
pub struct Sound {
    file: Arc<File>,
    path: Option<PathBuf>,
    ffmpeg: Option<PathBuf>,
    info: Info,
}

impl Sound {
    /// Opens and probes a file, and decodes its first block. What is no regular file (a pipe, a device)
    /// is read to its end first, as by [`Sound::spool`].
    ///
    /// # Errors
    /// A missing, empty, unknown or unsupported file; a file without sound. The message says what was
    /// found.
    pub fn open(path: &Path) -> Result<Sound, Error> {
        Sound::open_with(path, &Options::default())
    }

    /// [`Sound::open`] with options.
    ///
    /// # Errors
    /// As [`Sound::open`].
    pub fn open_with(path: &Path, options: &Options) -> Result<Sound, Error> {
        let mut file = File::open(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::Missing,
            _ => Error::Read(e),
        })?;
        let kind = file.metadata().map_err(Error::Read)?.file_type();
        if kind.is_dir() {
            return Err(Error::Directory);
        }
        if !kind.is_file() {
            return Sound::spool_with(&mut file, options);
        }
        Sound::probe(Arc::new(file), Some(path.to_path_buf()), options)
    }

    /// Reads `input` to its end into an unlinked temporary file, and opens that: a pipe gives the same
    /// samples as a file.
    ///
    /// # Errors
    /// As [`Sound::open`], and [`Error::Spool`] when the temporary file cannot be made or written.
    pub fn spool(input: &mut dyn Read) -> Result<Sound, Error> {
        Sound::spool_with(input, &Options::default())
    }

    /// [`Sound::spool`] with options.
    ///
    /// # Errors
    /// As [`Sound::spool`].
    pub fn spool_with(input: &mut dyn Read, options: &Options) -> Result<Sound, Error> {
        let mut file = tempfile::tempfile().map_err(Error::Spool)?;
        let mut block = vec![0; 1 << 16];
        loop {
            match input.read(&mut block) {
                Ok(0) => break,
                Ok(n) => file.write_all(&block[..n]).map_err(Error::Spool)?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::Read(e)),
            }
        }
        Sound::probe(Arc::new(file), None, options)
    }

    fn probe(file: Arc<File>, path: Option<PathBuf>, options: &Options) -> Result<Sound, Error> {
        let view = View::new(file.clone()).map_err(Error::Read)?;
        let info = match Stream::open(view) {
            Ok(stream) => own_info(stream)?,
            Err(Refused::Error(error)) => return Err(error),
            Err(Refused::Foreign(container, codec)) if options.ffmpeg.is_some() => Info {
                container,
                codec,
                rate: None,
                channels: None,
                declared: None,
                decoder: Decoder::Ffmpeg,
            },
            Err(Refused::Foreign(_, codec)) => return Err(Error::Unsupported { codec }),
        };
        Ok(Sound { file, path, ffmpeg: options.ffmpeg.clone(), info })
    }

    /// A new pass from the start. Passes are independent of each other.
    ///
    /// # Errors
    /// [`Error::FfmpegStart`] when ffmpeg is to decode and does not start; [`Error::Read`].
    pub fn samples(&self) -> Result<Samples, Error> {
        if let (Decoder::Ffmpeg, Some(program)) = (self.info.decoder, &self.ffmpeg) {
            let input = match &self.path {
                Some(path) => ffmpeg::Input::Path(path.clone()),
                None => ffmpeg::Input::File(self.file.try_clone().map_err(Error::Read)?),
            };
            return Ffmpeg::start(program, input, &self.info.codec).map(Samples::ffmpeg);
        }
        let view = View::new(self.file.clone()).map_err(Error::Read)?;
        match Stream::open(view) {
            Ok(stream) => Ok(Samples::own(stream)),
            Err(Refused::Error(error)) => Err(error),
            Err(Refused::Foreign(_, codec)) => Err(Error::Unsupported { codec }),
        }
    }

    /// What is known of the sound.
    pub fn info(&self) -> &Info {
        &self.info
    }
}

/// Decodes as far as the first block, so that rate and channels are those of the sound.
fn own_info(mut stream: Stream) -> Result<Info, Error> {
    let (container, codec) = (stream.container.clone(), stream.codec_name.clone());
    let declared = stream.declared.map(|(seconds, _)| seconds);
    let Some(format) = stream.next(&mut Vec::new())? else {
        return Err(Error::Nothing { container, codec, damaged: stream.damaged });
    };
    resample::check(format.rate)?;
    Ok(Info {
        container,
        codec,
        rate: Some(format.rate),
        channels: Some(format.channels),
        declared,
        decoder: Decoder::Own,
    })
}
