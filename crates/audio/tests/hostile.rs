//! Files of every format, cut and damaged at random: an error or samples, never a panic, never without
//! end. Not a search for what the damage decodes to.

use std::io::Cursor;
use std::path::Path;

use audio::{SAMPLE_RATE, Sound};

/// Damaged variants of each file.
const ROUNDS: u32 = 120;
/// A sound of 0.6 s must not grow beyond this, in samples.
const LIMIT: usize = 20 * SAMPLE_RATE as usize;

/// xorshift64*, seeded by the round and the file.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if random.below(3) == 0 {
        bytes.truncate(random.below(bytes.len() + 1));
    }
    if bytes.is_empty() {
        return;
    }
    // Headers are where parsers can be misled: half of the damage goes there.
    let reach = if random.below(2) == 0 { bytes.len().min(600) } else { bytes.len() };
    for _ in 0..=random.below(12) {
        let at = random.below(reach);
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
            2 => bytes[at] = random.below(256) as u8,
            _ => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill([0, 0xff][random.below(2)]);
            }
        }
    }
    if random.below(8) == 0 {
        let at = random.below(bytes.len());
        let more: Vec<u8> = bytes[at..].iter().take(random.below(3000)).copied().collect();
        bytes.splice(at..at, more);
    }
}

#[test]
fn damaged_files_end_in_samples_or_an_error() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audio/formats");
    let mut entries: Vec<_> =
        std::fs::read_dir(dir).expect("the files").flatten().map(|e| e.path()).collect();
    entries.sort();
    let mut files = 0;
    for path in entries.iter().filter(|p| p.extension().is_some_and(|e| e != "md")) {
        let whole = std::fs::read(path).expect("the file");
        files += 1;
        for round in 0..ROUNDS {
            let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (u64::from(round) << 32) ^ (files << 8));
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut random);
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            // Shown with the panic, should there be one.
            println!("{name} round {round}");
            let Ok(sound) = Sound::spool(&mut Cursor::new(bytes)) else { continue };
            let Ok(mut samples) = sound.samples() else { continue };
            let (mut block, mut total) = (vec![0; 4096], 0);
            while let Ok(n @ 1..) = samples.read(&mut block) {
                total += n;
                if total > LIMIT {
                    break;
                }
            }
        }
    }
    assert!(files > 30, "only {files} files");
}
