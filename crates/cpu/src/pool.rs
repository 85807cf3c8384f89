//! A fork-join pool: one job at a time, cut into parts, run by the caller and its workers. Not a task queue:
//! nothing is stolen, nested or run in the background.
//!
//! A decode step is some sixty kernels of 10 to 100 microseconds, so the barrier must cost about one. Workers
//! spin for a bounded time between jobs and then park, so that an idle pool uses no processor and a busy
//! machine is given its time back.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long a thread spins before it parks.
const SPIN: Duration = Duration::from_micros(40);

thread_local! {
    /// Whether this thread runs a part now: a pool entered from within one would wait for itself.
    static IN_PART: Cell<bool> = const { Cell::new(false) };
}

type Task<'a> = dyn Fn(usize) + Sync + 'a;

/// Threads that run the parts of one job together.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a job runs.
    turn: Mutex<()>,
}

struct Job {
    task: *const Task<'static>,
    parts: usize,
    caller: Thread,
}

struct Shared {
    threads: usize,
    /// Counts jobs; a change tells the workers that `job` is new.
    epoch: AtomicUsize,
    /// Written by the caller while no worker runs, read by workers between a change of `epoch` and their
    /// decrement of `pending`.
    job: UnsafeCell<Option<Job>>,
    /// Workers that have not finished the job.
    pending: AtomicUsize,
    stop: AtomicBool,
    caller_parked: AtomicBool,
    parked: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is the only field that is not Sync; the protocol on `epoch` and `pending` orders its accesses
// (see its doc), and the task behind its pointer is Sync.
unsafe impl Sync for Shared {}
// SAFETY: as above; the task's pointer is only followed while `run` keeps the task alive.
unsafe impl Send for Shared {}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of `threads` threads, the caller of [`Pool::run`] among them; 0 counts as 1.
    ///
    /// # Panics
    /// When the system refuses a thread.
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        let shared = Arc::new(Shared {
            threads,
            epoch: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            pending: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            caller_parked: AtomicBool::new(false),
            parked: (1..threads).map(|_| AtomicBool::new(false)).collect(),
            panic: Mutex::new(None),
        });
        let workers = (1..threads)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("pool-{index}"))
                    .spawn(move || shared.work(index))
                    .expect("the system gives a thread")
            })
            .collect();
        Self { shared, workers, turn: Mutex::new(()) }
    }

    /// The threads, the caller included.
    pub fn threads(&self) -> usize {
        self.shared.threads
    }

    /// Calls `task(0)`, .., `task(parts - 1)`, each once, and returns when all have returned.
    ///
    /// The split is static: each thread runs one contiguous range of parts in order, the caller the first.
    /// What the parts wrote is visible afterwards. Callers on several threads take turns.
    ///
    /// # Panics
    /// With the first panic of a part, after all parts have ended; and when called from within a part.
    pub fn run(&self, parts: usize, task: &Task<'_>) {
        assert!(!IN_PART.get(), "a pool was entered from within one of its parts");
        if parts <= 1 || self.workers.is_empty() {
            run_parts(0..parts, task);
            return;
        }
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        #[allow(clippy::transmute_ptr_to_ptr)] // A cast can't lengthen the lifetime of a trait object.
        // SAFETY: only the lifetime changes; this function outlives every use, since it waits for `pending`.
        let erased = unsafe { std::mem::transmute::<*const Task<'_>, *const Task<'static>>(task) };
        // SAFETY: `turn` is held and `pending` is 0, so no other thread touches `job`.
        unsafe { *shared.job.get() = Some(Job { task: erased, parts, caller: thread::current() }) };
        shared.pending.store(self.workers.len(), Ordering::Relaxed);
        shared.wake(&self.workers);
        let own = catch_unwind(AssertUnwindSafe(|| run_parts(shared.range(0, parts), task)));
        shared.wait_for_workers();
        let theirs = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(turn);
        if let Some(payload) = own.err().or(theirs) {
            resume_unwind(payload);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.wake(&self.workers);
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its parts, so it ends without one.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Starts an epoch and unparks who sleeps.
    fn wake(&self, workers: &[JoinHandle<()>]) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for (parked, worker) in self.parked.iter().zip(workers) {
            if parked.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
    }

    fn wait_for_workers(&self) {
        let done = || self.pending.load(Ordering::Acquire) == 0;
        while !spin_until(done) {
            self.caller_parked.store(true, Ordering::SeqCst);
            if self.pending.load(Ordering::SeqCst) != 0 {
                thread::park();
            }
            self.caller_parked.store(false, Ordering::SeqCst);
        }
    }

    /// The life of worker `index`.
    fn work(&self, index: usize) {
        let mut seen = 0;
        loop {
            self.wait_for_epoch(index, seen);
            seen = self.epoch.load(Ordering::Acquire);
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            // SAFETY: the epoch changed and this worker has not yet counted down `pending`, so the caller
            // waits, keeps the task alive and does not write.
            let (task, parts, caller) = unsafe {
                let job = (*self.job.get()).as_ref().expect("an epoch starts with a job");
                (&*job.task, job.parts, job.caller.clone())
            };
            let result = catch_unwind(AssertUnwindSafe(|| run_parts(self.range(index, parts), task)));
            if let Err(payload) = result {
                self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
            }
            if self.pending.fetch_sub(1, Ordering::SeqCst) == 1
                && self.caller_parked.swap(false, Ordering::SeqCst)
            {
                caller.unpark();
            }
        }
    }

    fn wait_for_epoch(&self, index: usize, seen: usize) {
        let parked = &self.parked[index - 1];
        while !spin_until(|| self.epoch.load(Ordering::Acquire) != seen) {
            parked.store(true, Ordering::SeqCst);
            if self.epoch.load(Ordering::SeqCst) == seen {
                thread::park();
            }
            parked.store(false, Ordering::SeqCst);
        }
    }

    /// The parts of thread `index`.
    fn range(&self, index: usize, parts: usize) -> std::ops::Range<usize> {
        index * parts / self.threads..(index + 1) * parts / self.threads
    }
}

fn run_parts(range: std::ops::Range<usize>, task: &Task<'_>) {
    /// Clears the mark when a part panics, too.
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            IN_PART.set(false);
        }
    }
    IN_PART.set(true);
    let _mark = Mark;
    for part in range {
        task(part);
    }
}

