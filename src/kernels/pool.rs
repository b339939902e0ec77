//! The threads that compute together, and how a piece of work is shared among them.
//!
//! A pass through a model consists of hundreds of short pieces of work, one after the other. Between two of them the
//! helpers spin for some microseconds, then sleep, so that an idle model costs nothing. Tasks are taken one by one:
//! a thread that the system holds up does not hold up the others for longer than its one task.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// How often a helper looks for more work before it sleeps: some 50 microseconds.
const SPINS: u32 = 2_000;

/// The gate's bit that says that helpers may join; below it stands how many have, above it which piece of work it is.
const OPEN: u64 = 1 << 31;
const JOINED: u64 = OPEN - 1;

/// Threads that share work with the one that asks.
pub struct Pool {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    /// One piece of work at a time.
    turn: Mutex<()>,
}

struct Shared {
    gate: AtomicU64,
    job: UnsafeCell<Option<Job>>,
    next: AtomicUsize,
    panicked: AtomicBool,
    is_over: AtomicBool,
    sleepers: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
}

/// A piece of work: a function for each of `tasks` numbers.
#[derive(Clone, Copy)]
struct Job {
    tasks: usize,
    run: *const (dyn Fn(usize) + Sync),
}

// SAFETY: the job is written by the thread that holds the turn while the gate is closed and nobody is inside, and read
// only by helpers that joined through the open gate; the function it points to is `Sync` and outlives the open gate.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is used from other threads only as a shared reference to something `Sync`.
unsafe impl Send for Shared {}

impl Pool {
    /// Starts one helper less than `threads`, for the asking thread works too.
    pub fn new(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            gate: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            next: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
        });
        let helper = |index: usize| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("kernels-{index}")).spawn(move || shared.help())
        };
        // The pool is there first, so that the helpers end with it when one cannot be started.
        let mut pool = Pool { shared: shared.clone(), helpers: Vec::new(), turn: Mutex::new(()) };
        for index in 1..threads.max(1) {
            pool.helpers.push(helper(index)?);
        }
        Ok(pool)
    }

    /// How many threads work, the asking one included.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `work` once for each number below `tasks`, on all threads, and returns when all calls have returned.
    /// Never called from within `work`.
    ///
    /// # Panics
    ///
    /// When `work` panics, on whatever thread.
    pub fn run(&self, tasks: usize, work: &(dyn Fn(usize) + Sync)) {
        if self.helpers.is_empty() || tasks < 2 {
            return (0..tasks).for_each(work);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes. The gate is closed and empty again before this function returns or
        // unwinds (`Close`), and nobody reads the job after that.
        let run: *const (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(std::ptr::from_ref(work)) };
        // SAFETY: the gate is closed and nobody is inside, so that nobody else looks at the job.
        unsafe { *shared.job.get() = Some(Job { tasks, run }) };
        shared.next.store(0, Ordering::Relaxed);
        // Left from a piece of work in which the asking thread panicked, too.
        shared.panicked.store(false, Ordering::Relaxed);
        let close = Close(shared);
        let epoch = (shared.gate.load(Ordering::Relaxed) >> 32) + 1;
        shared.gate.store(epoch << 32 | OPEN, Ordering::SeqCst);
        if shared.sleepers.load(Ordering::SeqCst) > 0 {
            drop(shared.sleep.lock().unwrap_or_else(PoisonError::into_inner));
            shared.wake.notify_all();
        }
        shared.take_tasks(tasks, work);
        drop(close);
        assert!(!shared.panicked.swap(false, Ordering::AcqRel), "a thread of the language model's kernels panicked");
    }

    /// Splits `length` into parts of about `size`, and calls `work` for each.
    pub fn run_ranges(&self, length: usize, size: usize, work: &(dyn Fn(Range<usize>) + Sync)) {
        let size = size.max(1);
        self.run(length.div_ceil(size), &|task| work(task * size..((task + 1) * size).min(length)));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        drop(self.shared.sleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // Its panics are caught where they happen.
            drop(helper.join());
        }
    }
}

/// Closes the gate and waits until nobody is inside, also when the asking thread unwinds.
struct Close<'a>(&'a Shared);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        // Whoever is still inside finds no further task.
        self.0.next.store(usize::MAX / 2, Ordering::Relaxed);
        self.0.gate.fetch_and(!OPEN, Ordering::AcqRel);
        let mut spins = 0;
        while self.0.gate.load(Ordering::Acquire) & JOINED != 0 {
            spins += 1;
            // The thread that is waited for may need this very processor.
            if spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

impl Shared {
    fn take_tasks(&self, tasks: usize, work: &(dyn Fn(usize) + Sync)) {
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                return;
            }
            work(task);
        }
    }

    /// What a helper does all its life.
    fn help(&self) {
        let mut done = 0;
        let mut spins = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            let gate = self.gate.load(Ordering::Acquire);
            if gate & OPEN != 0 && gate >> 32 != done {
                if self.gate.compare_exchange_weak(gate, gate + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                    done = gate >> 32;
                    self.work_inside();
                    self.gate.fetch_sub(1, Ordering::AcqRel);
                    spins = 0;
                }
            } else if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                self.wait_for_more(done);
                spins = 0;
            }
        }
    }

    /// Works on the job at hand, after the helper has joined.
    fn work_inside(&self) {
        // SAFETY: the gate was open when this thread joined, so that the job is written, and stays until it leaves.
        let job = unsafe { *self.job.get() };
        let Some(Job { tasks, run }) = job else { return };
        // SAFETY: `Pool::run` does not return before this thread has left, so that the function is still there.
        let run = unsafe { &*run };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.take_tasks(tasks, run)));
        if result.is_err() {
            self.panicked.store(true, Ordering::Release);
        }
    }

    fn wait_for_more(&self, done: u64) {
        let mut asleep = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let is_idle = || {
            let gate = self.gate.load(Ordering::SeqCst);
            (gate & OPEN == 0 || gate >> 32 == done) && !self.is_over.load(Ordering::SeqCst)
        };
        while is_idle() {
            asleep = self.wake.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A slice that several threads write to at once, each to parts of its own.
pub struct Disjoint<'a, T> {
    start: *mut T,
    length: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for a mutable slice whose parts go to different threads, as `split_at_mut` allows.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// The whole of a slice, to be cut.
    pub fn new(slice: &'a mut [T]) -> Self {
        Disjoint { start: slice.as_mut_ptr(), length: slice.len(), slice: PhantomData }
    }

    /// A part of the slice.
    ///
    /// # Safety
    ///
    /// No two parts that are in use at the same time overlap.
    #[expect(clippy::mut_from_ref, reason = "the caller keeps the parts apart")]
    pub(super) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.length, "a part lies within the slice");
        // SAFETY: the range lies within the slice, which is borrowed mutably for as long as this lives; the caller
        // keeps parts from overlapping.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}
