//! Sending a transaction: gas, fees, number, signature.

use crate::{AnchorError, AnchorKey, Chain, transaction::Transaction};
use alloy_primitives::{Bytes, TxKind};

/// Answers of nodes to a transaction that they have, or had, already: whoever sent it, the chain's state decides.
const KNOWN: [&str; 6] = [
    "already known",
    "already imported",
    "nonce too low",
    "replacement transaction underpriced",
    "known transaction",
    "transaction already",
];

/// Sends `input` as transaction `nonce` of `key`. A transaction of that number that waits already is not replaced.
///
/// # Errors
/// `Refused` if it would revert, before anything is sent; `Node`; `Signing`.
pub(crate) async fn send(
    chain: &Chain,
    key: &AnchorKey,
    nonce: u64,
    to: TxKind,
    input: Bytes,
) -> Result<(), AnchorError> {
    let gas = chain.estimate_gas(key.address(), to, &input).await?;
    let fees = chain.fees().await?;
    let transaction = Transaction {
        chain_id: chain.id(),
        nonce,
        priority_fee: fees.priority_fee,
        fee: fees.fee,
        // The state may change before the transaction runs; what is not used is not paid.
        gas: gas.saturating_add(gas / 4),
        to,
        input,
    };
    match chain.send(&transaction.signed(key)?).await {
        Err(AnchorError::Node(error)) if KNOWN.iter().any(|known| error.to_lowercase().contains(known)) => {
            Ok(())
        }
        sent => sent,
    }
}
