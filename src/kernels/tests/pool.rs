//! The pool of threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Pool;

#[test]
fn every_task_is_done_once_whatever_the_number_of_threads() {
    for threads in [1, 2, 3, 5] {
        let pool = Pool::new(threads).unwrap();
        assert_eq!(pool.threads(), threads);
        for tasks in (0..40).chain([1000]) {
            let done: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            pool.run(tasks, &|task| {
                done[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1), "{tasks} tasks, {threads} threads");
        }
    }
}

#[test]
fn a_pool_works_on_after_a_panic_in_a_task() {
    let pool = Pool::new(3).unwrap();
    for broken in [0, 50, 99] {
        let run = std::panic::AssertUnwindSafe(|| pool.run(100, &|task| assert_ne!(task, broken)));
        assert!(std::panic::catch_unwind(run).is_err());
    }
    let sum = AtomicUsize::new(0);
    pool.run(100, &|task| {
        sum.fetch_add(task, Ordering::Relaxed);
    });
    assert_eq!(sum.into_inner(), 4950);
}

#[test]
fn several_may_ask_a_pool_at_once() {
    let pool = Pool::new(2).unwrap();
    let sum = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let add = |_| _ = sum.fetch_add(1, Ordering::Relaxed);
                (0..200).for_each(|_| pool.run(8, &add));
            });
        }
    });
    assert_eq!(sum.into_inner(), 4 * 200 * 8);
}
