//! Witnesses outside the region: each is asked to cosign what the node shows, beside the pipeline and behind it.
//!
//! A final checkpoint is shown at once. One task per witness takes the newest that is shown, asks, verifies the line and adds
//! it to what is shown; while it asks, newer checkpoints wait as one, the newest. So a witness that is slow, wrong or gone
//! costs a task and nothing else. Nothing here decides what is final, and the region's policy does not name these keys.

use crate::{
    Node,
    engine::halt,
    node::{Inner, Running},
};
use databourse_ledger::NoteSignature;
use databourse_primitives::TreeSize;
use databourse_witness::{ClientError, WitnessClient};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use tracing::{info, warn};

/// The least time between two requests to one witness, which has to make each durable.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// How long the pause after failures in a row grows.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// How often in a row another node may have been there first before it counts as a failure.
const RACES_MAX: u64 = 4;

/// How a witness outside the region answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessHealth {
    /// Where it takes checkpoints.
    pub url: String,
    /// Entries under the last checkpoint that it cosigned for this node; 0 if none since the start.
    pub size: TreeSize,
    /// How often in a row it was asked in vain; 0 if it answers.
    pub failures: u64,
    /// Why, the last time, for the operator.
    pub failure: Option<String>,
}

/// What is known of the witnesses, by the name of their keys.
#[derive(Debug, Default)]
pub(crate) struct Witnesses(Mutex<BTreeMap<String, WitnessHealth>>);

impl Witnesses {
    /// How each answers.
    pub(crate) fn health(&self) -> BTreeMap<String, WitnessHealth> {
        self.known().clone()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, WitnessHealth>> {
        // No code that holds the lock can panic halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Asks these witnesses from now on, until the node stops.
    pub fn ask_witnesses(&mut self, node: &Node, witnesses: Vec<WitnessClient>) {
        for witness in witnesses {
            let health = WitnessHealth {
                url: witness.url().to_owned(),
                size: TreeSize(0),
                failures: 0,
                failure: None,
            };
            node.0.witnesses.known().insert(witness.key().name().to_owned(), health);
            let halted = self.halted();
            self.add_job(tokio::spawn(ask(Arc::clone(&node.0), witness, halted)));
        }
    }
}

async fn ask(node: Arc<Inner>, witness: WitnessClient, mut halted: watch::Receiver<bool>) {
    let mut shown = node.publisher.subscribe();
    shown.mark_changed();
    let (mut size, mut failures) = (TreeSize(0), 0_u64);
    loop {
        tokio::select! {
            () = halt(&mut halted) => return,
            changed = shown.changed() => if changed.is_err() { return },
        }
        loop {
            let newest = shown.borrow_and_update().size;
            if *halted.borrow() {
                return;
            }
            // What was shown again with one more line is no news.
            if newest.0 == 0 || newest == size {
                break;
            }
            let asked = tokio::select! {
                () = halt(&mut halted) => return,
                asked = ask_once(&node, &witness, size) => asked,
            };
            let key = witness.key();
            let mut pause = PAUSE_MIN;
            match asked {
                Ok(cosigned) => {
                    if failures > 0 {
                        info!(witness = key.name(), "the witness answers again");
                    }
                    (size, failures) = (cosigned, 0);
                    if let Some(health) = node.witnesses.known().get_mut(key.name()) {
                        (health.size, health.failures, health.failure) = (size, 0, None);
                    }
                }
                Err(failure) => {
                    failures += 1;
                    pause = backoff(failures);
                    // Another node of the region was there first: the next checkpoint is asked for.
                    if matches!(failure, ClientError::Ahead { .. }) && failures < RACES_MAX {
                        continue_after(&mut halted, pause).await;
                        continue;
                    }
                    if failures.is_power_of_two() {
                        warn!(witness = key.name(), failures, error = %failure, "no cosignature of the witness");
                    }
                    if let Some(health) = node.witnesses.known().get_mut(key.name()) {
                        (health.failures, health.failure) = (failures, Some(failure.to_string()));
                    }
                }
            }
            continue_after(&mut halted, pause).await;
        }
    }
}

/// Waits so long, or until the node halts.
async fn continue_after(halted: &mut watch::Receiver<bool>, pause: Duration) {
    tokio::select! {
        () = halt(halted) => {}
        () = tokio::time::sleep(pause) => {}
    }
}

/// The size that was cosigned.
async fn ask_once(node: &Inner, witness: &WitnessClient, known: TreeSize) -> Result<TreeSize, ClientError> {
    let shown = node.publisher.shown();
    let (Some(signed), size) = (&shown.signed, shown.size) else {
        return Err(ClientError::Proof("nothing is shown yet".to_owned()));
    };
    let prove = |old: TreeSize| node.publisher.consistency(&node.store, &shown, old);
    let line = witness.cosign(known, signed, prove).await?;
    node.publisher.witnessed(&shown, line);
    Ok(size)
}

/// How long to wait after so many failures in a row: twice as long each time.
fn backoff(failures: u64) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(10);
    PAUSE_MIN.saturating_mul(1 << doublings).min(PAUSE_MAX)
}

/// The newest line of each witness, with the checkpoint that it is of.
#[derive(Default)]
pub(crate) struct Lines(BTreeMap<(String, u32), (TreeSize, NoteSignature)>);

impl Lines {
    /// Takes a line over the checkpoint of `size`; not in place of one over a later one.
    pub(crate) fn add(&mut self, size: TreeSize, line: NoteSignature) {
        let known = self.0.entry((line.name.clone(), line.key_id)).or_insert_with(|| (size, line.clone()));
        if size >= known.0 {
            *known = (size, line);
        }
    }

    /// Those over the checkpoint of `size`.
    pub(crate) fn over(&self, size: TreeSize) -> impl Iterator<Item = &NoteSignature> {
        self.0.values().filter(move |(of, _)| *of == size).map(|(_, line)| line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, byte: u8) -> NoteSignature {
        NoteSignature { name: name.to_owned(), key_id: 1, bytes: vec![byte] }
    }

    #[test]
    fn a_line_stands_under_its_own_checkpoint_only() {
        let mut lines = Lines::default();
        let over =
            |lines: &Lines, size| lines.over(TreeSize(size)).map(|line| line.bytes[0]).collect::<Vec<_>>();
        lines.add(TreeSize(5), line("a", 1));
        lines.add(TreeSize(9), line("b", 2));
        assert_eq!((over(&lines, 5), over(&lines, 9)), (vec![1], vec![2]));
        lines.add(TreeSize(9), line("a", 3));
        lines.add(TreeSize(5), line("b", 4));
        assert_eq!((over(&lines, 5), over(&lines, 9)), (vec![], vec![3, 2]));
    }

    #[test]
    fn pauses_grow_and_end_growing() {
        assert_eq!((backoff(1), backoff(2)), (Duration::from_millis(400), Duration::from_millis(800)));
        assert_eq!((backoff(9), backoff(u64::MAX)), (PAUSE_MAX, PAUSE_MAX));
    }
}
