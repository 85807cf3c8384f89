//! Packed weights that are kept in files: what is found again, what is not, and that nothing else lies behind a file's
//! name. Not the time that it saves.

use compiler::{Arg, Compute, Device, Executable, LoadError, Origin, TensorView, Weights, compile};
use cpu::{Cpu, Isa};
use graph::{DType, text};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Whatever is packed, copied, computed or mapped; `@odd` and `@pick` lie at odd addresses.
const GRAPH: &str = "graph @g[n in 1..=64](
  %id: i32[n], %sound: f32[1840], %table: f16[8, 512] = @table, %w: f16[640, 512] = @w, %b: f16[640] = @b,
  %odd: f32[640] = @odd, %window: f32[400] = @window, %taps: f16[48, 8, 3] = @taps, %r: f32[512, 128] = @r,
  %pick: i32[5] = @pick, %h: f32[128], %c: f32[128]
) {
  %e = gather %table, %id : f16[n, 512]
  %x = convert %e {to=f32} : f32[n, 512]
  %bias = convert %b {to=f32} : f32[640]
  %y = linear %x, %w, %bias {activation=gelu, bias=true, residual=false, to=f32, parts=1} : f32[n, 640]
  %z = mul %y, %odd : f32[n, 640]
  %s = spectrogram %sound, %window {hop=160} : f32[10, 201]
  %part = slice %s {axis=1, start=0, end=8} : f32[10, 8]
  %v = conv1d %part, %taps {stride=1, pad=1, activation=none, bias=false} : f32[10, 48]
  %gates = slice %y {axis=1, start=0, end=512} : f32[n, 512]
  %all, %hidden, %cell = lstm %gates, %r, %h, %c : f32[n, 128], f32[128], f32[128]
  %picked = gather %z, %pick : f32[5, 640]
  return %z, %v, %all, %picked
}";

/// Tensors that say which files they come from, and hear who asks for them.
struct Model {
    tensors: HashMap<&'static str, (DType, Vec<usize>, Vec<u8>)>,
    origin: Option<Origin>,
    asked: Mutex<Vec<String>>,
}

impl Weights for Model {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let (dtype, dims, bytes) = self.tensors.get(name)?;
        let bytes = &bytes[usize::from(is_odd(name))..];
        Some(TensorView { dtype: *dtype, dims, bytes })
    }

    fn origin(&self) -> Option<Origin> {
        self.origin.clone()
    }
}

fn is_odd(name: &str) -> bool {
    ["odd", "pick"].contains(&name)
}

/// A model in the files `place`, as they are in `state`.
fn model(place: &str, state: &str) -> Model {
    let mut tensors = HashMap::new();
    let mut seed = 7_u32;
    let mut add = |name: &'static str, dtype: DType, dims: &[usize]| {
        let mut value = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let count = dims.iter().product();
        let mut bytes = vec![0; usize::from(is_odd(name))];
        for i in 0..count {
            match dtype {
                DType::F16 => bytes.extend(half::f16::from_f32(value()).to_le_bytes()),
                DType::F32 => bytes.extend(value().to_le_bytes()),
                _ => bytes.extend((i as i32 % 2).to_le_bytes()),
            }
        }
        tensors.insert(name, (dtype, dims.to_vec(), bytes));
    };
    add("table", DType::F16, &[8, 512]);
    add("w", DType::F16, &[640, 512]);
    add("b", DType::F16, &[640]);
    add("odd", DType::F32, &[640]);
    add("window", DType::F32, &[400]);
    add("taps", DType::F16, &[48, 8, 3]);
    add("r", DType::F32, &[512, 128]);
    add("pick", DType::I32, &[5]);
    let origin = Some(Origin { place: place.to_owned(), state: state.to_owned() });
    Model { tensors, origin, asked: Mutex::default() }
}

/// The same names and types, and nothing but zeros in what is to be found in a file.
fn emptied() -> Model {
    let mut model = model("a", "1");
    for (name, (_, _, bytes)) in &mut model.tensors {
        if !["table", "pick"].contains(name) {
            bytes.fill(0);
        }
    }
    model
}

fn cpu(isa: Isa, compute: Compute, folder: &Path) -> Cpu {
    Cpu::with_isa(isa, 2).with_compute(compute).with_pack_cache(folder.to_owned())
}

