//! What the pipeline has done and what it took, stage by stage: as totals for whoever asks the node, and as histograms
//! for `/metrics`. Nothing depends on it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What the pipeline has done since the node started. Two of them, subtracted, tell of the time between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PipelineTotals {
    /// Blocks committed.
    pub blocks: u64,
    /// Commands in them.
    pub commands: u64,
    /// Bytes of their entries, the headers' included.
    pub bytes: u64,
    /// Checking the signatures of blocks that others proposed, as far as they were not checked before.
    pub verify: Duration,
    /// Loading missing records from the database.
    pub load: Duration,
    /// Running the rules.
    pub execute: Duration,
    /// Writing effects and entries out, hashing and signing them: from the rules' outcome to the transaction.
    pub encode: Duration,
    /// Making proposed blocks durable before they are voted on; nothing in a region of one.
    pub keep: Duration,
    /// The transaction, from its first statement to the answer to `COMMIT`.
    pub commit: Duration,
    /// Taking the new state over, signing the checkpoint, answering.
    pub publish: Duration,
}

impl PipelineTotals {
    /// What happened after `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            blocks: self.blocks.saturating_sub(earlier.blocks),
            commands: self.commands.saturating_sub(earlier.commands),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            verify: self.verify.saturating_sub(earlier.verify),
            load: self.load.saturating_sub(earlier.load),
            execute: self.execute.saturating_sub(earlier.execute),
            encode: self.encode.saturating_sub(earlier.encode),
            keep: self.keep.saturating_sub(earlier.keep),
            commit: self.commit.saturating_sub(earlier.commit),
            publish: self.publish.saturating_sub(earlier.publish),
        }
    }

    /// All stages together: how long the pipeline was at work.
    #[must_use]
    pub fn busy(self) -> Duration {
        [self.verify, self.load, self.execute, self.encode, self.keep, self.commit, self.publish].iter().sum()
    }
}

/// A part of the work on a block.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stage {
    Verify,
    Load,
    Execute,
    Encode,
    Keep,
    Commit,
    Publish,
}

/// Totals that the pipeline adds to and anybody reads.
#[derive(Debug, Default)]
pub(crate) struct Totals(Mutex<PipelineTotals>);

impl Totals {
    fn lock(&self) -> MutexGuard<'_, PipelineTotals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As they are now.
    pub(crate) fn read(&self) -> PipelineTotals {
        *self.lock()
    }

    /// A block is durable.
    pub(crate) fn block(&self, command_count: u64, byte_count: u64) {
        let mut totals = self.lock();
        totals.blocks += 1;
        totals.commands += command_count;
        totals.bytes += byte_count;
        drop(totals);
        metrics::counter!("databourse_commands_committed_total").increment(command_count);
        metrics::counter!("databourse_entry_bytes_committed_total").increment(byte_count);
    }

    /// A stage ended that `watch` measured.
    pub(crate) fn stage(&self, stage: Stage, watch: StopWatch) {
        let took = watch.0.elapsed();
        let mut totals = self.lock();
        let (total, name) = match stage {
            Stage::Verify => (&mut totals.verify, "verify"),
            Stage::Load => (&mut totals.load, "load"),
            Stage::Execute => (&mut totals.execute, "execute"),
            Stage::Encode => (&mut totals.encode, "encode"),
            Stage::Keep => (&mut totals.keep, "keep"),
            Stage::Commit => (&mut totals.commit, "commit"),
            Stage::Publish => (&mut totals.publish, "publish"),
        };
        *total = total.saturating_add(took);
        drop(totals);
        metrics::histogram!("databourse_block_stage_duration_seconds", "stage" => name)
            .record(took.as_secs_f64());
    }
}

/// A running measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopWatch(Instant);

impl StopWatch {
    #[expect(clippy::disallowed_methods, reason = "only measures; nothing depends on it")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_totals_is_what_happened_between() {
        let totals = Totals::default();
        totals.block(3, 100);
        let before = totals.read();
        totals.block(2, 50);
        use Stage::{Commit, Encode, Execute, Keep, Load, Publish, Verify};
        for stage in [Verify, Load, Execute, Encode, Keep, Commit, Publish] {
            totals.stage(stage, StopWatch::start());
        }
        let between = totals.read().since(before);
        assert_eq!((between.blocks, between.commands, between.bytes), (1, 2, 50));
        assert!(between.busy() >= between.commit);
    }
}
