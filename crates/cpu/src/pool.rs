//! A fork-join pool: one job at a time, cut into parts, run by the caller and its workers. Not a task queue:
//! nothing is nested or run in the background.
//!
//! A decode step is some sixty kernels of 10 to 100 microseconds, so the barrier must cost about one. Workers
//! spin for a bounded time between jobs and then park, so that an idle pool uses no processor and a busy
//! machine is given its time back. Parts are claimed, not assigned: where a worker is late (parked, or its core
//! is taken by another process), the caller does its parts instead of waiting. Which thread runs a part is
//! therefore open; kernels cut their work so that results don't depend on it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long a thread spins before it parks: longer than what lies between two steps of a decoder.
const SPIN: Duration = Duration::from_micros(200);

/// The most parts of one job.
pub const MAX_PARTS: usize = u16::MAX as usize;

thread_local! {
    /// Whether this thread runs a part now: a pool entered from within one would wait for itself.
    static IN_PART: Cell<bool> = const { Cell::new(false) };
}

type Task<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Threads that run the parts of one job together.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a job runs.
    turn: Mutex<()>,
}

/// Lives on the caller's stack for as long as the job runs.
struct Job {
    task: *const Task<'static>,
    caller: Thread,
}

#[derive(Debug)]
struct Shared {
    threads: usize,
    /// What can be claimed: see [`Ticket`].
    ticket: AtomicU64,
    /// The job of the ticket. Followed only by who holds a claimed part that is still counted in `remaining`.
    job: AtomicPtr<Job>,
    /// Parts that have not ended.
    remaining: AtomicUsize,
    stop: AtomicBool,
    caller_parked: AtomicBool,
    parked: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The number of a job (so that a late claim never takes a part of another), its parts, and the next one.
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    fn new(job: u32, parts: usize, next: usize) -> Self {
        debug_assert!(next <= parts && parts <= MAX_PARTS);
        Self(u64::from(job) << 32 | (parts as u64) << 16 | next as u64)
    }

