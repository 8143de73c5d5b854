//! Threads that work through phases, one after another; the tiles of a phase go to whichever thread is free. A phase ends when its
//! tiles are done, not when all threads have come: one that the system keeps from running is waited for only if it has a tile.
//! Threads wait by spinning for a bounded time and then sleep. Who takes which tile is a race; what a tile computes is not.
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a waiting thread spins before it sleeps, and after which time it lets others of its core run first. Of the gaps between the
/// kernels of a training step an eighth are longer than 100 microseconds, a hundredth longer than 300; waking a thread costs some 50.
const LOOK: Duration = Duration::from_micros(300);
const ALONE: Duration = Duration::from_micros(100);
/// Turns of the waiting loop from one look at the clock to the next.
const TURNS: u32 = 64;

/// What a crew does.
pub trait Job: Send + Sync + 'static {
    /// Tiles of a phase, from 0; None behind the last. It may be asked for a phase of an earlier run, and of any number.
    fn tiles(&self, phase: usize) -> Option<usize>;
    /// Does a tile; no two threads have the same number.
    fn run(&self, phase: usize, tile: usize, thread: usize);
}

/// What a panic says.
pub fn reason_of(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}

struct Shared<J> {
    job: J,
    /// The phase, counted over all runs, in the high half; in the low half the next tile that nobody has. Whoever changes it from
    /// what it was knows that the phase, and so the run, was still that one.
    state: AtomicU64,
    /// Tiles of the phase that are done.
    done: AtomicUsize,
    /// The phase that the run began with.
    first: AtomicU32,
    stop: AtomicBool,
    failed: AtomicBool,
    reason: Mutex<String>,
    sleepers: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
}

/// The low half between runs, when there is nothing to do whatever the job says.
const IDLE: u32 = u32::MAX;

const fn phase_of(state: u64) -> u32 {
    (state >> 32) as u32
}

impl<J: Job> Shared<J> {
    /// Begins the first phase from `phase` on that has tiles, or ends the run.
    fn enter(&self, phase: u32) {
        let first = self.first.load(SeqCst);
        let (mut phase, mut next) = (phase, IDLE);
        while let Some(tiles) = self.job.tiles(phase.wrapping_sub(first) as usize) {
            if tiles > 0 {
                next = 0;
                break;
            }
            phase = phase.wrapping_add(1);
        }
        self.done.store(0, SeqCst);
        self.state.store((phase as u64) << 32 | next as u64, SeqCst);
        if self.sleepers.load(SeqCst) > 0 {
            drop(self.lock.lock().unwrap());
            self.wake.notify_all();
        }
    }

