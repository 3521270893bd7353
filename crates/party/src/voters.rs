//! Who votes on blocks and co-signs checkpoints at a height.

use crate::Exchange;
use databourse_primitives::{ExchangeCode, Height, PublicKey};
use std::collections::BTreeMap;

/// Who votes on the block of `height`, with the consensus key in force there, in the order of codes: the exchanges that
/// are active or leaving.
///
/// The records may be of any state from that committed at `height - 2` on; all of them give the same answer. The
/// founding stands for the heights before. Never empty; the sets of two consecutive heights have an exchange in common,
/// and differ only by what the block two heights before the later one decided.
pub fn validators<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    height: Height,
) -> Vec<(ExchangeCode, PublicKey)> {
    let voters = exchanges.filter(|exchange| exchange.votes_at(height));
    let keyed = voters.filter_map(|one| Some((one.code.clone(), *one.consensus_key.at(height)?)));
    keyed.collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// An exchange whose signature counts on a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigner {
    /// The exchange.
    pub exchange: ExchangeCode,
    /// The key that co-signs for it.
    pub cosignature_key: PublicKey,
    /// The key that signs for it as the log.
    pub checkpoint_key: PublicKey,
}

/// Who signs the checkpoint of the block of `height`, with the keys in force there, in the order of codes: those who
/// vote on the block. What [`validators`] says of its answer holds for this one.
pub fn cosigners<'a>(exchanges: impl Iterator<Item = &'a Exchange>, height: Height) -> Vec<Cosigner> {
    let voters = exchanges.filter(|exchange| exchange.votes_at(height));
    let keyed = voters.filter_map(|one| {
        let cosignature_key = *one.cosignature_key.at(height)?;
        let checkpoint_key = *one.checkpoint_key.at(height)?;
        let cosigner = Cosigner { exchange: one.code.clone(), cosignature_key, checkpoint_key };
        Some((one.code.clone(), cosigner))
    });
    keyed.collect::<BTreeMap<_, _>>().into_values().collect()
}
