//! What a run's steps had to do, as the device adds it up from the sizes and indices of each run. Not how work is counted:
//! see `compiler::work`.

use compiler::{Arg, Device, Executable, TensorView, Weights, Work, compile};
use cpu::Cpu;
use graph::{DType, TensorType, text};
use std::sync::Arc;

struct Zeros(Vec<u8>);

impl Weights for Zeros {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let dims: &[usize] = if name == "table" { &[40, 8] } else { &[16, 8] };
        let bytes = dims.iter().product::<usize>() * 4;
        Some(TensorView { dtype: DType::F32, dims, bytes: &self.0[..bytes] })
    }
}

const GRAPH: &str = "graph @step[n in 1..=8](
  %token: i32[n], %slot: i32[n], %at: i32[n], %places: i32[2, 12], %row: i32[n],
  state %keys: f32[2, 2, 12, 4],
  %table: f32[40, 8] = @table, %w: f32[16, 8] = @w
) {
  %x = gather %table, %token : f32[n, 8]
  %keys1 = cache_write %keys, %x, %slot, %at {placed=true} : f32[2, 2, 12, 4]
  %a = cached_attention %x, %keys1, %keys1, %places, %row, %at {scale=0.25} : f32[n, 8]
  %y = linear %a, %w {activation=gelu, bias=false, residual=false, to=f32, parts=1} : f32[n, 16]
  return %y
}";

#[test]
fn work_is_that_of_the_sizes_and_places_of_each_run() {
    let graph = text::parse(GRAPH).unwrap().graph;
    let cpu = Cpu::new(1);
    let program = compile(&graph, &cpu).unwrap();
    let mut executable = cpu.load(program, Arc::new(Zeros(vec![0; 40 * 8 * 4]))).unwrap();
    let mut keys = cpu.state(&TensorType::fixed(DType::F32, &[2, 2, 12, 4]));
    let mut run = |executable: &mut dyn Executable, n: usize, at: &[i32]| {
        let zeros = vec![0; n];
        let mut args = [
            Arg::I32(&zeros, &[n]),
            Arg::I32(&zeros, &[n]),
            Arg::I32(at, &[n]),
            Arg::I32(&[0; 24], &[2, 12]),
            Arg::I32(&zeros, &[n]),
            Arg::State(&mut keys),
        ];
        executable.run(&mut args).unwrap();
    };
    run(executable.as_mut(), 1, &[0]); // not measured
    executable.measure(Some(0));
    run(executable.as_mut(), 3, &[0, 1, 2]);
    executable.measure(Some(1));
    run(executable.as_mut(), 2, &[0, 1]);
    executable.measure(Some(0));
    run(executable.as_mut(), 1, &[3]);
    executable.measure(None);
    run(executable.as_mut(), 1, &[3]);
    let runs = |account: usize| executable.measured(account).iter().map(|time| time.runs).collect::<Vec<_>>();
    assert_eq!([runs(0), runs(1), runs(2)], [vec![2; 4], vec![1; 4], vec![]]);
    let names = executable.program().steps.iter().map(|step| step.kernel.name);
    let got: Vec<(&str, u64, Work)> =
        names.zip(executable.measured(0)).map(|(name, time)| (name, time.runs, time.work)).collect();
    let bytes = |bytes: u64| Work { bytes, ..Work::default() };
    // Four rows of eight in both runs together; scores are 1 + 2 + 3 and 4, places three and four.
    let attention = 2 * 4 * 4 * 8 + 2 * 7 * 4 * 8 + 4 * (2 * 24 + 2 * 4);
    let linear = 4 * (4 * 8 + 2 * 16 * 8 + 4 * 16);
    assert_eq!(
        got,
        [
            ("gather", 2, bytes(2 * 4 * 4 * 8 + 4 * 4)),
            ("cache_write", 2, bytes(2 * 4 * 4 * 8 + 2 * 4 * 4)),
            (
                "cached_attention",
                2,
                Work { flops: [4 * 10 * 8, 0, 0], exps: [2 * 10, 0, 0], bytes: attention }
            ),
            ("linear", 2, Work { flops: [2 * 4 * 16 * 8, 0, 0], exps: [4 * 16, 0, 0], bytes: linear }),
        ]
    );
}
