//! Somebody who looks at all nodes all the time: how long nothing became final, and whether two roots were ever shown.

use super::{LOOK_PAUSE, node::Access};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{task::JoinHandle, time::Instant};

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The largest final size that any node showed.
    pub(crate) size: u64,
    /// The longest time without a larger one, while at most one node was disturbed.
    pub(crate) longest_gap: Duration,
    /// The same, with the times at which all were down.
    pub(crate) longest_gap_of_all: Duration,
    /// The root of each final size.
    roots: BTreeMap<u64, String>,
    /// Sizes with two roots.
    pub(crate) forks: Vec<String>,
    is_all_down: bool,
}

/// Looks until it is dropped.
pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn start(nodes: Vec<Access>) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let task = tokio::spawn(look(nodes, Arc::clone(&seen)));
        Self { seen, task }
    }

    pub(crate) fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Says that all nodes are killed, or that all run again: gaps meanwhile are counted apart.
    pub(crate) fn set_all_down(&self, is_all_down: bool) {
        self.seen().is_all_down = is_all_down;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look(nodes: Vec<Access>, seen: Arc<Mutex<Seen>>) {
    let mut since = Instant::now();
    let mut was_all_down = false;
    loop {
        let asked: Vec<_> = nodes.iter().map(Access::shown).collect();
        let shown = futures::future::join_all(asked).await;
        {
            let mut seen = seen.lock().unwrap();
            was_all_down |= seen.is_all_down;
            for (size, root) in shown.into_iter().flatten() {
                let first = seen.roots.entry(size).or_insert_with(|| root.clone()).clone();
                if first != root {
                    seen.forks.push(format!("{size}: {first} and {root}"));
                }
                if size > seen.size {
                    seen.size = size;
                    since = Instant::now();
                    was_all_down = seen.is_all_down;
                }
            }
            let gap = since.elapsed();
            seen.longest_gap_of_all = seen.longest_gap_of_all.max(gap);
            if !was_all_down {
                seen.longest_gap = seen.longest_gap.max(gap);
            }
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}
