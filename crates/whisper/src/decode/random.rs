//! Random numbers by place, not in sequence: what a candidate draws at a step depends on nothing else. Not for
//! secrets.

/// The key of the draws of one window at one temperature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The key for a window, told apart by any number of its own, and a temperature, under a key for the file.
    #[must_use]
    pub fn of(self, window: u64, temperature: f64) -> Seed {
        let [a, b] = halves(window);
        let [c, d] = halves(temperature.to_bits());
        let [x, y, ..] = philox([a, b, c, d], halves(self.0));
        Seed(u64::from(x) | u64::from(y) << 32)
    }

    /// The number from 0 to below 1 that `candidate` draws at `step`.
    pub(super) fn uniform(self, candidate: usize, step: usize) -> f64 {
        let ([a, b], [c, d]) = (halves(candidate as u64), halves(step as u64));
        let [x, y, ..] = philox([a, b, c, d], halves(self.0));
        let bits = u64::from(x) | u64::from(y) << 32;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

/// Philox4x32-10: four random words for each counter and key (Salmon, Moraes, Dror and Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", SC 2011).
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [low, high] = halves(u64::from(counter[0]) * 0xd251_1f53);
        let [low2, high2] = halves(u64::from(counter[2]) * 0xcd9e_8d57);
        counter = [high2 ^ counter[1] ^ key[0], low2, high ^ counter[3] ^ key[1], low];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the authors' Random123 library.
    #[test]
    fn agrees_with_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let all = u32::MAX;
        assert_eq!(philox([all; 4], [all; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let out = [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1];
        assert_eq!(philox(pi, [0xa409_3822, 0x299f_31d0]), out);
    }

    #[test]
    fn every_place_draws_its_own_number() {
        let mut all = Vec::new();
        for seed in
            [Seed(1), Seed(1).of(0, 0.2), Seed(1).of(0, 0.4), Seed(1).of(3000, 0.2), Seed(2).of(0, 0.2)]
        {
            for candidate in 0..5 {
                all.extend((0..40).map(|step| seed.uniform(candidate, step)));
            }
        }
        assert!(all.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
        all.sort_unstable_by(f64::total_cmp);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "two places draw the same");
        assert_eq!(Seed(5).uniform(2, 9), Seed(5).uniform(2, 9));
    }
}
