//! Candidates that each go their own way: one that takes the likeliest token, or several that draw theirs
//! (decoding.py, `GreedyDecoder`). Not beams: these never replace each other.

use super::beam::{Ends, Fork};
use super::hypothesis::Hypothesis;
use super::random::Seed;
use super::scores::{Candidate, Draws, Scores};

/// How candidates choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Group {
    /// How many there are.
    pub size: usize,
    /// 0 for the likeliest token.
    pub temperature: f64,
}

impl Group {
    /// The candidates before the first step.
    pub fn begin(self) -> Vec<Hypothesis> {
        (0..self.size).map(|candidate| Hypothesis { candidate, ..Hypothesis::default() }).collect()
    }

    /// What each of `live` takes next of its `scores`; at the first step all have the same.
    pub fn choose(self, live: &[Hypothesis], scores: &[Scores<'_>], seed: Seed) -> Vec<Option<Candidate>> {
        if self.temperature == 0.0 {
            return scores.iter().map(|scores| scores.best(1).first().copied()).collect();
        }
        let draw = |draws: &Draws<'_, '_>, h: &Hypothesis| draws.draw(seed, h.candidate, h.tokens.len());
        if let [same] = scores {
            let draws = Draws::new(same, self.temperature);
            return live.iter().map(|h| draw(&draws, h)).collect();
        }
        live.iter().zip(scores).map(|(h, scores)| draw(&Draws::new(scores, self.temperature), h)).collect()
    }
}

/// Continues `live` by what each `chose`; what is finished joins `finished`.
pub(super) fn update(
    live: &[Hypothesis],
    chose: &[Option<Candidate>],
    ends: &Ends<'_>,
    finished: &mut Vec<Hypothesis>,
) -> Vec<Fork> {
    let mut forks = Vec::with_capacity(live.len());
    for (source, (hypothesis, next)) in live.iter().zip(chose).enumerate() {
        match ends.extend(hypothesis, *next) {
            Ok(hypothesis) => forks.push(Fork { source, hypothesis }),
            Err(hypothesis) => finished.push(hypothesis),
        }
    }
    forks
}

/// All candidates in their own order, whether finished or not.
pub(super) fn finalize(live: Vec<Hypothesis>, mut finished: Vec<Hypothesis>) -> Vec<Hypothesis> {
    finished.extend(live);
    finished.sort_by_key(|hypothesis| hypothesis.candidate);
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends<'_> = Ends { eot: 9, looped: &|tokens| tokens.ends_with(&[5, 5, 5]) };

    #[test]
    fn each_goes_its_own_way_to_its_end() {
        let group = Group { size: 3, temperature: 0.5 };
        let mut finished = Vec::new();
        let mut live = group.begin();
        let steps = [
            vec![(1, -0.5), (5, -0.25), (2, -1.0)],
            vec![(9, -0.5), (5, -0.25), (2, -1.0)],
            vec![(5, -0.25), (3, -1.0)],
        ];
        let mut sources = Vec::new();
        for chose in steps {
            let chose: Vec<_> =
                chose.into_iter().map(|(token, log_prob)| Some(Candidate { token, log_prob })).collect();
            let forks = update(&live, &chose, &ENDS, &mut finished);
            sources.push(forks.iter().map(|f| f.source).collect::<Vec<_>>());
            live = forks.into_iter().map(|f| f.hypothesis).collect();
        }
        assert_eq!(sources, [vec![0, 1, 2], vec![1, 2], vec![1]]);
        let all = finalize(live, finished);
        let expected = [
            Hypothesis { candidate: 0, tokens: vec![1], sum: -1.0, looped: false },
            Hypothesis { candidate: 1, tokens: vec![5, 5, 5], sum: -0.75, looped: true },
            Hypothesis { candidate: 2, tokens: vec![2, 2, 3], sum: -3.0, looped: false },
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn one_that_nothing_may_follow_ends() {
        let group = Group { size: 1, temperature: 0.0 };
        let mut finished = Vec::new();
        assert_eq!(update(&group.begin(), &[None], &ENDS, &mut finished), []);
        assert_eq!(finished, group.begin());
    }
}
