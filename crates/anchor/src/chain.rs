//! A JSON-RPC node of an EVM chain: what is asked of it.

use crate::AnchorError;
use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_primitives::{Address, B256, Bytes, LogData, TxKind, U64, U128};
use alloy_rpc_client::RpcClient;
use alloy_sol_types::SolCall;
use alloy_transport_http::{Http, reqwest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A chain through one node. Cloning shares the connection.
#[derive(Debug, Clone)]
pub struct Chain {
    rpc: RpcClient,
    id: u64,
}

/// What a transaction pays, wei for a unit of gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fees {
    /// At most in all.
    pub(crate) fee: u128,
    /// To the block's maker.
    pub(crate) priority_fee: u128,
}

/// An event of a contract in a block.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) address: Address,
    pub(crate) topics: Vec<B256>,
    pub(crate) data: Bytes,
    pub(crate) transaction_hash: B256,
    pub(crate) block_number: U64,
}

impl Event {
    /// The event as the contracts' interfaces read it.
    pub(crate) fn log_data(&self) -> LogData {
        LogData::new_unchecked(self.topics.clone(), self.data.clone())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    base_fee_per_gas: U128,
}

impl Chain {
    /// Reaches the node at `url` (`http://host:port`) and asks which chain it is on.
    ///
    /// # Errors
    /// `Url`; `Node` if it does not answer.
    pub async fn connect(url: &str) -> Result<Self, AnchorError> {
        let wrong = || AnchorError::Url(url.to_owned());
        let parsed = url.parse().ok().filter(|_| url.starts_with("http://")).ok_or_else(wrong)?;
        // As the ledger's own client: what stands in the environment is about other traffic.
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.map_err(|error| AnchorError::Node(error.to_string()))?;
        let rpc = RpcClient::new(Http::with_client(http, parsed), false);
        let chain = Self { rpc, id: 0 };
        let id: U64 = chain.ask("eth_chainId", json!([])).await?;
        Ok(Self { id: id.to(), ..chain })
    }

    /// The chain's number (EIP-155).
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Number of the latest block.
    ///
    /// # Errors
    /// `Node`.
    pub async fn height(&self) -> Result<u64, AnchorError> {
        Ok(self.ask::<_, U64>("eth_blockNumber", json!([])).await?.to())
    }

    /// What the contract at `to` answers in the state after `block`, or after the latest one.
    ///
    /// # Errors
    /// `Refused` with the contract's error; `Node`, also if there is no contract.
    pub async fn read<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        block: Option<u64>,
    ) -> Result<C::Return, AnchorError> {
        let request = json!({ "to": to, "input": Bytes::from(call.abi_encode()) });
        let answer: Bytes = self.ask("eth_call", json!([request, tag(block)])).await?;
        C::abi_decode_returns(&answer)
            .map_err(|_| AnchorError::Node(format!("no such contract at {to}, or not at this block")))
    }

    /// Whether there is a contract at `address` in the state after `block`, or after the latest one.
    ///
    /// # Errors
    /// `Node`.
    pub async fn has_code(&self, address: Address, block: Option<u64>) -> Result<bool, AnchorError> {
        let code: Bytes = self.ask("eth_getCode", json!([address, tag(block)])).await?;
        Ok(!code.is_empty())
    }

    /// How many transactions of `account` are in blocks: the number of its next one.
    ///
    /// # Errors
    /// `Node`.
    pub async fn nonce(&self, account: Address) -> Result<u64, AnchorError> {
        let count: U64 = self.ask("eth_getTransactionCount", json!([account, tag(None)])).await?;
        Ok(count.to())
    }

    /// Events of `contract` from block `from` on that begin with these topics, oldest first.
    pub(crate) async fn events(
        &self,
        contract: Address,
        topics: &[B256],
        from: u64,
    ) -> Result<Vec<Event>, AnchorError> {
        let filter = json!({ "address": contract, "topics": topics, "fromBlock": tag(Some(from)) });
        self.ask("eth_getLogs", json!([filter])).await
    }

    /// How much gas a call or a creation by `from` uses in the latest state.
    pub(crate) async fn estimate_gas(
        &self,
        from: Address,
        to: TxKind,
        input: &Bytes,
    ) -> Result<u64, AnchorError> {
        let mut request = json!({ "from": from, "input": input });
        if let TxKind::Call(to) = to {
            request["to"] = json!(to);
        }
        // Of the latest state, not of what waits: there the same transaction may be waiting already.
        Ok(self.ask::<_, U64>("eth_estimateGas", json!([request, tag(None)])).await?.to())
    }

    /// What a transaction pays now: what the node suggests, and twice the base fee, which is the base fee after at least
    /// five full blocks.
    pub(crate) async fn fees(&self) -> Result<Fees, AnchorError> {
        let priority_fee: u128 = self.ask::<_, U128>("eth_maxPriorityFeePerGas", json!([])).await?.to();
        let block: Block = self.ask("eth_getBlockByNumber", json!([tag(None), false])).await?;
        let base: u128 = block.base_fee_per_gas.to();
        Ok(Fees { fee: base.saturating_mul(2).saturating_add(priority_fee), priority_fee })
    }

    /// Gives the node a signed transaction.
    pub(crate) async fn send(&self, transaction: &Bytes) -> Result<(), AnchorError> {
        self.ask::<_, B256>("eth_sendRawTransaction", json!([transaction])).await.map(drop)
    }

    async fn ask<P: RpcSend, R: RpcRecv>(
        &self,
        method: impl Into<Cow<'static, str>>,
        parameters: P,
    ) -> Result<R, AnchorError> {
        Ok(self.rpc.request(method, parameters).await?)
    }
}

/// A block as JSON-RPC names it.
fn tag(block: Option<u64>) -> Value {
    block.map_or_else(|| json!("latest"), |number| json!(U64::from(number)))
}
