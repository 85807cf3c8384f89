//! How a recording is shared among lanes: stretches that begin and end in pauses, and clips that a user asks for. Not
//! voice activity detection.

use crate::recording::{FRAMES_PER_SECOND, nearest_frame};
use std::ops::Range;

/// Frames of a stretch at least: what a lane saves by sharing steps, it would lose again in half-empty windows.
const LEAST: usize = 60 * FRAMES_PER_SECOND;
/// Frames of a stretch at most, where there are pauses: a reader waits for the first one.
const MOST: usize = 600 * FRAMES_PER_SECOND;

/// Cuts `frames` into stretches for `lanes` lanes, each cut at the one of `pauses` (frames, ascending) that is nearest
/// to where equal shares would end. One lane has one stretch.
pub(crate) fn cut(frames: usize, lanes: usize, pauses: &[usize]) -> Vec<Range<usize>> {
    let shares = if lanes > 1 { lanes.max(frames.div_ceil(MOST)).min(frames / LEAST).max(1) } else { 1 };
    let mut cuts = vec![0];
    for i in 1..shares {
        let ideal = frames * i / shares;
        let last = cuts[cuts.len() - 1];
        let possible =
            pauses.iter().filter(|pause| **pause >= last + LEAST / 2 && **pause + LEAST / 2 <= frames);
        let nearest = possible.min_by_key(|pause| pause.abs_diff(ideal));
        cuts.extend(nearest.filter(|pause| pause.abs_diff(ideal) <= frames / shares / 2));
    }
    cuts.push(frames);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).filter(|stretch| !stretch.is_empty()).collect()
}

/// The clips between `times`, starts and ends in turn in seconds, of a sound of `frames` frames (transcribe.py,
/// `clip_timestamps`): the last end may be missing, and none at all is all of it.
pub(crate) fn clips(times: &[f64], frames: usize) -> Vec<Range<usize>> {
    let mut points: Vec<usize> = times.iter().map(|time| nearest_frame(*time)).collect();
    if points.is_empty() {
        points.push(0);
    }
    if points.len() % 2 == 1 {
        points.push(frames);
    }
    points.chunks(2).map(|pair| pair[0]..pair[1].min(frames)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(frames: usize, lanes: usize, pauses: &[usize]) -> Vec<(usize, usize)> {
        cut(frames, lanes, pauses).into_iter().map(|stretch| (stretch.start, stretch.end)).collect()
    }

    #[test]
    fn stretches_end_in_the_pauses_nearest_to_equal_shares() {
        let pauses = [5_000, 11_000, 19_500, 30_000];
        assert_eq!(cuts(40_000, 1, &pauses), [(0, 40_000)]);
        assert_eq!(cuts(40_000, 2, &pauses), [(0, 19_500), (19_500, 40_000)]);
        let four = [(0, 11_000), (11_000, 19_500), (19_500, 30_000), (30_000, 40_000)];
        assert_eq!(cuts(40_000, 4, &pauses), four);
        assert_eq!(cuts(40_000, 4, &[]), [(0, 40_000)], "without a pause nothing is cut");
        assert_eq!(cuts(5_999, 8, &[3_000]), [(0, 5_999)], "too short to share");
        assert!(cuts(0, 8, &[]).is_empty());
    }

    #[test]
    fn stretches_cover_everything_in_order() {
        let pauses: Vec<usize> = (0..400).map(|i| i * 997).collect();
        for lanes in 1..20 {
            let all = cut(400_000, lanes, &pauses);
            assert_eq!((all[0].start, all[all.len() - 1].end), (0, 400_000));
            assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
        assert!(cut(400_000, 4, &pauses).iter().all(|stretch| stretch.len() <= MOST + MOST / 2));
    }

    #[test]
    fn clips_are_openai_whispers() {
        let clips = |times: &[f64]| -> Vec<(usize, usize)> {
            clips(times, 1000).into_iter().map(|clip| (clip.start, clip.end)).collect()
        };
        assert_eq!(clips(&[0.0]), [(0, 1000)]);
        assert_eq!(clips(&[]), [(0, 1000)]);
        assert_eq!(clips(&[1.0, 2.0, 5.0]), [(100, 200), (500, 1000)]);
        assert_eq!(clips(&[1.005, 200.0]), [(100, 1000)], "halves go to the even frame");
    }
}
