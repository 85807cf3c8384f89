//! A fork-join pool: one job at a time, cut into parts, run by the caller and its workers. Not a task queue:
//! nothing is nested or run in the background.
//!
//! A decode step is some sixty kernels of 10 to 100 microseconds, so the barrier must cost about one. Workers
//! spin for a bounded time between jobs and then park, so that an idle pool uses no processor and a busy
//! machine is given its time back. Every thread has its own run of parts, the same in each job of as many, so that
//! what it reads and writes again is still in its core's caches. Parts are claimed all the same: where a worker is
//! late (parked, or its core is taken by another process), who has done with its own takes the last of its parts.
//! Which thread runs a part is therefore open; kernels cut their work so that results don't depend on it.

use std::any::Any;
use std::cell::Cell;
use std::ops::Range;
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
    /// What can be claimed of each thread's parts: see [`Ticket`].
    tickets: Vec<Line<AtomicU64>>,
    /// The job of the tickets. Followed only by who holds a claimed part that is still counted in `remaining`.
    job: AtomicPtr<Job>,
    /// Parts that have not ended.
    remaining: AtomicUsize,
    stop: AtomicBool,
    caller_parked: AtomicBool,
    parked: Vec<AtomicBool>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Alone on what a processor fetches at once, so that who waits for it is not disturbed.
#[derive(Debug)]
#[repr(align(128))]
struct Line<T>(T);

/// The number of a job (so that a late claim never takes a part of another), and which parts are left.
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    fn new(job: u32, parts: Range<usize>) -> Self {
        debug_assert!(parts.start <= parts.end && parts.end <= MAX_PARTS);
        Self(u64::from(job) << 32 | (parts.end as u64) << 16 | parts.start as u64)
    }

    fn job(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn parts(self) -> Range<usize> {
        (self.0 & 0xffff) as usize..(self.0 >> 16 & 0xffff) as usize
    }

    /// A part, if one is left, and the ticket without it: the first one for its owner, the last one for others.
    fn claim(self, is_own: bool) -> Option<(usize, Ticket)> {
        let Range { start, end } = self.parts();
        if start == end {
            return None;
        }
        Some(if is_own {
            (start, Ticket::new(self.job(), start + 1..end))
        } else {
            (end - 1, Ticket::new(self.job(), start..end - 1))
        })
    }
}

/// The parts of thread `thread` of `threads`, of `parts`: the first threads have one more where they can't have as many.
fn own_parts(thread: usize, threads: usize, parts: usize) -> Range<usize> {
    let (each, more) = (parts / threads, parts % threads);
    let start = thread * each + thread.min(more);
    start..start + each + usize::from(thread < more)
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
            tickets: (0..threads).map(|_| Line(AtomicU64::new(0))).collect(),
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
        let job = Ticket(shared.tickets[0].0.load(Ordering::Relaxed)).job().wrapping_add(1);
        // Threads without a part of their own sleep on.
        let busy = shared.threads.min(parts);
        for thread in (0..busy).rev() {
            let ticket = Ticket::new(job, own_parts(thread, shared.threads, parts));
            shared.tickets[thread].0.store(ticket.0, Ordering::SeqCst);
        }
        shared.unpark(&self.workers[..busy - 1]);
        while let Some(part) = shared.claim(0) {
            shared.run_caught(task, 0, part);
            shared.remaining.fetch_sub(1, Ordering::AcqRel);
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
    /// Unparks who sleeps among the workers; called after a change that they wait for.
    fn unpark(&self, workers: &[JoinHandle<()>]) {
        for (parked, worker) in self.parked.iter().zip(workers) {
            if parked.swap(false, Ordering::SeqCst) {
                worker.thread().unpark();
            }
        }
    }

    /// Takes a part of the current job for a thread: one of its own, or one of those that come after it.
    fn claim(&self, thread: usize) -> Option<usize> {
        (thread..self.threads).chain(0..thread).find_map(|owner| self.claim_of(owner, owner == thread))
    }

    fn claim_of(&self, owner: usize, is_own: bool) -> Option<usize> {
        let ticket = &self.tickets[owner].0;
        let mut last = ticket.load(Ordering::Acquire);
        loop {
            let (part, left) = Ticket(last).claim(is_own)?;
            match ticket.compare_exchange_weak(last, left.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(part),
                Err(now) => last = now,
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
        let mut seen = 0;
        while self.wait_for_work(index, &mut seen) {
            while let Some(part) = self.claim(index) {
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

    /// Waits for another job than the one `seen` that has parts for worker `index`; false when the pool ends.
    fn wait_for_work(&self, index: usize, seen: &mut u32) -> bool {
        let (parked, ticket) = (&self.parked[index - 1], &self.tickets[index].0);
        let ready = |order| Ticket(ticket.load(order)).job() != *seen || self.stop.load(order);
        while !spin_until(|| ready(Ordering::Acquire)) {
            parked.store(true, Ordering::SeqCst);
            if !ready(Ordering::SeqCst) {
                thread::park();
            }
            parked.store(false, Ordering::SeqCst);
        }
        *seen = Ticket(ticket.load(Ordering::Acquire)).job();
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
    fn the_parts_of_threads_make_up_all() {
        for threads in 1..=9 {
            for parts in 0..40 {
                let own = (0..threads).map(|thread| own_parts(thread, threads, parts));
                assert!(own.clone().flatten().eq(0..parts), "{parts} of {threads}");
                assert!(own.clone().all(|own| own.len().abs_diff(parts / threads) <= 1));
                assert_eq!(own.filter(|own| !own.is_empty()).count(), threads.min(parts));
            }
        }
    }

    #[test]
    fn owners_claim_from_the_front_and_others_from_the_back() {
        let mut ticket = Ticket::new(7, 3..6);
        for (is_own, want) in [(true, 3), (false, 5), (true, 4)] {
            let (part, left) = ticket.claim(is_own).unwrap();
            assert_eq!((part, left.job()), (want, 7));
            ticket = left;
        }
        assert!(ticket.claim(true).is_none() && ticket.claim(false).is_none());
    }

    #[test]
    fn the_parts_of_a_late_worker_are_done_by_others() {
        let pool = Pool::new(3);
        let done = AtomicUsize::new(0);
        pool.run_on(60, &|thread, _| {
            while thread == 2 && done.load(Ordering::Relaxed) < 59 {
                thread::yield_now();
            }
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 60);
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
