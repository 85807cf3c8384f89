//! Seconds of sound decoded per second: FLAC at 16 kHz and resampled WAV. Not a test of the samples.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;

use audio::{SAMPLE_RATE, Sound};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn decode(sound: &Sound) -> usize {
    let mut samples = sound.samples().expect("a pass");
    let mut block = vec![0; 16_000];
    let mut total = 0;
    loop {
        let n = samples.read(&mut block).expect("samples");
        black_box(&block[..n]);
        if n == 0 {
            return total;
        }
        total += n;
    }
}

/// Ten seconds of a stereo sweep at 44.1 kHz.
fn wave() -> Vec<u8> {
    let frames = 441_000_u32;
    let mut out = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    out.extend_from_slice(&44_100_u32.to_le_bytes());
    out.extend_from_slice(&176_400_u32.to_le_bytes());
    out.extend_from_slice(&[4, 0, 16, 0]);
    out.extend_from_slice(b"data");
    out.extend_from_slice(&(frames * 4).to_le_bytes());
    for n in 0..frames {
        let t = f64::from(n) / 44_100.0;
        let value = (12_000.0 * (t * t * 2_000.0).sin()) as i16;
        out.extend_from_slice(&value.to_le_bytes());
        out.extend_from_slice(&value.to_le_bytes());
    }
    out
}

fn benches(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let flac = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audio/formats/flac16k.flac");
    for (name, sound) in [
        ("flac 16 kHz mono", Sound::open(&flac).expect("the test file")),
        ("wav 44.1 kHz stereo", Sound::spool(&mut Cursor::new(wave())).expect("a wave file")),
    ] {
        let seconds = decode(&sound) as u64 * 1000 / u64::from(SAMPLE_RATE);
        // Elements are milliseconds of sound: 1 Melem/s is 1000 times real time.
        group.throughput(Throughput::Elements(seconds));
        group.bench_function(name, |b| b.iter(|| decode(&sound)));
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
