//! Times as openai-whisper prints them. Not a clock.

/// Whole milliseconds, halves to the even one as in Python's `round`. What no recording has (a negative time, no
/// number) is zero.
pub(super) fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1000.0).round_ties_even() as u64
}

/// Whole hundredths of a second, as [`milliseconds`] rounds.
pub(super) fn hundredths(seconds: f64) -> u64 {
    (seconds * 100.0).round_ties_even() as u64
}

/// `MM:SS.mmm`, with `HH:` before it if asked for or needed, and `mark` for the decimal point.
pub(super) fn timestamp(seconds: f64, hours_always: bool, mark: char) -> String {
    let all = milliseconds(seconds);
    let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
    let (whole, thousandths) = (all / 1000 % 60, all % 1000);
    let hours = if hours_always || hours > 0 { format!("{hours:02}:") } else { String::new() };
    format!("{hours}{minutes:02}:{whole:02}{mark}{thousandths:03}")
}

/// `MM:SS.mmm`, with the hours before it where there are any.
pub(crate) fn clock(seconds: f64) -> String {
    timestamp(seconds, false, '.')
}

#[cfg(test)]
mod tests {
    use super::{milliseconds, timestamp};

    #[test]
    fn halves_go_to_the_even_millisecond() {
        assert_eq!([0.0005, 0.0015, 0.0025, 1.0005].map(milliseconds), [0, 2, 2, 1000]);
        assert_eq!([-1.0, f64::NAN, f64::INFINITY].map(milliseconds), [0, 0, u64::MAX]);
    }

    #[test]
    fn hours_come_when_needed() {
        assert_eq!(timestamp(59.9996, false, '.'), "01:00.000");
        assert_eq!(timestamp(3599.9999, false, '.'), "01:00:00.000");
        assert_eq!(timestamp(360_001.5, false, '.'), "100:00:01.500");
        assert_eq!(timestamp(7.6, true, ','), "00:00:07,600");
    }
}