fn load(device: &Cpu, graph: &str, weights: &Arc<Model>) -> Result<Box<dyn Executable>, LoadError> {
    let program = compile(&text::parse(graph).unwrap_or_else(|e| panic!("{e}")).graph, device).unwrap();
    weights.asked.lock().unwrap().clear();
    device.load(program, weights.clone())
}

/// The bits of every result.
fn results(executable: &mut dyn Executable) -> Vec<u32> {
    let sound: Vec<f32> = (0..1840).map(|i| (i % 7 * i % 5) as f32).collect();
    let (id, zeros) = ([3, 1, 0], [0.0; 128]);
    let mut args =
        [Arg::I32(&id, &[3]), Arg::F32(&sound, &[1840]), Arg::F32(&zeros, &[128]), Arg::F32(&zeros, &[128])];
    executable.run(&mut args).unwrap();
    let bits = |i: usize| executable.f32(i).0.iter().map(|x| x.to_bits());
    (0..4).flat_map(bits).collect()
}

/// The results of `model` on the machine's fastest path, in bytes.
fn fast(model: Model, folder: &Path) -> (Vec<u32>, Vec<String>) {
    let model = Arc::new(model);
    let mut executable = load(&cpu(Isa::best(), Compute::Int8, folder), GRAPH, &model).unwrap();
    let asked = model.asked.lock().unwrap().clone();
    (results(executable.as_mut()), asked)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_was_packed_is_found_again_and_no_weight_is_read() {
    for isa in Isa::available() {
        for compute in [Compute::F32, Compute::Bf16, Compute::Int8] {
            let (folder, told) = (folder(), format!("{isa}, {compute}"));
            let device = cpu(isa, compute, folder.path());
            let full = Arc::new(model("a", "1"));
            let plain = Cpu::with_isa(isa, 2).with_compute(compute);
            let mut without = load(&plain, GRAPH, &full).unwrap();
            let mut first = load(&device, GRAPH, &full).unwrap();
            assert!(full.asked.lock().unwrap().contains(&"w".to_owned()));
            assert_eq!(files(folder.path()).len(), 1, "{told}");
            let empty = Arc::new(emptied());
            let mut second = load(&device, GRAPH, &empty).unwrap();
            let asked = empty.asked.lock().unwrap().clone();
            // Where plain ones lie has to be looked at; integers are copied.
            assert_eq!(asked, ["table", "odd", "pick", "pick"], "{told}");
            assert_eq!((first.bytes(), first.bytes()), (second.bytes(), without.bytes()));
            let expected = results(without.as_mut());
            assert!(expected.iter().any(|bits| *bits != 0), "{told}");
            assert_eq!(results(first.as_mut()), expected, "{told}");
            assert_eq!(results(second.as_mut()), expected, "{told}");
        }
    }
}

#[test]
fn another_state_takes_the_place_of_the_one_before() {
    let folder = folder();
    let (expected, _) = fast(model("a", "1"), folder.path());
    let before = files(folder.path());
    let mut changed = emptied();
    changed.origin = Some(Origin { place: "a".to_owned(), state: "2".to_owned() });
    let (other, asked) = fast(changed, folder.path());
    assert!(other != expected && asked.contains(&"w".to_owned()));
    assert_eq!(files(folder.path()), before);
    assert_eq!(fast(model("a", "1"), folder.path()).0, expected, "the file is that of state 2");
}

#[test]
fn another_place_precision_path_or_name_has_a_file_of_its_own() {
    let folder = folder();
    let mut count = 0;
    let mut is_new = |model: Model, isa: Isa, compute: Compute, graph: &str| {
        let model = Arc::new(model);
        load(&cpu(isa, compute, folder.path()), graph, &model).unwrap();
        count += 1;
        assert!(model.asked.lock().unwrap().contains(&"w".to_owned()), "{isa}, {compute}");
        assert_eq!(files(folder.path()).len(), count, "{isa}, {compute}");
    };
    for isa in Isa::available() {
        is_new(model("a", "1"), isa, Compute::F32, GRAPH);
    }
    is_new(model("b", "1"), Isa::Scalar, Compute::F32, GRAPH);
    is_new(model("a", "1"), Isa::Scalar, Compute::Int8, GRAPH);
    is_new(model("a", "1"), Isa::Scalar, Compute::Bf16, GRAPH);
    is_new(model("a", "1"), Isa::Scalar, Compute::F32, &GRAPH.replace("@g", "@other"));
}

/// What is packed depends on neither; so does the file.
#[test]
fn threads_and_sizes_share_a_file() {
    let folder = folder();
    let device = |threads: usize| {
        Cpu::with_isa(Isa::best(), threads)
            .with_compute(Compute::Int8)
            .with_pack_cache(folder.path().to_owned())
    };
    load(&device(1), GRAPH, &Arc::new(model("a", "1"))).unwrap();
    let empty = Arc::new(emptied());
    load(&device(3), &GRAPH.replace("1..=64", "1..=9"), &empty).unwrap();
    assert!(!empty.asked.lock().unwrap().contains(&"w".to_owned()));
}

#[test]
fn another_program_of_the_same_name_is_not_taken_for_it() {
    let folder = folder();
    let graphs = [
        GRAPH.to_owned(),
        GRAPH.replace("hop=160", "hop=80").replace("1840", "1120"),
        GRAPH.replace("%w: f16[640, 512] = @w,", "%w: f16[640, 512] = @w2,"),
    ];
    for graph in graphs {
        let mut model = model("a", "1");
        let again = model.tensors["w"].clone();
        model.tensors.insert("w2", again);
        let model = Arc::new(model);
        load(&cpu(Isa::best(), Compute::F32, folder.path()), &graph, &model).unwrap();
        assert!(model.asked.lock().unwrap().iter().any(|name| name.starts_with('w')), "{graph}");
        assert_eq!(files(folder.path()).len(), 1, "{graph}");
    }
}

#[test]
fn whatever_else_lies_there_is_replaced() {
    let folder = folder();
    let (expected, _) = fast(model("a", "1"), folder.path());
    let [path] = &files(folder.path())[..] else { panic!("one file") };
    let good = fs::read(path).unwrap();
    let mut other_header = good.clone();
    other_header[100] ^= 1;
    let spoilt: [&[u8]; 6] = [
        b"",
        b"undertone",
        &good[..4096],
        &good[..good.len() - 1],
        &[good.as_slice(), b"x"].concat(),
        &other_header,
    ];
    for (i, bytes) in spoilt.into_iter().enumerate() {
        fs::write(path, bytes).unwrap();
        let (got, asked) = fast(model("a", "1"), folder.path());
        assert!(got == expected && asked.contains(&"w".to_owned()), "{i}");
        assert_eq!(fs::read(path).unwrap(), good, "{i}");
    }
    // A folder can't be replaced by a file, and is no file.
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
    assert_eq!(fast(model("a", "1"), folder.path()).0, expected);
    assert!(files(folder.path()).len() == 1 && path.is_dir());
}

/// Any bits of a region are numbers.
#[test]
fn other_bytes_behind_a_header_are_computed_with() {
    let folder = folder();
    let (expected, _) = fast(model("a", "1"), folder.path());
    let [path] = &files(folder.path())[..] else { panic!("one file") };
    let mut bytes = fs::read(path).unwrap();
    let region = bytes.len() - 320 * 1024;
    for fill in [0xff, 0x80, 0x7f] {
        bytes[region..].fill(fill);
        fs::write(path, &bytes).unwrap();
        assert_ne!(fast(model("a", "1"), folder.path()).0, expected);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_no_error() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let (expected, _) = fast(model("a", "1"), &folder.path().join("made/for/it"));
    assert_eq!(files(&folder.path().join("made/for/it")).len(), 1);
    assert_eq!(fast(model("a", "1"), &file).0, expected);
    assert_eq!(fast(model("a", "1"), &file.join("below")).0, expected);
}

#[test]
fn weights_from_no_file_and_small_ones_are_not_kept() {
    let folder = folder();
    let mut alone = model("a", "1");
    alone.origin = None;
    fast(alone, folder.path());
    let graph = "graph @g(%x: f32[1, 512], %r: f32[512, 128] = @r, %t: f32[128], %c: f32[128]) {
        %all, %hidden, %cell = lstm %x, %r, %t, %c : f32[1, 128], f32[128], f32[128]
        return %all
    }";
    let small = graph.replace("512", "400").replace("128", "100");
    let mut few = model("a", "1");
    few.tensors.insert("r", (DType::F32, vec![400, 100], vec![0; 160_000]));
    load(&cpu(Isa::Scalar, Compute::F32, folder.path()), &small, &Arc::new(few)).unwrap();
    assert_eq!(files(folder.path()).len(), 0);
}
