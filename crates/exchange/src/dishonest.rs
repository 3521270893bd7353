//! What a dishonest exchange does beside the agreement on blocks, for tests that show it in vain.

use databourse_consensus::Dishonesty;
use databourse_ledger::{Checkpoint, NoteSigner, SignedCheckpoint};
use databourse_merkle::leaf_hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an exchange does with its cosignatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cosigning {
    /// Tells them everybody.
    #[default]
    Honest,
    /// Tells nobody.
    Hidden,
    /// Tells one of three.
    Sometimes,
    /// Tells of one over another root.
    AnotherRoot,
}

/// What a dishonest node does.
#[derive(Debug, Default)]
pub struct Misdeeds {
    /// In the agreement.
    pub engine: Vec<Dishonesty>,
    /// With its cosignatures.
    pub cosigning: Cosigning,
}

/// Tells the others what a dishonest exchange tells them.
#[derive(Debug, Default)]
pub(crate) struct Tongue {
    cosigning: Cosigning,
    count: AtomicU64,
}

impl Tongue {
    pub(crate) fn new(cosigning: Cosigning) -> Self {
        Self { cosigning, count: AtomicU64::new(0) }
    }

    /// What is told in place of a checkpoint that was signed; `None` if nothing is.
    pub(crate) fn twist(
        &self,
        honest: &SignedCheckpoint,
        log_signer: &NoteSigner,
        cosigner: &NoteSigner,
    ) -> Option<SignedCheckpoint> {
        match self.cosigning {
            Cosigning::Honest => Some(honest.clone()),
            Cosigning::Hidden => None,
            Cosigning::Sometimes => {
                self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(3).then(|| honest.clone())
            }
            Cosigning::AnotherRoot => {
                let root = leaf_hash(honest.checkpoint.root.as_bytes());
                let mut other = Checkpoint { root, ..honest.checkpoint.clone() }.sign(log_signer).ok()?;
                other.cosign(cosigner, 1).ok()?;
                Some(other)
            }
        }
    }
}
