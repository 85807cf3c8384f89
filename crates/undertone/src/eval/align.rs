//! The fewest changes that make one list of words another (Levenshtein). Not a search for moved words.

/// What happens to the next word of either list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Both have it.
    Same,
    /// Another stands in its place.
    Substitute,
    /// Only the reference has it.
    Delete,
    /// Only the hypothesis has it.
    Insert,
}

/// The steps from the start of both lists to their ends. Memory is two bits for each pair of words that lies between
/// what the lists share at their ends.
pub(super) fn align(reference: &[&str], hypothesis: &[&str]) -> Vec<Step> {
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = reference.iter().zip(hypothesis).take_while(same).count();
    let (inner, heard) = (&reference[head..], &hypothesis[head..]);
    let tail = inner.iter().rev().zip(heard.iter().rev()).take_while(same).count();
    let (inner, heard) = (&inner[..inner.len() - tail], &heard[..heard.len() - tail]);
    let mut steps = vec![Step::Same; head];
    steps.extend(between(inner, heard));
    steps.extend(vec![Step::Same; tail]);
    steps
}

fn between(reference: &[&str], hypothesis: &[&str]) -> Vec<Step> {
    let columns = hypothesis.len() + 1;
    let mut moves = Moves::new((reference.len() + 1) * columns);
    // Changes so far, then kept words so far: of equally few changes, more kept words are better.
    let mut above: Vec<(usize, usize)> = (0..columns).map(|column| (column, 0)).collect();
    (1..columns).for_each(|column| moves.set(column, Step::Insert));
    for (row, word) in (1..).zip(reference) {
        let mut diagonal = above[0];
        above[0] = (row, 0);
        moves.set(row * columns, Step::Delete);
        for (column, heard) in (1..).zip(hypothesis) {
            let (changes, lost) = diagonal;
            let (step, straight) = if word == heard {
                (Step::Same, (changes, lost))
            } else {
                (Step::Substitute, (changes + 1, lost + 1))
            };
            let down = (above[column].0 + 1, above[column].1 + 1);
            let right = (above[column - 1].0 + 1, above[column - 1].1);
            let (best, step) = [(straight, step), (down, Step::Delete), (right, Step::Insert)]
                .into_iter()
                .min_by_key(|way| way.0)
                .unwrap_or((straight, step));
            diagonal = std::mem::replace(&mut above[column], best);
            moves.set(row * columns + column, step);
        }
    }
    let (mut row, mut column) = (reference.len(), hypothesis.len());
    let mut steps = Vec::new();
    while row + column > 0 {
        let step = moves.get(row * columns + column);
        row -= usize::from(step != Step::Insert);
        column -= usize::from(step != Step::Delete);
        steps.push(step);
    }
    steps.reverse();
    steps
}

/// A step for each pair, in two bits.
struct Moves(Vec<u8>);

impl Moves {
    const ALL: [Step; 4] = [Step::Same, Step::Substitute, Step::Delete, Step::Insert];

    fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(4)])
    }

    /// Each place is set once.
    fn set(&mut self, at: usize, step: Step) {
        self.0[at / 4] |= (step as u8) << (at % 4 * 2);
    }

    fn get(&self, at: usize) -> Step {
        Self::ALL[usize::from(self.0[at / 4] >> (at % 4 * 2) & 3)]
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, align};
    use proptest::prelude::*;

    /// The distance alone, by the definition.
    fn distance(a: &[&str], b: &[&str]) -> usize {
        match (a.split_first(), b.split_first()) {
            (None, _) => b.len(),
            (_, None) => a.len(),
            (Some((x, a1)), Some((y, b1))) if x == y => distance(a1, b1),
            (Some((_, a1)), Some((_, b1))) => 1 + distance(a1, b1).min(distance(a, b1)).min(distance(a1, b)),
        }
    }

    proptest! {
        #[test]
        fn steps_are_the_fewest_and_true(
            a in prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..7),
            b in prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..7),
        ) {
            let (mut at, mut heard, mut changes) = (0, 0, 0);
            for step in align(&a, &b) {
                match step {
                    Step::Same => prop_assert_eq!(a[at], b[heard]),
                    Step::Substitute => prop_assert_ne!(a[at], b[heard]),
                    Step::Delete | Step::Insert => {}
                }
                changes += usize::from(step != Step::Same);
                at += usize::from(step != Step::Insert);
                heard += usize::from(step != Step::Delete);
            }
            prop_assert_eq!((at, heard), (a.len(), b.len()));
            prop_assert_eq!(changes, distance(&a, &b));
        }
    }
}
