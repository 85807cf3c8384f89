//! Real recordings against the samples that openai-whisper saw. Not run where the recordings are
//! absent, which fails on CI.

use std::path::{Path, PathBuf};

use audio::{SAMPLE_RATE, Sound};
use sha1::{Digest, Sha1};

fn recordings() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/audio");
    let dir = if dir.is_dir() { dir } else { std::env::var_os("UNDERTONE_TEST_AUDIO").map(PathBuf::from)? };
    dir.is_dir().then_some(dir)
}

fn dir_or_skip() -> Option<PathBuf> {
    let found = recordings();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "the recordings are absent");
        println!("skipped: the recordings are absent");
    }
    found
}

fn all(path: &Path) -> Vec<i16> {
    let sound = Sound::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut samples = sound.samples().expect("a pass");
    let (mut out, mut block) = (Vec::new(), vec![0; 7919]);
    loop {
        let n = samples.read(&mut block).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        out.extend_from_slice(&block[..n]);
        if n == 0 {
            assert_eq!(samples.damaged(), 0, "{}", path.display());
            return out;
        }
    }
}

fn sha1(samples: &[i16]) -> String {
    let mut hash = Sha1::new();
    for &sample in samples {
        hash.update((f32::from(sample) / 32768.0).to_le_bytes());
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn flac_at_16_khz_is_bit_exact() {
    let Some(dir) = dir_or_skip() else { return };
    let mut checked = 0;
    for entry in std::fs::read_dir(&dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("").to_owned();
        let golden = dir.join(format!("golden/{stem}.greedy.json"));
        let resampled = dir.join(format!("golden/{stem}.pcm.flac"));
        if path.extension().is_none_or(|e| e != "flac") || !golden.is_file() || resampled.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&golden).expect("a golden");
        let golden: serde_json::Value = serde_json::from_str(&text).expect("json");
        assert_eq!(sha1(&all(&path)), golden["meta"]["pcm_sha1"].as_str().expect("pcm_sha1"), "{stem}");
        checked += 1;
    }
    assert!(checked > 60, "only {checked} files");
}

/// Largest and root-mean-square difference, and the signed difference of the counts.
fn difference(ours: &[i16], theirs: &[i16]) -> (u32, f64, i64) {
    let pairs = ours.iter().zip(theirs);
    let worst = pairs.clone().map(|(a, b)| i32::from(*a).abs_diff(i32::from(*b))).max().unwrap_or(0);
    let sum: f64 = pairs.map(|(a, b)| f64::from(i32::from(*a) - i32::from(*b)).powi(2)).sum();
    (worst, (sum / theirs.len() as f64).sqrt(), ours.len() as i64 - theirs.len() as i64)
}

/// Every file that ffmpeg had to convert is close to what ffmpeg made of it.
#[test]
fn converted_files_are_close_to_ffmpegs() {
    let Some(dir) = dir_or_skip() else { return };
    let mut checked = 0;
    let mut entries: Vec<_> =
        std::fs::read_dir(&dir).expect("a directory").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or("").to_owned();
        let golden = dir.join(format!("golden/{stem}.pcm.flac"));
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        // The golden of this stem is that of the video, not of the longer MP3.
        let other = stem == "sonnet1" && extension == "mp3";
        if !golden.is_file() || other || !["flac", "mp3", "m4a", "wav", "webm"].contains(&extension) {
            continue;
        }
        let (ours, theirs) = (all(&path), all(&golden));
        let (worst, rms, count) = difference(&ours, &theirs);
        println!(
            "{stem}: {} samples ({count:+}), largest difference {worst}, rms {rms:.2}, {:.1} s",
            ours.len(),
            ours.len() as f64 / f64::from(SAMPLE_RATE)
        );
        assert!(count.abs() <= 16 && rms < 8.0 && worst < 200, "{stem}: {count} {rms} {worst}");
        checked += 1;
    }
    assert_eq!(checked, 26);
}
