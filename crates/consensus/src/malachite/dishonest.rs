//! What a dishonest exchange does, for tests that show that it does not help.

use super::{
    codec::BinaryCodec,
    config::Settings,
    context::{Address, Agreement, BlockId},
};
use arc_malachitebft_app_channel::{ByzantineContext, NetworkIdentity};
use arc_malachitebft_engine_byzantine::{ByzantineConfig, Trigger};
use databourse_primitives::Digest;

/// One dishonest act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dishonesty {
    /// Signs two proposals and two votes wherever an honest exchange signs one.
    SignTwo,
    /// Proposes a block that was agreed on before, whenever it is its turn.
    ProposeInvalid,
    /// Gives nodes that catch up other blocks than those that the certificates are for.
    ServeWrongBlocks,
    /// Says again and again what it has heard before.
    ReplayMessages,
}

/// Another block's name in place of a block's.
fn other(block_id: Digest) -> Digest {
    Digest::of(block_id.as_bytes())
}

/// A network in which everything is signed twice, for two blocks.
pub(super) fn network(
    settings: &Settings,
    identity: NetworkIdentity,
) -> ByzantineContext<Agreement, BinaryCodec> {
    let acts = ByzantineConfig::new(Some(1))
        .with_equivocate_votes(Trigger::Always)
        .with_equivocate_proposals(Trigger::Always);
    ByzantineContext {
        identity,
        codec: BinaryCodec,
        config: acts,
        signer: Box::new(settings.signer.clone()),
        address: Address(settings.exchange.clone()),
        conflicting_value_fn: Some(Box::new(|block| BlockId(other(block.0)))),
        conflicting_vote_value_fn: Some(Box::new(|block| {
            other(block.copied().unwrap_or_else(|| Digest::of(b"")))
        })),
    }
}