/// Spins until `done` or for [`SPIN`]; says whether it is done.
fn spin_until(done: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    loop {
        for _ in 0..32 {
            if done() {
                return true;
            }
            std::hint::spin_loop();
        }
        if start.elapsed() > SPIN {
            return done();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_runs_once() {
        for threads in 1..=5 {
            let pool = Pool::new(threads);
            for parts in [0, 1, 2, 3, 7, 64] {
                let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                pool.run(parts, &|i| {
                    counts[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(
                    counts.iter().all(|c| c.load(Ordering::Relaxed) == 1),
                    "{threads} threads, {parts} parts"
                );
            }
        }
    }

    #[test]
    fn many_jobs_and_sleeps_between_them_lose_no_wakeup() {
        let pool = Pool::new(3);
        let sum = AtomicUsize::new(0);
        for round in 0..3000 {
            pool.run(6, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            if round % 500 == 0 {
                thread::sleep(Duration::from_millis(2)); // Long enough for workers to park.
            }
        }
        assert_eq!(sum.into_inner(), 3000 * 15);
    }

    #[test]
    fn a_late_part_finds_a_parked_caller() {
        let pool = Pool::new(2);
        let done = AtomicUsize::new(0);
        pool.run(2, &|i| {
            if i == 1 {
                thread::sleep(Duration::from_millis(5));
            }
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 2);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(3);
        for bad in 0..3 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(3, &|i| assert!(i != bad, "part {bad} fails"));
            }));
            let payload = result.unwrap_err();
            assert!(payload.downcast_ref::<String>().unwrap().contains("fails"));
        }
        let count = AtomicUsize::new(0);
        pool.run(3, &|_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 3);
    }

    #[test]
    #[should_panic(expected = "from within")]
    fn nesting_is_refused() {
        let pool = Pool::new(2);
        pool.run(2, &|_| pool.run(2, &|_| ()));
    }

    #[test]
    fn callers_take_turns() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pool.run(4, &|i| {
                            sum.fetch_add(i, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3 * 200 * 6);
    }
}
