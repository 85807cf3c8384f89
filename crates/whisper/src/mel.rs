//! The constants of the log-mel spectrogram: filters and window. Not its computation: that is a graph.

/// Samples per second of the sound that Whisper hears.
pub const SAMPLE_RATE: usize = 16_000;
/// Points of the Fourier transform.
pub const N_FFT: usize = 400;
/// Samples from one frame to the next.
pub const HOP: usize = 160;
/// Bins of one frame's spectrum, from 0 Hz to half the sample rate.
pub const N_BINS: usize = N_FFT / 2 + 1;

/// Slaney's mel scale (Auditory Toolbox, 1998): linear below 1000 Hz at 15 mels, then 27 mels per factor of 6.4.
fn hz_of(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * 6.4_f64.powf((mel - 15.0) / 27.0) }
}

/// The highest frequency's place on the scale: 8000 Hz.
fn mel_of_nyquist() -> f64 {
    15.0 + 27.0 * (SAMPLE_RATE as f64 / 2000.0).ln() / 6.4_f64.ln()
}

/// Triangular mel filters of equal area, `n_mels x 201` row-major: `librosa.filters.mel(sr=16000, n_fft=400)`.
pub fn mel_filters(n_mels: usize) -> Vec<f32> {
    let step = mel_of_nyquist() / (n_mels + 1) as f64;
    let nyquist = SAMPLE_RATE as f64 / 2.0;
    let corner: Vec<f64> = (0..n_mels + 2).map(|i| hz_of(i as f64 * step).min(nyquist)).collect();
    let mut filters = Vec::with_capacity(n_mels * N_BINS);
    for edges in corner.windows(3) {
        let (low, peak, high) = (edges[0], edges[1], edges[2]);
        let height = 2.0 / (high - low);
        filters.extend((0..N_BINS).map(|bin| {
            let hz = (bin * SAMPLE_RATE) as f64 / N_FFT as f64;
            let rising = (hz - low) / (peak - low);
            let falling = (high - hz) / (high - peak);
            // The triangle is rounded to f32 before it is scaled, as the filters were that Whisper was trained with.
            let triangle = rising.min(falling).max(0.0) as f32;
            (f64::from(triangle) * height) as f32
        }));
    }
    filters
}

/// The periodic Hann window of 400 points, in f32 throughout as `torch.hann_window` has it: the argument's rounding
/// makes up to 2.4e-7 of difference.
pub fn hann_window() -> Vec<f32> {
    let turn = (std::f64::consts::TAU / N_FFT as f64) as f32;
    (0..N_FFT).map(|i| (i as f32 * turn).cos() * -0.5 + 0.5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_those_that_whisper_was_trained_with() {
        // openai-whisper's `assets/mel_filters.npz` at (mel, bin).
        for (n_mels, mel, bin, value) in [
            (80, 0, 1, 0.024_862_595_f32),
            (80, 0, 2, 0.0),
            (80, 79, 197, 0.001_346_277_1),
            (128, 0, 1, 0.012_373_987),
            (128, 127, 199, 0.001_114_280_2),
        ] {
            let filters = mel_filters(n_mels);
            assert_eq!(filters.len(), n_mels * N_BINS);
            assert_eq!(filters[mel * N_BINS + bin], value, "({mel}, {bin}) of {n_mels}");
        }
    }

    #[test]
    fn every_filter_hears_something_and_none_the_ends() {
        for n_mels in [80, 128] {
            for filter in mel_filters(n_mels).chunks(N_BINS) {
                assert!(filter.iter().any(|weight| *weight > 0.0));
                assert_eq!((filter[0], filter[N_BINS - 1]), (0.0, 0.0));
            }
        }
    }

    #[test]
    fn the_window_is_periodic() {
        let window = hann_window();
        assert_eq!((window.len(), window[0], window[200]), (400, 0.0, 1.0));
        assert!((1..200).all(|i| (window[i] - window[400 - i]).abs() < 1e-6 && window[i] >= window[i - 1]));
    }
}
