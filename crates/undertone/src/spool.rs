//! The samples of a recording where any stretch can be read again: in memory while they are few, else in a temporary
//! file without a name. Not a cache of anything computed.

use crate::Error;
use audio::Sound;
use std::hash::Hasher as _;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use tempfile::SpooledTempFile;

/// Bytes that stay in memory: one minute of sound.
const IN_MEMORY: usize = 2 * 60 * audio::SAMPLE_RATE as usize;
/// Samples that are read at once.
const BLOCK: usize = 1 << 14;

/// 16-bit samples at 16 kHz.
pub(crate) struct Spool {
    file: SpooledTempFile,
    len: usize,
    /// A number that the samples determine, and almost only they.
    pub(crate) fingerprint: u64,
    /// Why the sound ends early, if it does.
    pub(crate) damage: Option<audio::Error>,
    bytes: Vec<u8>,
}

impl Spool {
    /// Reads all of `sound`.
    ///
    /// # Errors
    /// Nothing of the sound can be decoded, or its samples can't be kept.
    pub(crate) fn of(sound: &Sound) -> Result<Spool, Error> {
        let mut samples = sound.samples()?;
        let (mut file, mut len, mut hash) = (SpooledTempFile::new(IN_MEMORY), 0, Fnv::default());
        let (mut block, mut bytes) = (vec![0; BLOCK], Vec::with_capacity(2 * BLOCK));
        let damage = loop {
            match samples.read(&mut block) {
                Ok(0) => break None,
                Ok(got) => {
                    bytes.clear();
                    bytes.extend(block[..got].iter().flat_map(|sample| sample.to_le_bytes()));
                    hash.write(&bytes);
                    file.write_all(&bytes).map_err(Error::Spool)?;
                    len += got;
                }
                Err(error) if len == 0 => return Err(error.into()),
                Err(error) => break Some(error),
            }
        };
        Ok(Spool { file, len, fingerprint: hash.finish(), damage, bytes })
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends the samples from `from` on to `to`, as openai-whisper has them: divided by 32768; `count` of them, but
    /// none beyond the end.
    ///
    /// # Errors
    /// The temporary file can't be read.
    pub(crate) fn read(&mut self, from: usize, count: usize, to: &mut Vec<f32>) -> Result<(), Error> {
        let count = count.min(self.len.saturating_sub(from));
        self.bytes.resize(2 * count, 0);
        self.file.seek(SeekFrom::Start(2 * from as u64)).map_err(Error::Spool)?;
        self.file.read_exact(&mut self.bytes).map_err(Error::Spool)?;
        let (pairs, _) = self.bytes.as_chunks::<2>();
        to.extend(pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32768.0));
        Ok(())
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll and Vo): the same on every machine, as the standard library's is not.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
