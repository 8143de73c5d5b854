//! The threads of a program. They wait by spinning for some microseconds and then sleep; between two groups of ops they
//! meet at a barrier. Which thread takes which tile is a race; what a tile computes is not.
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// Turns of a waiting loop before a thread sleeps: some 30 microseconds.
const SPINS: u32 = 2_000;

/// A counter that threads wait for.
#[derive(Default)]
struct Signal {
    value: AtomicU32,
    sleepers: AtomicU32,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Signal {
    /// Waits until the counter is no longer `seen`; returns what it is then.
    fn wait(&self, seen: u32) -> u32 {
        for _ in 0..SPINS {
            let now = self.value.load(SeqCst);
            if now != seen {
                return now;
            }
            std::hint::spin_loop();
        }
        let mut guard = self.lock.lock().unwrap();
        // In this order, and the other way round in `advance`: either sees what the other did.
        self.sleepers.fetch_add(1, SeqCst);
        while self.value.load(SeqCst) == seen {
            guard = self.wake.wait(guard).unwrap();
        }
        self.sleepers.fetch_sub(1, SeqCst);
        self.value.load(SeqCst)
    }

    fn advance(&self) {
        self.value.fetch_add(1, SeqCst);
        if self.sleepers.load(SeqCst) > 0 {
            drop(self.lock.lock().unwrap());
            self.wake.notify_all();
        }
    }
}

/// What a panic says.
pub fn reason_of(cause: &(dyn std::any::Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string())).unwrap_or_default()
}

/// What threads share in a run.
#[derive(Default)]
pub struct Meeting {
    threads: usize,
    arrived: AtomicUsize,
    phase: Signal,
    next: AtomicUsize,
    failed: AtomicBool,
    reason: Mutex<String>,
}

impl Meeting {
    /// The next tile that nobody has taken since the last barrier.
    pub fn take(&self) -> usize {
        self.next.fetch_add(1, SeqCst)
    }

    /// Waits for all threads.
    pub fn barrier(&self) {
        if self.threads == 1 {
            self.next.store(0, SeqCst);
            return;
        }
        let phase = self.phase.value.load(SeqCst);
        if self.arrived.fetch_add(1, SeqCst) == self.threads - 1 {
            self.arrived.store(0, SeqCst);
            self.next.store(0, SeqCst);
            self.phase.advance();
        } else {
            self.phase.wait(phase);
        }
    }

    /// Runs a part of the work. A panic there fails the run; the thread goes on to the next barrier, where others wait.
    pub fn attempt(&self, work: impl FnOnce()) {
        if self.failed.load(SeqCst) {
            return;
        }
        if let Err(cause) = catch_unwind(AssertUnwindSafe(work)) {
            *self.reason.lock().unwrap() = reason_of(&*cause);
            self.failed.store(true, SeqCst);
        }
    }
}

/// The work of a run: called once on each thread, with its number.
pub type Work = dyn Fn(usize, &Meeting) + Send + Sync;

struct Shared {
    work: Box<Work>,
    meeting: Meeting,
    epoch: Signal,
    stop: AtomicBool,
}

/// Threads that run the same work again and again.
pub struct Crew {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts threads 1 to `threads` - 1; thread 0 is the caller of `run`.
    pub fn new(threads: usize, work: Box<Work>) -> std::io::Result<Self> {
        let meeting = Meeting { threads, ..Meeting::default() };
        let shared = Arc::new(Shared { work, meeting, epoch: Signal::default(), stop: AtomicBool::new(false) });
        let mut crew = Self { shared: shared.clone(), workers: Vec::new() };
        for thread in 1..threads {
            let shared = shared.clone();
            let body = move || {
                let mut seen = 0;
                loop {
                    seen = shared.epoch.wait(seen);
                    if shared.stop.load(SeqCst) {
                        return;
                    }
                    (shared.work)(thread, &shared.meeting);
                }
            };
            // Where this fails, dropping the crew ends those that have started.
            crew.workers.push(std::thread::Builder::new().name("bitgrad".into()).spawn(body)?);
        }
        Ok(crew)
    }

    /// Does the work once; the reason where a part of it failed.
    pub fn run(&mut self) -> Result<(), String> {
        let Shared { work, meeting, epoch, .. } = &*self.shared;
        meeting.failed.store(false, SeqCst);
        if !self.workers.is_empty() {
            epoch.advance();
        }
        work(0, meeting);
        if meeting.failed.load(SeqCst) {
            return Err(meeting.reason.lock().unwrap().clone());
        }
        Ok(())
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.shared.epoch.advance();
        for worker in self.workers.drain(..) {
            // A thread that has panicked outside of `attempt` is gone already.
            let _ = worker.join();
        }
    }
}
