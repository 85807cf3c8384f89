//! Which precision and lanes fit a limit, on made-up sizes. Not how much a model takes: that is measured.

use super::*;

/// 100 bytes a lane in f32, 50 in bf16, 25 in int8.
fn memory(compute: Compute, lanes: usize) -> Memory {
    let lane = match compute {
        Compute::F32 => 100,
        Compute::Bf16 => 50,
        Compute::Int8 => 25,
    };
    let session = whisper::Memory { parts: Vec::new(), tables: 0, mapped: 0, packing: 0 };
    Memory { session, detector: 0, process: lanes * lane }
}

fn pick(asked: Option<Compute>, lanes: usize, bytes: usize, lanes_given: bool) -> (Compute, usize, bool) {
    let limit = Limit { bytes, lanes_given };
    let sizes = |compute| Ok(move |lanes| Ok(memory(compute, lanes)));
    let fit = choose(&precisions(asked, Compute::F32), lanes, limit, sizes).unwrap();
    (fit.compute, fit.lanes, fit.memory.peak() <= bytes)
}

#[test]
fn lanes_are_given_up_before_precision() {
    assert_eq!(pick(None, 8, 1000, false), (Compute::F32, 8, true));
    assert_eq!(pick(None, 8, 350, false), (Compute::F32, 3, true));
    assert_eq!(pick(None, 8, 99, false), (Compute::Bf16, 1, true));
    assert_eq!(pick(None, 8, 49, false), (Compute::Int8, 1, true));
    assert_eq!(pick(None, 8, 24, false), (Compute::Int8, 1, false), "the least that is needed");
}

#[test]
fn what_the_user_chose_stays() {
    assert_eq!(pick(None, 4, 399, true), (Compute::Bf16, 4, true));
    assert_eq!(pick(None, 4, 99, true), (Compute::Int8, 4, false));
    assert_eq!(pick(Some(Compute::F32), 4, 399, false), (Compute::F32, 3, true));
    assert_eq!(pick(Some(Compute::F32), 4, 399, true), (Compute::F32, 4, false));
    assert_eq!(precisions(None, Compute::Int8), [Compute::Int8], "nothing takes less");
}

#[test]
fn a_refusal_names_what_was_allowed_what_is_needed_and_what_helps() {
    let say = |asked, lanes, beam_size, given| {
        let options = Options { batch_size: lanes, beam_size, best_of: None, ..Options::ours() };
        let memory = Memory { process: 245_000_001, ..memory(Compute::Int8, 1) };
        let fit = Fit { compute: Compute::Int8, lanes, memory };
        refusal(&fit, asked, &options, Limit { bytes: 100_000_000, lanes_given: given }).to_string()
    };
    assert_eq!(
        say(None, 1, None, false),
        "at most 100 MB of memory are allowed, and 246 MB are needed at the least (int8, 1 lane): expected a higher \
         limit or a smaller model"
    );
    assert_eq!(
        say(Some(Compute::Bf16), 8, Some(5), true),
        "at most 100 MB of memory are allowed, and 246 MB are needed at the least (int8, 8 lanes): expected a higher \
         limit, another precision, fewer lanes, fewer beams and candidates or a smaller model"
    );
}
