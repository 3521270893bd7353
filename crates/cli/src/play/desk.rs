//! Who acts and how: the operator with a token, parties with a token of their own or with a key of their own.

use super::ids::Ids;
use anyhow::{Context as _, Result};
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_client::{Acknowledged, Client};
use databourse_exchange::Clock;
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::Command;
use databourse_primitives::{ExchangeCode, PartyId, Timestamp};
use serde_json::value::RawValue;

/// How long the player's tokens are valid.
const TOKEN_MS: i64 = 30 * 86_400_000;

/// Makes tokens, and tells the time as the node does.
pub(crate) struct Desk {
    pub(crate) client: Client,
    pub(crate) exchange: ExchangeCode,
    pub(crate) ids: Ids,
    signer: TokenSigner,
    is_seeded: bool,
}

/// A party as the player sees it.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) id: PartyId,
    client: Client,
    key: Option<SigningKey>,
}

impl Desk {
    pub(crate) fn new(
        client: Client,
        signer: TokenSigner,
        exchange: ExchangeCode,
        ids: Ids,
        is_seeded: bool,
    ) -> Self {
        Self { client, exchange, ids, signer, is_seeded }
    }

    /// The time: a seeded run has that of its scenario, since its node's clock counts blocks.
    fn now(&self) -> Timestamp {
        if self.is_seeded { self.ids.start() } else { Clock::System.now() }
    }

    /// A client of the operator.
    pub(crate) fn operator(&self) -> Result<Client> {
        self.bearing(Subject::parse("player")?, &[TokenRole::Operator])
    }

    /// A party that acts with a token, and with its own key if it has one.
    pub(crate) fn party(&self, id: PartyId, roles: &[TokenRole], key: Option<SigningKey>) -> Result<Party> {
        Ok(Party { id, client: self.bearing(Subject::Party(id), roles)?, key })
    }

    fn bearing(&self, subject: Subject, roles: &[TokenRole]) -> Result<Client> {
        let issued_at = self.now();
        let roles = roles.iter().copied().collect();
        let claims = TokenClaims { subject, roles, issued_at, expires_at: issued_at.plus_ms(TOKEN_MS) };
        Ok(self.client.bearing(&self.signer.mint(&claims)?))
    }

    /// Has `party` do something: signed by itself if it keeps its own key, else at the endpoint of the noun.
    pub(crate) async fn act(
        &self,
        party: &Party,
        after_ms: u64,
        label: &str,
        command: impl Into<Command>,
    ) -> Result<Acknowledged> {
        let command = command.into();
        let id = self.ids.id(after_ms, label)?;
        let done = match &party.key {
            None => party.client.submit(id, &command).await,
            Some(key) => {
                let claims = Claims {
                    entry_type: command.entry_type().to_owned(),
                    id,
                    exchange: self.exchange.clone(),
                    issued_at_s: self.now().unix_seconds(),
                    on_behalf_of: None,
                    body: RawValue::from_string(command.to_json()?)?,
                };
                party.client.submit_signed(&Entry::sign(&claims, key)?).await
            }
        };
        done.with_context(|| format!("{} of {label}", command.entry_type()))
    }

    /// Has the operator do something.
    pub(crate) async fn operate(
        &self,
        operator: &Client,
        after_ms: u64,
        label: &str,
        command: impl Into<Command>,
    ) -> Result<Acknowledged> {
        let command = command.into();
        let done = operator.submit(self.ids.id(after_ms, label)?, &command).await;
        done.with_context(|| format!("{} of {label}", command.entry_type()))
    }
}
