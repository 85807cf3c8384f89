//! Any number of channels to one. Not a resampler: frames stay frames.
//!
//! The weights follow the ITU-R BS.775 downmix as ffmpeg applies it for one output channel, scaled so
//! that they sum to 1 and nothing clips that did not clip before.

use std::f32::consts::FRAC_1_SQRT_2;

use symphonia::core::audio::{Channels, Position};

/// One weight per channel, in the order in which the decoder hands the channels out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixer {
    weights: Vec<f32>,
}

impl Mixer {
    /// Equal weights for `count` channels whose places are unknown.
    pub(crate) fn even(count: usize) -> Mixer {
        Mixer { weights: vec![1.0 / count.max(1) as f32; count] }
    }

    /// Weights by the place of each channel.
    pub(crate) fn placed(places: &[Position]) -> Mixer {
        let raw: Vec<f32> = places.iter().map(|&place| weight(place)).collect();
        let sum: f32 = raw.iter().sum();
        if places.len() < 3 || sum <= 0.0 {
            return Mixer::even(places.len());
        }
        Mixer { weights: raw.iter().map(|w| w / sum).collect() }
    }

    /// Weights for what symphonia says of the channels; positioned ones come in bit order.
    pub(crate) fn new(channels: &Channels) -> Mixer {
        match channels {
            Channels::Positioned(set) if set.bits().count_ones() as usize == channels.count() => {
                Mixer::placed(&set.iter().collect::<Vec<_>>())
            }
            _ => Mixer::even(channels.count()),
        }
    }

    /// Number of channels that go in.
    pub(crate) fn channels(&self) -> usize {
        self.weights.len()
    }

    /// Appends one sample per frame of `interleaved` to `mono`; NaN and infinities count as 0.
    pub(crate) fn mix(&self, interleaved: &[f32], mono: &mut Vec<f32>) {
        let finite = |x: f32| if x.is_finite() { x } else { 0.0 };
        match self.weights.as_slice() {
            [] => {}
            [_] => mono.extend(interleaved.iter().map(|&x| finite(x))),
            [_, _] => {
                let pair = |f: &[f32]| 0.5 * (finite(f[0]) + finite(f[1]));
                mono.extend(interleaved.chunks_exact(2).map(|f| finite(pair(f))));
            }
            weights => mono.extend(
                interleaved
                    .chunks_exact(weights.len())
                    .map(|frame| finite(frame.iter().zip(weights).map(|(&x, w)| finite(x) * w).sum())),
            ),
        }
    }
}

fn weight(place: Position) -> f32 {
    match place {
        Position::FRONT_CENTER => 1.0,
        Position::FRONT_LEFT
        | Position::FRONT_RIGHT
        | Position::FRONT_LEFT_CENTER
        | Position::FRONT_RIGHT_CENTER
        | Position::REAR_CENTER => FRAC_1_SQRT_2,
        Position::REAR_LEFT | Position::REAR_RIGHT | Position::SIDE_LEFT | Position::SIDE_RIGHT => 0.5,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(mixer: &Mixer, frame: &[f32]) -> f32 {
        let mut out = Vec::new();
        mixer.mix(frame, &mut out);
        assert_eq!(out.len(), 1);
        out[0]
    }

    #[test]
    fn stereo_is_the_mean_and_full_scale_stays_full_scale() {
        assert_eq!(mixed(&Mixer::even(2), &[1.0, 0.5]), 0.75);
        let five = Mixer::new(&symphonia::core::audio::layouts::CHANNEL_LAYOUT_5P1);
        assert_eq!(five.channels(), 6);
        assert!((mixed(&five, &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn surround_favours_the_centre_and_drops_the_bass_channel() {
        let five = Mixer::new(&symphonia::core::audio::layouts::CHANNEL_LAYOUT_5P1);
        assert!((mixed(&five, &[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]) - 0.2929).abs() < 1e-3);
        assert!((mixed(&five, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]) - 0.2071).abs() < 1e-3);
        assert_eq!(mixed(&five, &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]), 0.0);
    }

    #[test]
    fn nan_and_infinity_become_silence() {
        assert_eq!(mixed(&Mixer::even(1), &[f32::NAN]), 0.0);
        assert_eq!(mixed(&Mixer::even(2), &[f32::INFINITY, 0.5]), 0.25);
        assert_eq!(mixed(&Mixer::even(2), &[f32::MAX, f32::MAX]), 0.0);
    }
}
