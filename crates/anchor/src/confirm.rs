//! Confirmations: sending until something is true of the chain, and stays so.
//!
//! Nothing is remembered between two calls. Whoever wants something on the chain asks whether it is there, sends it if it
//! is not, and waits until it stands in the state that is as many blocks old as confirmations are wanted. A transaction
//! that was lost, dropped, or undone by a reorganisation is noticed because what it should have done is not there, and is
//! sent again; one that went through unseen is noticed because it is.

use crate::{Anchor, AnchorError, AnchorKey, send::send};
use alloy_primitives::{Bytes, TxKind};
use std::time::Duration;

/// The most confirmations that can be asked for: full nodes keep the states of 128 blocks.
pub const CONFIRMATIONS_MAX: u64 = 120;

/// After so many looks without effect a transaction is sent again: the node may have forgotten it.
const LOOKS_BEFORE_RESEND: u32 = 30;

/// How sure one wants to be, and how long one waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// In how many blocks it must stand, its own counted: 1 to [`CONFIRMATIONS_MAX`].
    pub confirmations: u64,
    /// Time between two looks at the chain.
    pub poll: Duration,
    /// How long before giving up; calling again continues.
    pub timeout: Duration,
}

impl Anchor {
    /// Sends `call` until `holds` is true of the state that has its confirmations; `nonce` if only that one will do.
    pub(crate) async fn bring_about(
        &self,
        key: &AnchorKey,
        patience: Patience,
        (to, input): (TxKind, Bytes),
        nonce: Option<u64>,
        holds: impl AsyncFn(Option<u64>) -> Result<bool, AnchorError>,
    ) -> Result<(), AnchorError> {
        if !(1..=CONFIRMATIONS_MAX).contains(&patience.confirmations) {
            return Err(AnchorError::Confirmations(patience.confirmations));
        }
        // What the node said last, for who waited in vain.
        let mut said = "sent, and not seen in a block".to_owned();
        let looking = async {
            let mut sent = None;
            loop {
                match self.look(key, patience, (to, &input), nonce, &holds, &mut sent).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => {}
                    // A node that is away may come back.
                    Err(AnchorError::Node(error)) => said = error,
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(patience.poll).await;
            }
        };
        let ended = tokio::time::timeout(patience.timeout, looking).await;
        ended.unwrap_or(Err(AnchorError::TimedOut(said)))
    }

    /// One look at the chain: whether it is there for long enough; sends it if it is not there.
    async fn look(
        &self,
        key: &AnchorKey,
        patience: Patience,
        (to, input): (TxKind, &Bytes),
        nonce: Option<u64>,
        holds: &impl AsyncFn(Option<u64>) -> Result<bool, AnchorError>,
        sent: &mut Option<(u64, u32)>,
    ) -> Result<bool, AnchorError> {
        // Both are older than what is looked at next: a block between two questions is never taken for something else.
        let height = self.chain.height().await?;
        let next = self.chain.nonce(key.address()).await?;
        if holds(None).await? {
            // Should a reorganisation undo it, it is sent again at once.
            *sent = None;
            return match height.checked_add(1).and_then(|blocks| blocks.checked_sub(patience.confirmations)) {
                Some(block) => holds(Some(block)).await,
                None => Ok(false),
            };
        }
        if let Some(nonce) = nonce.filter(|nonce| *nonce != next) {
            return if nonce < next {
                Err(AnchorError::NonceTaken { account: key.address(), nonce })
            } else {
                Err(AnchorError::Node(format!("the account's transaction {next} comes first")))
            };
        }
        match sent {
            Some((number, looks)) if *number == next && *looks < LOOKS_BEFORE_RESEND => *looks += 1,
            _ => match send(&self.chain, key, next, to, input.clone()).await {
                Ok(()) => *sent = Some((next, 0)),
                // One that was sent before came into a block just now: then this one is refused for being the second.
                Err(AnchorError::Refused(_)) if holds(None).await? => {}
                Err(error) => return Err(error),
            },
        }
        Ok(false)
    }
}
