//! Beam search over a table of logits made by hand, against openai-whisper's `BeamSearchDecoder` over the same.

use super::*;

const EOT: u32 = 9;

/// The logits after the token `last` at `step`: ten numbers without order.
fn logits(last: u32, step: u32, seed: u32) -> [f32; 10] {
    std::array::from_fn(|token| {
        ((last * 7 + token as u32 * 13 + step * 5 + seed * 11) * 37 % 101) as f32 / 16.0
    })
}

/// The best `k` of them, with their log-probabilities.
fn best(logits: [f32; 10], k: usize) -> Vec<Candidate> {
    let sum: f32 = logits.iter().map(|x| x.exp()).sum();
    let candidate = |token: u32| Candidate { token, log_prob: logits[token as usize] - sum.ln() };
    let mut all: Vec<Candidate> = (0..10).map(candidate).collect();
    all.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
    all.truncate(k);
    all
}

const ENDS: Ends<'_> = Ends { eot: EOT, looped: &|_| false };

/// What a search did: its steps, the sources of each step but the first, and what it found.
struct Case {
    beams: Beams,
    steps: u32,
    seed: u32,
    ran: usize,
    sources: &'static [&'static [usize]],
    found: &'static [(&'static [u32], f32)],
}

/// Printed by `BeamSearchDecoder(size, 9, inference, patience)` of openai-whisper 20250625, updated with the same
/// tables until it was complete or out of steps; patience is 1, 1, 2, 1, 0.5 and 1.5.
const CASES: &[Case] = &[
    Case {
        beams: Beams { size: 2, max_candidates: 2 },
        steps: 6,
        seed: 1,
        ran: 6,
        sources: &[&[0, 1], &[0, 0], &[0, 1], &[0, 1], &[0, 1]],
        found: &[(&[], -0.96738), (&[5, 3, 6, 4, 7, 5], -5.30993)],
    },
    Case {
        beams: Beams { size: 3, max_candidates: 3 },
        steps: 8,
        seed: 2,
        ran: 7,
        sources: &[&[1, 0, 0], &[1, 0, 2], &[0, 2, 0], &[0, 1, 2], &[0, 1, 0], &[0, 2, 0]],
        found: &[(&[], -0.96738), (&[1, 2, 8], -4.14893), (&[5, 4, 0, 7, 6, 7], -6.88119)],
    },
    Case {
        beams: Beams { size: 3, max_candidates: 6 },
        steps: 8,
        seed: 2,
        ran: 8,
        sources: &[&[1, 0, 0], &[1, 0, 2], &[0, 2, 0], &[0, 1, 2], &[0, 1, 0], &[0, 2, 0], &[0, 2, 0]],
        found: &[(&[], -0.96738), (&[1, 2, 8], -4.14893), (&[5, 4, 0, 7, 6, 7], -6.88119)],
    },
    Case {
        beams: Beams { size: 5, max_candidates: 5 },
        steps: 4,
        seed: 3,
        ran: 4,
        sources: &[&[0, 1, 0, 1, 0], &[1, 0, 3, 0, 2], &[1, 0, 0, 2, 3]],
        found: &[
            (&[], -0.96738),
            (&[5, 4], -3.60703),
            (&[5, 8, 6, 0], -3.88029),
            (&[1, 7, 3, 6], -3.89101),
            (&[1, 7, 3, 2], -4.20351),
        ],
    },
    Case {
        beams: Beams { size: 4, max_candidates: 2 },
        steps: 8,
        seed: 4,
        ran: 3,
        sources: &[&[0, 1, 0, 1], &[0, 0, 1, 3]],
        found: &[(&[], -0.96738), (&[5, 4], -3.60703), (&[5, 8, 6], -3.14075), (&[5, 8, 2], -3.45325)],
    },
    Case {
        beams: Beams { size: 3, max_candidates: 4 },
        steps: 3,
        seed: 5,
        ran: 3,
        sources: &[&[0, 1, 0], &[0, 0, 1]],
        found: &[(&[5, 8, 6], -2.66371), (&[5, 8, 2], -2.97621), (&[1, 7, 8], -3.02311)],
    },
];

