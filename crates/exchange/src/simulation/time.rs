//! Simulated time: it stands still while anything can run, and jumps to the next event when nothing can.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// 2026-01-05T01:00:00Z.
const START_UNIX_MS: i64 = 1_767_574_800_000;

/// The clock of a node: it may be ahead and may run fast.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) unix_ms: Arc<AtomicI64>,
    /// How far it is ahead at the start, milliseconds.
    pub(super) skew_ms: i64,
    /// How much it gains, millionths.
    pub(super) drift_ppm: i64,
}

impl Reading {
    pub(super) fn new(skew_ms: i64, drift_ppm: i64) -> Self {
        let reading = Self { unix_ms: Arc::default(), skew_ms, drift_ppm };
        reading.set(0);
        reading
    }

    fn set(&self, now_ms: u64) {
        let passed = i64::try_from(now_ms).unwrap();
        let reading = START_UNIX_MS + self.skew_ms + passed + passed * self.drift_ppm / 1_000_000;
        self.unix_ms.store(reading, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Timers {
    now_ms: u64,
    count: u64,
    waiting: BTreeMap<(u64, u64), Waker>,
    readings: Vec<Reading>,
}

/// The time of the whole region. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Time(Arc<Mutex<Timers>>);

impl Time {
    pub(super) fn new(readings: Vec<Reading>) -> Self {
        Self(Arc::new(Mutex::new(Timers { readings, ..Timers::default() })))
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> u64 {
        self.0.lock().unwrap().now_ms
    }

    /// Nothing can run: goes to the next moment for which somebody waits. Called by the runtime before it would park.
    pub(super) fn advance(&self) {
        let mut timers = self.0.lock().unwrap();
        let Some(((at, _), waker)) = timers.waiting.pop_first() else { return };
        if at > timers.now_ms {
            timers.now_ms = at;
            timers.readings.iter().for_each(|reading| reading.set(at));
        }
        drop(timers);
        waker.wake();
    }

    pub(super) fn sleep(&self, ms: u64) -> Sleep {
        self.sleep_until(self.now() + ms)
    }

    pub(super) fn sleep_until(&self, at_ms: u64) -> Sleep {
        Sleep { time: self.clone(), at_ms, key: None }
    }
}

/// Resolves when its moment has come.
pub(super) struct Sleep {
    time: Time,
    at_ms: u64,
    key: Option<(u64, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let at_ms = this.at_ms;
        let mut timers = this.time.0.lock().unwrap();
        if timers.now_ms >= at_ms {
            return Poll::Ready(());
        }
        let key = *this.key.get_or_insert_with(|| {
            timers.count += 1;
            (at_ms, timers.count)
        });
        timers.waiting.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.time.0.lock().unwrap().waiting.remove(&key);
            // It may be the last that holds its task, with other timers in it.
            drop(waker);
        }
    }
}
