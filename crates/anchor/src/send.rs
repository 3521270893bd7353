//! Sending a transaction: gas, fees, number, signature.

use crate::{AnchorError, AnchorKey, Chain, chain::request};
use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718 as _,
    network::TxSignerSync as _,
    primitives::{Bytes, TxKind},
    providers::Provider as _,
};

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
    let provider = chain.provider();
    let mut request = request(to, input.clone());
    request.from = Some(key.address());
    let gas = provider.estimate_gas(request).await?;
    let fees = provider.estimate_eip1559_fees().await?;
    let mut transaction = TxEip1559 {
        chain_id: chain.id(),
        nonce,
        // The state may change before the transaction runs; what is not used is not paid.
        gas_limit: gas.saturating_add(gas / 4),
        max_fee_per_gas: fees.max_fee_per_gas,
        max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
        to,
        input,
        ..Default::default()
    };
    let signature = key.signer().sign_transaction_sync(&mut transaction);
    let signature = signature.map_err(|error| AnchorError::Signing(error.to_string()))?;
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    match provider.send_raw_transaction(&envelope.encoded_2718()).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.as_error_resp().map(|response| response.message.to_lowercase());
            if text.is_some_and(|text| KNOWN.iter().any(|known| text.contains(known))) {
                return Ok(());
            }
            Err(error.into())
        }
    }
}
