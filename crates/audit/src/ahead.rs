//! Executing ahead of a check that needs no order: what each block changed is written out and hashed beside the execution
//! of the blocks behind it, on whatever thread the caller has.

use crate::{
    Auditor, Finding, Prepared,
    executed::{ExecutedCommands, effects_difference},
};
use databourse_market::Effects;
use databourse_primitives::{Digest, Height, LeafIndex};

/// What a block changed, to be held against its header.
#[derive(Debug)]
pub struct UncheckedEffects {
    effects: Effects,
    stated: Digest,
    header_index: LeafIndex,
    before: Counts,
}

/// How [`UncheckedEffects::check`] ended.
#[derive(Debug)]
pub struct CheckedEffects {
    differing: Option<Finding>,
    before: Counts,
}

/// What an audit had counted before a block.
#[derive(Debug, Clone, Copy)]
struct Counts {
    height: Height,
    command_count: u64,
}

impl UncheckedEffects {
    /// Writes the effects out, hashes them and compares. This takes about a quarter of the time of executing.
    pub fn check(self) -> CheckedEffects {
        let Self { effects, stated, header_index, before } = self;
        let differing = effects_difference(header_index, &effects, stated);
        CheckedEffects { differing, before }
    }
}

impl Auditor {
    /// As [`Auditor::take`], but takes over what the block changed before that is held against the header. The caller has
    /// the answer checked and gives every verdict to [`Auditor::conclude`], in the order of the answers. Then findings and
    /// report are those of [`Auditor::take`]; after a difference the state means nothing.
    #[must_use]
    pub fn take_ahead(&mut self, prepared: Prepared) -> Option<UncheckedEffects> {
        let mut executed = self.execute_completed(prepared)?;
        let before = Counts { height: self.height, command_count: self.command_count };
        let ExecutedCommands { effects, effects_digest, context, .. } = &mut executed;
        // The state has no use for the transactions.
        let effects = Effects {
            transactions: std::mem::take(&mut effects.transactions),
            writes: effects.writes.clone(),
        };
        let (stated, header_index) = (*effects_digest, context.header_index);
        self.accept(executed);
        Some(UncheckedEffects { effects, stated, header_index, before })
    }

    /// Hears what came of the check of a block. A difference ends the audit there, whatever was executed since.
    pub fn conclude(&mut self, checked: CheckedEffects) {
        let CheckedEffects { differing: Some(finding), before } = checked else { return };
        // Of two blocks that differ the first ends the audit.
        if self.has_ended() && self.findings().last().is_some_and(|last| last.leaf_index < finding.leaf_index)
        {
            return;
        }
        (self.height, self.command_count) = (before.height, before.command_count);
        self.end(finding.leaf_index, finding.kind);
    }
}
