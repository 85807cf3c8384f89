//! A line diff for failed expectations. Not minimal in moves: the longest common subsequence of lines.

use std::fmt::Write;

/// Lines that are shown around a change.
const NEAR: usize = 2;

/// The lines of both texts: `-` those of `old` alone, `+` those of `new` alone, others only near a change.
pub fn diff(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // common[i][j]: the length of the longest common subsequence of a[i..] and b[j..].
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] =
                if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push(('-', a[i]));
            i += 1;
        } else {
            lines.push(('+', b[j]));
            j += 1;
        }
    }
    let near = |at: usize| {
        lines[at.saturating_sub(NEAR)..(at + NEAR + 1).min(lines.len())].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut out = String::new();
    for (_, (sign, line)) in lines.iter().enumerate().filter(|(at, _)| near(*at)) {
        let _ = writeln!(out, "{sign} {line}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_with_their_neighbours() {
        assert_eq!(diff("a\nb\nc\nd\ne\nf", "a\nb\nc\nd\nx\nf"), "  c\n  d\n- e\n+ x\n  f\n");
        assert_eq!(diff("a\nb", "a\nb"), "");
        assert_eq!(diff("", "a"), "+ a\n");
    }
}