#[test]
fn finds_what_openai_whisper_finds() {
    for case in CASES {
        let (mut live, mut finished) = (vec![Hypothesis::default()], Vec::new());
        let mut sources = Vec::new();
        for step in 0..case.steps {
            let next = |h: &Hypothesis| {
                best(logits(h.tokens.last().copied().unwrap_or(0), step, case.seed), case.beams.candidates())
            };
            let candidates: Vec<_> = live.iter().map(next).collect();
            let forks = case.beams.update(&live, &candidates, &ENDS, &mut finished);
            sources.push(forks.iter().map(|fork| fork.source).collect::<Vec<_>>());
            live = forks.into_iter().map(|fork| fork.hypothesis).collect();
            if case.beams.complete(&finished) {
                break;
            }
        }
        let what = format!("{:?}, seed {}", case.beams, case.seed);
        assert_eq!(sources.len(), case.ran, "{what}");
        assert_eq!(sources[1..], *case.sources, "{what}");
        let found = case.beams.finalize(live, finished);
        let tokens: Vec<&[u32]> = found.iter().map(|h| h.tokens.as_slice()).collect();
        assert_eq!(tokens, case.found.iter().map(|f| f.0).collect::<Vec<_>>(), "{what}");
        for (ours, theirs) in found.iter().zip(case.found) {
            assert!((ours.sum - theirs.1).abs() < 1e-4, "{what}: {} is {}", theirs.1, ours.sum);
        }
    }
}

fn of(tokens: &[u32], sum: f32) -> Hypothesis {
    Hypothesis { tokens: tokens.to_vec(), sum, ..Hypothesis::default() }
}

#[test]
fn of_equals_the_earlier_beam_comes_first_and_the_later_unfinished_one() {
    let beams = Beams { size: 2, max_candidates: 2 };
    let live = [of(&[1], -1.0), of(&[2], -1.0)];
    let next = [(3, -0.5), (4, -0.5), (5, -0.75)].map(|(token, log_prob)| Candidate { token, log_prob });
    let forks = beams.update(&live, &[next.to_vec(), next.to_vec()], &ENDS, &mut Vec::new());
    let tokens: Vec<_> = forks.iter().map(|f| f.hypothesis.tokens.clone()).collect();
    assert_eq!(tokens, [[1, 3], [1, 4]]);
    // numpy's argsort, read backwards.
    let found = beams.finalize(live.to_vec(), vec![of(&[7], -3.0)]);
    assert_eq!(found, [of(&[7], -3.0), of(&[2], -1.0)]);
}

#[test]
fn loops_and_dead_ends_are_finished() {
    let beams = Beams { size: 3, max_candidates: 3 };
    let ends = Ends { eot: EOT, looped: &|tokens| tokens == [1, 1] };
    let live = [of(&[1], -1.0), of(&[2], -1.5), of(&[3], -4.0)];
    let next = |all: &[(u32, f32)]| {
        all.iter()
            .map(|(token, log_prob)| Candidate { token: *token, log_prob: *log_prob })
            .collect::<Vec<_>>()
    };
    let mut finished = Vec::new();
    let candidates = [next(&[(1, -0.25), (2, -0.5)]), Vec::new(), next(&[(4, -0.5)])];
    let forks = beams.update(&live, &candidates, &ends, &mut finished);
    assert_eq!(finished, [Hypothesis { looped: true, ..of(&[1, 1], -1.25) }, of(&[2], -1.5)]);
    let lives: Vec<_> = forks.into_iter().map(|f| (f.source, f.hypothesis)).collect();
    assert_eq!(lives, [(0, of(&[1, 2], -1.5)), (2, of(&[3, 4], -4.5))]);
}
