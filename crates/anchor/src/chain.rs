//! A JSON-RPC node of an EVM chain: what is read from it.

use crate::AnchorError;
use alloy::{
    eips::BlockId,
    primitives::{Address, Bytes, TxKind},
    providers::{Provider as _, RootProvider},
    rpc::{
        client::RpcClient,
        types::{Filter, Log, TransactionInput, TransactionRequest},
    },
    sol_types::SolCall,
    transports::http::{Http, reqwest},
};

/// A chain through one node. Cloning shares the connection.
#[derive(Debug, Clone)]
pub struct Chain {
    provider: RootProvider,
    id: u64,
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
        let transport = Http::with_client(http, parsed);
        let provider = RootProvider::new(RpcClient::new(transport, false));
        let id = provider.get_chain_id().await?;
        Ok(Self { provider, id })
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
        Ok(self.provider.get_block_number().await?)
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
        let request = request(TxKind::Call(to), call.abi_encode().into());
        let at = block.map_or(BlockId::latest(), BlockId::number);
        let answer = self.provider.call(request).block(at).await?;
        C::abi_decode_returns(&answer)
            .map_err(|_| AnchorError::Node(format!("no such contract at {to}, or not at this block")))
    }

    /// Whether there is a contract at `address` in the state after `block`, or after the latest one.
    ///
    /// # Errors
    /// `Node`.
    pub async fn has_code(&self, address: Address, block: Option<u64>) -> Result<bool, AnchorError> {
        let at = block.map_or(BlockId::latest(), BlockId::number);
        Ok(!self.provider.get_code_at(address).block_id(at).await?.is_empty())
    }

    /// How many transactions of `account` are in blocks: the number of its next one.
    ///
    /// # Errors
    /// `Node`.
    pub async fn nonce(&self, account: Address) -> Result<u64, AnchorError> {
        Ok(self.provider.get_transaction_count(account).await?)
    }

    /// Events, oldest first.
    ///
    /// # Errors
    /// `Node`.
    pub async fn events(&self, filter: &Filter) -> Result<Vec<Log>, AnchorError> {
        Ok(self.provider.get_logs(filter).await?)
    }

    pub(crate) const fn provider(&self) -> &RootProvider {
        &self.provider
    }
}

/// A call or a creation without gas and fees.
pub(crate) fn request(to: TxKind, input: Bytes) -> TransactionRequest {
    TransactionRequest { to: Some(to), input: TransactionInput::new(input), ..Default::default() }
}
