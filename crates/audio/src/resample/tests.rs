//! Length, delay, passband and stopband of the resampler. Not its closeness to ffmpeg, which the
//! recordings test.

use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;

fn tone(rate: u32, hertz: f64, count: usize) -> Vec<f32> {
    (0..count).map(|n| (0.5 * (TAU * hertz * n as f64 / f64::from(rate)).sin()) as f32).collect()
}

fn resampled(rate: u32, input: &[f32], block: usize) -> Vec<f32> {
    let mut resampler = Resampler::new(rate).expect("a rate in range");
    let mut out = Vec::new();
    for part in input.chunks(block) {
        resampler.push(part, &mut out);
    }
    resampler.finish(&mut out);
    out
}

/// Largest error against a tone at 16 kHz, away from the ends.
fn error(out: &[f32], hertz: f64) -> f64 {
    let want = tone(SAMPLE_RATE, hertz, out.len());
    let inner = 400..out.len() - 400;
    inner.map(|n| f64::from((out[n] - want[n]).abs())).fold(0.0, f64::max)
}

#[test]
fn common_rates_keep_a_tone_in_place() {
    for rate in [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
        let out = resampled(rate, &tone(rate, 1000.0, rate as usize), 1000);
        assert_eq!(out.len(), SAMPLE_RATE as usize, "{rate}");
        assert!(error(&out, 1000.0) < 2e-4, "{rate}: {}", error(&out, 1000.0));
    }
}

#[test]
fn what_does_not_fit_is_filtered_out() {
    let out = resampled(48_000, &tone(48_000, 10_000.0, 48_000), 4096);
    let inner = &out[400..out.len() - 400];
    assert!(inner.iter().all(|x| x.abs() < 1e-4), "{:?}", inner.iter().fold(0.0f32, |m, x| m.max(x.abs())));
}

#[test]
fn a_steady_value_stays_steady_up_to_both_ends() {
    let out = resampled(44_100, &vec![0.25; 4410], 441);
    assert_eq!(out.len(), 1600);
    assert!(out.iter().all(|x| (x - 0.25).abs() < 1e-3), "{:?} {:?}", &out[..4], &out[1596..]);
}

#[test]
fn rates_out_of_range_are_refused() {
    assert!(matches!(Resampler::new(0), Err(Error::Rate { rate: 0 })));
    assert!(matches!(Resampler::new(u32::MAX), Err(Error::Rate { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_rate_keeps_length_and_delay(rate in 8_000_u32..192_000, extra in 0_usize..999) {
        let count = rate as usize / 5 + extra;
        let out = resampled(rate, &tone(rate, 700.0, count), 4096);
        let want = (count as u64 * u64::from(SAMPLE_RATE)).div_ceil(u64::from(rate));
        prop_assert_eq!(out.len() as u64, want);
        prop_assert!(error(&out, 700.0) < 2e-3, "{}", error(&out, 700.0));
    }

    #[test]
    fn block_sizes_do_not_matter(rate in 8_000_u32..192_000, block in 1_usize..6000, count in 0_usize..9000) {
        let input = tone(rate, 700.0, count);
        prop_assert_eq!(resampled(rate, &input, block), resampled(rate, &input, 9000));
    }
}
