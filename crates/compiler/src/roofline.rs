//! The least time in which a machine does some work: the roofline (S. Williams, A. Waterman, D. Patterson, "Roofline",
//! 2009). Not a measurement: devices measure their peaks.
//!
//! Bytes that lie in a cache come faster than from memory, so work may take less than this time.

use crate::work::Work;
use std::ops::AddAssign;

/// What a machine does in a second at the most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peaks {
    /// Additions and multiplications, by the type of the factors, in the order of [`crate::Compute::ALL`].
    pub flops: [f64; 3],
    /// Exponentials that are as exact as products of these factors ask for, in the same order.
    pub exps: [f64; 3],
    /// Bytes read from memory, not from a cache.
    pub bytes: f64,
    /// Whether products of narrow factors have units of their own, beside which vectors compute.
    pub apart: bool,
}

/// The median; `None` of no values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

impl Peaks {
    /// The median of each rate; nothing but zeros of no measurement.
    pub fn median(all: &[Peaks]) -> Peaks {
        let of = |rate: &dyn Fn(&Peaks) -> f64| {
            median(&all.iter().map(rate).collect::<Vec<f64>>()).unwrap_or_default()
        };
        Peaks {
            flops: std::array::from_fn(|i| of(&|p| p.flops[i])),
            exps: std::array::from_fn(|i| of(&|p| p.exps[i])),
            bytes: of(&|p| p.bytes),
            apart: all.iter().any(|p| p.apart),
        }
    }

    /// The least time of `work`: memory and arithmetic at once, and the longer of them counts. Vectors compute products
    /// and exponentials one after the other; units for narrow products work beside them.
    pub fn ideal(&self, work: &Work) -> Ideal {
        let seconds = |counts: [u64; 3], rates: [f64; 3]| {
            let mut at = [0.0; 3];
            for ((at, count), rate) in at.iter_mut().zip(counts).zip(rates) {
                *at = if count == 0 { 0.0 } else { count as f64 / rate };
            }
            at
        };
        let [wide, bf16, int8] = seconds(work.flops, self.flops);
        let narrow = bf16 + int8;
        let exps: f64 = seconds(work.exps, self.exps).iter().sum();
        let memory = if work.bytes == 0 { 0.0 } else { work.bytes as f64 / self.bytes };
        let (units, vectors) = if self.apart { (narrow, wide) } else { (0.0, wide + narrow) };
        let arithmetic = units.max(vectors + exps);
        if memory >= arithmetic {
            Ideal { memory, ..Ideal::default() }
        } else if units >= vectors + exps {
            Ideal { compute: units, ..Ideal::default() }
        } else {
            Ideal { compute: vectors, exponentials: exps, ..Ideal::default() }
        }
    }
}

/// The least seconds of some work, by what takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ideal {
    /// Products and additions.
    pub compute: f64,
    /// Exponentials.
    pub exponentials: f64,
    /// Bytes from and to memory.
    pub memory: f64,
}

impl Ideal {
    /// All of them.
    pub fn seconds(&self) -> f64 {
        self.compute + self.exponentials + self.memory
    }

    /// What takes most of them: `compute`, `exp` or `memory`; nothing if there are none.
    pub fn bound(&self) -> &'static str {
        let all = [(self.memory, "memory"), (self.exponentials, "exp"), (self.compute, "compute")];
        let most = all.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
        most.filter(|(seconds, _)| *seconds > 0.0).map_or("", |(_, name)| name)
    }
}

impl AddAssign for Ideal {
    fn add_assign(&mut self, other: Ideal) {
        self.compute += other.compute;
        self.exponentials += other.exponentials;
        self.memory += other.memory;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEAKS: Peaks =
        Peaks { flops: [100.0, 400.0, 800.0], exps: [10.0, 20.0, 10.0], bytes: 50.0, apart: false };

    #[test]
    fn the_longer_of_memory_and_arithmetic_counts() {
        let work = Work { flops: [100, 400, 0], exps: [5, 0, 0], bytes: 100 };
        let ideal = PEAKS.ideal(&work);
        assert_eq!((ideal.compute, ideal.exponentials, ideal.memory), (2.0, 0.5, 0.0));
        assert_eq!((ideal.seconds(), ideal.bound()), (2.5, "compute"));
        let ideal = PEAKS.ideal(&Work { bytes: 150, ..work });
        assert_eq!((ideal.seconds(), ideal.memory, ideal.bound()), (3.0, 3.0, "memory"));
        let ideal = PEAKS.ideal(&Work { exps: [0, 0, 30], ..work });
        assert_eq!((ideal.compute, ideal.exponentials, ideal.bound()), (2.0, 3.0, "exp"));
        assert_eq!((Ideal::default().seconds(), Ideal::default().bound()), (0.0, ""));
        assert_eq!(PEAKS.ideal(&Work::default()), Ideal::default());
    }

    #[test]
    fn units_of_their_own_work_beside_vectors() {
        let peaks = Peaks { apart: true, ..PEAKS };
        let work = Work { flops: [0, 800, 800], exps: [0, 40, 0], bytes: 0 };
        assert_eq!(peaks.ideal(&work), Ideal { compute: 3.0, ..Ideal::default() });
        let work = Work { exps: [0, 80, 0], ..work };
        assert_eq!(peaks.ideal(&work), Ideal { exponentials: 4.0, ..Ideal::default() });
        assert_eq!(PEAKS.ideal(&work).seconds(), 7.0, "vectors compute both");
    }

    #[test]
    fn medians_are_taken_rate_by_rate() {
        let of = |bytes: f64, exps: f64| Peaks { bytes, exps: [exps; 3], ..PEAKS };
        let median = Peaks::median(&[of(3.0, 1.0), of(1.0, 9.0), of(2.0, 4.0)]);
        assert_eq!((median.bytes, median.exps, median.flops), (2.0, [4.0; 3], PEAKS.flops));
        assert_eq!(Peaks::median(&[of(1.0, 1.0), of(2.0, 4.0)]).bytes, 1.5);
        assert_eq!(Peaks::median(&[]), Peaks::default());
    }
}
