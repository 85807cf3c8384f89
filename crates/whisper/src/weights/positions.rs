//! The encoder's positions as a formula, for checkpoints that leave them out. Not the decoder's: those are learnt.

/// Sinusoidal positions, `length x channels` row-major: the sines of `channels / 2` frequencies, then their cosines.
///
/// Evaluated in f32 in the order of openai-whisper's `model.py`, so that values agree to the last places of `sin`.
pub fn sinusoids(length: usize, channels: usize) -> Vec<f32> {
    let half = channels / 2;
    let step = 10_000_f64.ln() / half.saturating_sub(1).max(1) as f64;
    let rates: Vec<f32> = (0..half).map(|i| (-(step as f32) * i as f32).exp()).collect();
    let mut out = Vec::with_capacity(length * half * 2);
    for position in 0..length {
        out.extend(rates.iter().map(|rate| (position as f32 * rate).sin()));
        out.extend(rates.iter().map(|rate| (position as f32 * rate).cos()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_torch() {
        // whisper.model.sinusoids(1500, 512) at (row, column).
        let got = sinusoids(1500, 512);
        assert_eq!(got.len(), 1500 * 512);
        for (row, column, value) in EXPECTED {
            let got = got[row * 512 + column];
            assert!((got - value).abs() < 2e-6, "({row}, {column}): {got} against {value}");
        }
    }

    const EXPECTED: [(usize, usize, f32); 8] = [
        (0, 0, 0.0),
        (0, 256, 1.0),
        (1, 1, 0.821_779),
        (10, 100, 0.266_737),
        (700, 3, -0.202_018),
        (1499, 0, -0.444_221),
        (1499, 300, -0.377_336),
        (1499, 511, 0.988_786),
    ];
}
