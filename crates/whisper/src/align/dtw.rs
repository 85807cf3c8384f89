//! The path of least cost through a matrix of tokens by frames (dynamic time warping). Not where the costs come
//! from.

/// How the path reached a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// From the token and the frame before.
    Both,
    /// From the token before, in the same frame.
    Token,
    /// From the frame before, in the same token.
    Frame,
}

/// The path of least summed cost from the first to the last cell of `cost`, rows of `frames` values, as (row, frame)
/// pairs. Of equal ways, the frame's step wins. An index of -1 stands before the first: without frames, or where
/// costs are NaN (timing.py, `dtw_cpu` and `backtrace`).
pub fn dtw(cost: &[f32], rows: usize, frames: usize) -> Vec<(i64, i64)> {
    assert_eq!(cost.len(), rows * frames, "costs of {rows} rows");
    let mut trace = vec![From::Frame; rows * frames];
    // Sums up to the row before, and of this row, with one before the first frame.
    let mut above = vec![f32::INFINITY; frames + 1];
    above[0] = 0.0;
    for (cost, trace) in cost.chunks_exact(frames.max(1)).zip(trace.chunks_exact_mut(frames.max(1))) {
        let mut diagonal = std::mem::replace(&mut above[0], f32::INFINITY);
        for (j, (cost, trace)) in cost.iter().zip(trace).enumerate() {
            let (both, token, frame) = (diagonal, above[j + 1], above[j]);
            let (least, from) = if both < token && both < frame {
                (both, From::Both)
            } else if token < both && token < frame {
                (token, From::Token)
            } else {
                (frame, From::Frame)
            };
            *trace = from;
            diagonal = token;
            above[j + 1] = cost + least;
        }
    }
    let (mut i, mut j) = (rows, frames);
    let mut path = Vec::with_capacity(rows + frames);
    while i > 0 || j > 0 {
        path.push((i as i64 - 1, j as i64 - 1));
        let from = match (i, j) {
            (_, 0) => From::Token,
            (0, _) => From::Frame,
            _ => trace[(i - 1) * frames + j - 1],
        };
        i -= usize::from(from != From::Frame);
        j -= usize::from(from != From::Token);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path<const N: usize>(rows: &[[f32; N]]) -> Vec<(i64, i64)> {
        dtw(rows.as_flattened(), rows.len(), N)
    }

    /// Values of timing.py's `dtw_cpu`.
    #[test]
    fn paths_are_openai_whispers() {
        let diagonal = [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [3.0, 2.0, 1.0]];
        assert_eq!(path(&diagonal), [(0, 0), (1, 1), (2, 2)]);
        let uneven =
            [[3.0, 1.0, 4.0, 1.0, 5.0, 9.0], [2.0, 6.0, 5.0, 3.0, 5.0, 8.0], [9.0, 7.0, 9.0, 3.0, 2.0, 3.0]];
        assert_eq!(path(&uneven), [(0, 0), (0, 1), (0, 2), (1, 3), (2, 4), (2, 5)]);
        assert_eq!(path(&[[1.0], [2.0], [0.5]]), [(0, 0), (1, 0), (2, 0)]);
        assert_eq!(path(&[[1.0, 5.0, 2.0]]), [(0, 0), (0, 1), (0, 2)]);
    }

    /// Values of timing.py's `dtw_cpu`.
    #[test]
    fn of_equal_ways_the_frames_step_is_taken_last() {
        assert_eq!(path(&[[0.0; 4]; 3]), [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]);
    }

    /// Values of timing.py's `dtw_cpu`.
    #[test]
    fn what_has_no_frame_or_no_number_ends_before_the_first_frame() {
        assert_eq!(dtw(&[], 3, 0), [(0, -1), (1, -1), (2, -1)]);
        assert_eq!(path(&[[f32::NAN; 3]; 2]), [(0, -1), (1, -1), (1, 0), (1, 1), (1, 2)]);
        assert_eq!(dtw(&[], 0, 0), []);
    }

    /// No path of a small matrix is cheaper.
    #[test]
    fn no_other_path_costs_less() {
        fn least(cost: &[f32], frames: usize, i: usize, j: usize) -> f32 {
            let here = cost[i * frames + j];
            let before = [
                (i > 0 && j > 0).then(|| least(cost, frames, i - 1, j - 1)),
                (i > 0).then(|| least(cost, frames, i - 1, j)),
                (j > 0).then(|| least(cost, frames, i, j - 1)),
            ];
            here + before.into_iter().flatten().reduce(f32::min).unwrap_or(0.0)
        }
        for (rows, frames) in [(2, 5), (4, 4), (5, 3), (1, 6)] {
            // Small whole numbers, so that sums are exact in any order.
            let cost: Vec<f32> = (0..rows * frames).map(|i| ((i * i + 3 * i) % 7) as f32 - 3.0).collect();
            let path = dtw(&cost, rows, frames);
            let sum: f32 = path.iter().map(|(i, j)| cost[*i as usize * frames + *j as usize]).sum();
            assert_eq!(sum, least(&cost, frames, rows - 1, frames - 1), "{rows} x {frames}");
        }
    }
}
