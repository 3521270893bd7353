//! A block between its execution and what follows from it.

use crate::{Finding, FindingKind};
use databourse_ledger::Entry;
use databourse_market::{BlockContext, Effects, SignedCommand};
use databourse_primitives::{Digest, LeafIndex, PublicKey};

/// A block whose commands were executed and accepted. What it changed is not taken over yet.
pub(crate) struct ExecutedCommands {
    pub(crate) header: Entry,
    /// The key under which the header's signature is known to hold.
    pub(crate) verified: Option<PublicKey>,
    pub(crate) context: BlockContext,
    /// What the header says of the effects.
    pub(crate) effects_digest: Digest,
    pub(crate) signed: Vec<SignedCommand>,
    pub(crate) effects: Effects,
}

impl ExecutedCommands {
    /// How what the block changed differs from what its header says.
    pub(crate) fn effects_difference(&self) -> Option<Finding> {
        effects_difference(self.context.header_index, &self.effects, self.effects_digest)
    }
}

/// How effects differ from what the header at `leaf_index` says of them.
pub(crate) fn effects_difference(
    leaf_index: LeafIndex,
    effects: &Effects,
    stated: Digest,
) -> Option<Finding> {
    let kind = match effects.digest() {
        Ok(computed) if computed == stated => return None,
        Ok(computed) => FindingKind::EffectsDiffer { stated, computed },
        Err(error) => FindingKind::BlockMalformed { expected: error.to_string() },
    };
    Some(Finding { leaf_index, kind })
}
