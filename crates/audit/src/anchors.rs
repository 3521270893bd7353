//! Recorded anchors against the ledger: a checkpoint on a chain must be one that this ledger had.

use crate::FindingKind;
use databourse_market::{Command, SignedCommand};
use databourse_merkle::Hash;
use databourse_party::AnchorSubject;
use databourse_primitives::Digest;

/// Sizes and roots at the ends of the blocks that were read, in order. Nodes sign no other sizes. 40 bytes a block.
#[derive(Debug, Default)]
pub(crate) struct BlockEnds(Vec<(u64, Hash)>);

impl BlockEnds {
    /// A block ended there.
    pub(crate) fn push(&mut self, end: (u64, Hash)) {
        self.0.push(end);
    }

    /// What is wrong with an accepted `anchor.record`. Nothing is said of sizes before the first block that was read.
    pub(crate) fn check(&self, signed: &SignedCommand) -> Option<FindingKind> {
        let Command::RecordAnchor(record) = signed.command() else { return None };
        let AnchorSubject::Checkpoint { size, root } = &record.subject else { return None };
        if self.0.first().is_none_or(|(first, _)| size.0 < *first) {
            return None;
        }
        let place = self.0.binary_search_by_key(&size.0, |(end, _)| *end);
        let computed = place.ok().map(|place| Digest::from_bytes(*self.0[place].1.as_bytes()));
        let differs = computed.as_ref() != Some(root);
        differs.then_some(FindingKind::AnchorDiffers { size: *size, recorded: *root, computed })
    }
}