    fn job(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The next part, if one is left.
    fn next(self) -> Option<usize> {
        let (parts, next) = (self.0 >> 16 & 0xffff, self.0 & 0xffff);
        (next < parts).then_some(next as usize)
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
            ticket: AtomicU64::new(0),
            job: AtomicPtr::new(ptr::null_mut()),
            remaining: AtomicUsize::new(0),
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
    /// What the parts wrote is visible afterwards. Callers on several threads take turns.
    ///
    /// # Panics
    /// With the first panic of a part, after all parts have ended; when called from within a part; and above
    /// [`MAX_PARTS`].
    pub fn run(&self, parts: usize, task: &(dyn Fn(usize) + Sync)) {
        self.run_on(parts, &|_, part| task(part));
    }

    /// [`Pool::run`] with `task(thread, part)`: `thread` is below [`Pool::threads`], and no two parts that run at
    /// the same time have the same one, so that it can choose a piece of scratch.
    ///
    /// # Panics
    /// As [`Pool::run`].
    pub fn run_on(&self, parts: usize, task: &Task<'_>) {
        assert!(!IN_PART.get(), "a pool was entered from within one of its parts");
        assert!(parts <= MAX_PARTS, "{parts} parts, at most {MAX_PARTS}");
        if parts <= 1 || self.workers.is_empty() {
            (0..parts).for_each(|part| run_part(task, 0, part));
            return;
        }
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        #[allow(clippy::transmute_ptr_to_ptr)] // A cast can't lengthen the lifetime of a trait object.
        // SAFETY: only the lifetime changes; the task is followed only while `remaining` counts a part, and this
        // function does not return before that is over.
        let erased = unsafe { std::mem::transmute::<*const Task<'_>, *const Task<'static>>(task) };
        let mut job = Job { task: erased, caller: thread::current() };
        shared.job.store(&raw mut job, Ordering::Relaxed);
        shared.remaining.store(parts, Ordering::Relaxed);
        let last = Ticket(shared.ticket.load(Ordering::Relaxed));
        let ticket = Ticket::new(last.job().wrapping_add(1), parts, 1);
        shared.ticket.store(ticket.0, Ordering::SeqCst);
        shared.unpark(&self.workers[..self.workers.len().min(parts - 1)]);
        let mut own = Some(0);
        while let Some(part) = own {
            shared.run_caught(task, 0, part);
            shared.remaining.fetch_sub(1, Ordering::AcqRel);
            own = shared.claim();
        }
        shared.wait_for_parts();
        let payload = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(turn);
        if let Some(payload) = payload {
            resume_unwind(payload);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.unpark(&self.workers);
        for worker in self.workers.drain(..) {
            // A worker catches the panics of its parts, so it ends without one.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Unparks who sleeps among the first workers; called after a change that they wait for. Where a job has fewer parts
    /// than there are threads, the others sleep on.
    fn unpark(&self, workers: &[JoinHandle<()>]) {
        for (parked, worker) in self.parked.iter().zip(workers) {
            if parked.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
    }

    /// Takes the next part of the current job.
    fn claim(&self) -> Option<usize> {
        let mut ticket = self.ticket.load(Ordering::Acquire);
        loop {
            let part = Ticket(ticket).next()?;
            match self.ticket.compare_exchange_weak(ticket, ticket + 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(part),
                Err(now) => ticket = now,
            }
        }
    }

    /// Runs a part and keeps its panic, if it is the first.
    fn run_caught(&self, task: &Task<'_>, thread: usize, part: usize) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| run_part(task, thread, part))) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
    }

    fn wait_for_parts(&self) {
        while !spin_until(|| self.remaining.load(Ordering::Acquire) == 0) {
            self.caller_parked.store(true, Ordering::SeqCst);
            if self.remaining.load(Ordering::SeqCst) != 0 {
                thread::park();
            }
            self.caller_parked.store(false, Ordering::SeqCst);
        }
    }

    /// The life of worker `index`.
    fn work(&self, index: usize) {
        while self.wait_for_work(index) {
            while let Some(part) = self.claim() {
                // SAFETY: the claimed part is counted in `remaining`, so the caller keeps the job and its task
                // alive, and the job is the one of the ticket: a new one is stored only when none remains.
                let (task, caller) = unsafe {
                    let job = &*self.job.load(Ordering::Acquire);
                    (&*job.task, job.caller.clone())
                };
                self.run_caught(task, index, part);
                let last = self.remaining.fetch_sub(1, Ordering::SeqCst) == 1;
                if last && self.caller_parked.swap(false, Ordering::SeqCst) {
                    caller.unpark();
                }
            }
        }
    }

    /// Waits until a part can be claimed; false when the pool ends.
    fn wait_for_work(&self, index: usize) -> bool {
        let parked = &self.parked[index - 1];
        let ready = |order| Ticket(self.ticket.load(order)).next().is_some() || self.stop.load(order);
        while !spin_until(|| ready(Ordering::Acquire)) {
            parked.store(true, Ordering::SeqCst);
            if !ready(Ordering::SeqCst) {
                thread::park();
            }
            parked.store(false, Ordering::SeqCst);
        }
        !self.stop.load(Ordering::SeqCst)
    }
}

fn run_part(task: &Task<'_>, thread: usize, part: usize) {
    /// Clears the mark when a part panics, too.
    struct Mark;
    impl Drop for Mark {
        fn drop(&mut self) {
            IN_PART.set(false);
        }
    }
    IN_PART.set(true);
    let _mark = Mark;
    task(thread, part);
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
    fn parts_at_the_same_time_have_different_threads() {
        let pool = Pool::new(4);
        let taken: Vec<AtomicBool> = (0..4).map(|_| AtomicBool::new(false)).collect();
        for _ in 0..200 {
            pool.run_on(16, &|thread, _| {
                assert!(!taken[thread].swap(true, Ordering::SeqCst), "thread {thread} runs two parts");
                std::hint::black_box((0..100).sum::<u32>());
                taken[thread].store(false, Ordering::SeqCst);
            });
        }
    }

    #[test]
    fn a_late_part_finds_a_parked_caller() {
        let pool = Pool::new(2);
        let done = AtomicUsize::new(0);
        pool.run_on(64, &|thread, _| {
            if thread == 1 {
                thread::sleep(Duration::from_millis(1)); // The caller runs out of parts, spins and parks.
            }
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 64);
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