    /// Waits until the phase is another than that of `seen`.
    fn wait(&self, seen: u64) {
        let same = || phase_of(self.state.load(SeqCst)) == phase_of(seen) && !self.stop.load(SeqCst);
        let start = Instant::now();
        loop {
            let waited = start.elapsed();
            if waited > LOOK {
                break;
            }
            if waited > ALONE {
                std::thread::yield_now();
            }
            for _ in 0..TURNS {
                if !same() {
                    return;
                }
                std::hint::spin_loop();
            }
        }
        let mut guard = self.lock.lock().unwrap();
        // In this order, and the other way round in `enter`: either sees what the other did.
        self.sleepers.fetch_add(1, SeqCst);
        while same() {
            guard = self.wake.wait(guard).unwrap();
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }

    /// Works until the run is over; returns the state then.
    fn work(&self, thread: usize) -> u64 {
        loop {
            let state = self.state.load(SeqCst);
            if state as u32 == IDLE {
                return state;
            }
            let (phase, tile) = (phase_of(state), state as u32 as usize);
            let number = phase.wrapping_sub(self.first.load(SeqCst)) as usize;
            // Of another run, if the state has changed meanwhile; then it is not taken.
            let tiles = self.job.tiles(number).unwrap_or(0);
            if tile >= tiles {
                self.wait(state);
                if self.stop.load(SeqCst) {
                    return state;
                }
                continue;
            }
            if self.state.compare_exchange_weak(state, state + 1, SeqCst, SeqCst).is_err() {
                continue;
            }
            // A failure fails the run; its other tiles are passed over.
            if !self.failed.load(SeqCst) {
                if let Err(cause) = catch_unwind(AssertUnwindSafe(|| self.job.run(number, tile, thread))) {
                    *self.reason.lock().unwrap() = reason_of(&*cause);
                    self.failed.store(true, SeqCst);
                }
            }
            if self.done.fetch_add(1, SeqCst) + 1 == tiles {
                self.enter(phase.wrapping_add(1));
            }
        }
    }
}

/// Threads that do a job again and again.
pub struct Crew<J: Job> {
    shared: Arc<Shared<J>>,
    workers: Vec<JoinHandle<()>>,
}

impl<J: Job> Crew<J> {
    /// Starts threads 1 to `threads` - 1; thread 0 is the caller of `run`.
    pub fn new(threads: usize, job: J) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            job,
            state: AtomicU64::new(IDLE as u64),
            done: AtomicUsize::new(0),
            first: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            reason: Mutex::default(),
            sleepers: AtomicU32::new(0),
            lock: Mutex::default(),
            wake: Condvar::new(),
        });
        let mut crew = Self { shared: shared.clone(), workers: Vec::new() };
        for thread in 1..threads {
            let shared = shared.clone();
            let body = move || {
                while !shared.stop.load(SeqCst) {
                    let over = shared.work(thread);
                    shared.wait(over);
                }
            };
            // Where this fails, dropping the crew ends those that have started.
            crew.workers.push(std::thread::Builder::new().name("bitgrad".into()).spawn(body)?);
        }
        Ok(crew)
    }

    pub fn job(&self) -> &J {
        &self.shared.job
    }

    /// Does the job once; the reason where a part of it failed.
    pub fn run(&mut self) -> Result<(), String> {
        let shared = &*self.shared;
        shared.failed.store(false, SeqCst);
        let next = phase_of(shared.state.load(SeqCst)).wrapping_add(1);
        shared.first.store(next, SeqCst);
        shared.enter(next);
        shared.work(0);
        if shared.failed.load(SeqCst) {
            return Err(shared.reason.lock().unwrap().clone());
        }
        Ok(())
    }
}

impl<J: Job> Drop for Crew<J> {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        drop(self.shared.lock.lock().unwrap());
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A thread that has panicked outside of a tile is gone already.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each tile of a phase must find all of the phase before.
    struct Sums {
        sizes: Mutex<Vec<usize>>,
        counts: Vec<AtomicUsize>,
        runs: AtomicUsize,
    }

    impl Job for Sums {
        fn tiles(&self, phase: usize) -> Option<usize> {
            self.sizes.lock().unwrap().get(phase).copied()
        }
        fn run(&self, phase: usize, tile: usize, _: usize) {
            let (sizes, runs) = (self.sizes.lock().unwrap().clone(), self.runs.load(SeqCst));
            if phase > 0 {
                assert_eq!(self.counts[phase - 1].load(SeqCst), runs + sizes[phase - 1], "before phase {phase}, tile {tile}");
            }
            if tile % 7 == 3 {
                std::thread::yield_now();
            }
            assert!(sizes[phase] != 13 || tile != 12, "the thirteenth");
            self.counts[phase].fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn phases_follow_each_other_and_tiles_are_done_once() {
        for threads in [1, 2, 5] {
            let counts = (0..6).map(|_| AtomicUsize::new(0)).collect();
            let mut crew = Crew::new(threads, Sums { sizes: Mutex::default(), counts, runs: AtomicUsize::new(0) }).unwrap();
            for round in 0..3000 {
                let sizes: Vec<usize> = (0..round % 7).map(|phase| (round * 5 + phase * 3) % 11).collect();
                // Counts are those of the round.
                crew.job().counts.iter().for_each(|count| count.store(0, SeqCst));
                *crew.job().sizes.lock().unwrap() = sizes.clone();
                crew.run().unwrap();
                for (count, size) in crew.job().counts.iter().zip(&sizes) {
                    assert_eq!(count.load(SeqCst), *size, "round {round}");
                }
                if round % 500 == 0 {
                    // Long enough to fall asleep.
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
        }
    }

    #[test]
    fn a_failure_fails_the_run_and_not_the_next() {
        let counts = (0..6).map(|_| AtomicUsize::new(0)).collect();
        let sizes = Mutex::new(vec![13, 4]);
        let mut crew = Crew::new(3, Sums { sizes, counts, runs: AtomicUsize::new(0) }).unwrap();
        assert!(crew.run().unwrap_err().contains("the thirteenth"));
        crew.job().counts.iter().for_each(|count| count.store(0, SeqCst));
        *crew.job().sizes.lock().unwrap() = vec![5, 4];
        crew.run().unwrap();
    }
}
