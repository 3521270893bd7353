//! Entries by which exchanges admit, leave, replace keys, suspend and reinstate one another, signed with the exchange's
//! own entry key and posted to its own node.

use super::{card::Card, node, proposals::WaitingProposal};
use crate::config::Config;
use anyhow::{Context as _, Result, anyhow, ensure};
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_client::{Acknowledged, Client};
use databourse_exchange::{Clock, Entropy, NodeKeys};
use databourse_ledger::{Claims, Entry};
use databourse_market::{Command, Decoded};
use databourse_party::{
    CastVote, Change, CloseLedger, DepartRegion, KeyPurpose, OrderSnapshot, ProposeChange,
};
use databourse_primitives::{ExchangeCode, Line, ProposalId};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// How long the token lives that the entry is posted with.
const TOKEN_MS: i64 = 5 * 60_000;

/// An entry about membership before it is signed: its type and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) entry_type: &'static str,
    pub(crate) body: String,
}

impl Wish {
    fn propose(change: Change) -> Result<Self> {
        Self::of(ProposeChange { change })
    }

    fn of(command: impl Into<Command>) -> Result<Self> {
        let command = command.into();
        Ok(Self { entry_type: command.entry_type(), body: command.to_json()? })
    }

    /// That the exchange on this card joins the region of `origin`.
    ///
    /// # Errors
    /// The card is for another region.
    pub(crate) fn join(origin: &Line, card: &Card) -> Result<Self> {
        card.must_be_for(origin)?;
        Self::propose(Change::Join { exchange: card.found(), proofs: card.proofs.clone() })
    }

    /// That the exchange leaves, and `successor` takes its book over.
    ///
    /// # Errors
    /// None in practice, for this and the others: every command has a JSON form.
    pub(crate) fn leave(own: &ExchangeCode, successor: &ExchangeCode) -> Result<Self> {
        Self::propose(Change::Leave { exchange: own.clone(), successor: successor.clone() })
    }

    /// That the exchange, with its obligations settled, is gone.
    pub(crate) fn depart(own: &ExchangeCode) -> Result<Self> {
        Self::of(DepartRegion { exchange: own.clone() })
    }

    /// That the region closes its ledger.
    pub(crate) fn close(own: &ExchangeCode, successor: &Line, reason: &Line) -> Result<Self> {
        let (exchange, successor, reason) = (own.clone(), successor.clone(), reason.clone());
        Self::propose(Change::Close { exchange, successor, reason })
    }

    /// That the ledger ends, in the words that were decided.
    pub(crate) fn end(words: CloseLedger) -> Result<Self> {
        Self::of(words)
    }

    /// That an exchange is suspended.
    pub(crate) fn suspend(exchange: &ExchangeCode, reason: &Line) -> Result<Self> {
        Self::propose(Change::Suspend { exchange: exchange.clone(), reason: reason.clone() })
    }

    /// That a suspended exchange stands again as before.
    pub(crate) fn reinstate(exchange: &ExchangeCode) -> Result<Self> {
        Self::propose(Change::Reinstate { exchange: exchange.clone() })
    }

    /// That the exchange signs with keys of another key file, for these purposes. Each new key proves that whoever
    /// proposes it has it.
    ///
    /// # Errors
    /// No purpose.
    pub(crate) fn replace_keys(
        origin: &Line,
        own: &ExchangeCode,
        new: &NodeKeys,
        purposes: &BTreeSet<KeyPurpose>,
    ) -> Result<Self> {
        ensure!(
            !purposes.is_empty(),
            "say which keys: --purpose entry, checkpoint, cosignature or consensus"
        );
        let new_key = |purpose: &KeyPurpose| (*purpose, node::new_key(origin, own, *purpose, new));
        let change =
            Change::ReplaceKeys { exchange: own.clone(), keys: purposes.iter().map(new_key).collect() };
        Self::propose(change)
    }

    /// That every node writes a snapshot.
    pub(crate) fn snapshot() -> Result<Self> {
        Self::of(OrderSnapshot {})
    }

    /// A vote.
    pub(crate) fn vote(proposal: ProposalId, approve: bool) -> Result<Self> {
        Self::of(CastVote { proposal, approve })
    }

    /// The entry, signed; refused here if the exchange's node would refuse to read it.
    fn sign(&self, exchange: &ExchangeCode, keys: &NodeKeys) -> Result<Entry> {
        let now = Clock::System.now();
        let claims = Claims {
            entry_type: self.entry_type.to_owned(),
            id: Entropy::Os.entry_id(now, "").context("the system has no randomness")?,
            exchange: exchange.clone(),
            issued_at_s: now.unix_seconds(),
            on_behalf_of: None,
            body: RawValue::from_string(self.body.clone())?,
        };
        let entry = Entry::sign(&claims, &keys.entry_key()).map_err(|refusal| anyhow!("{refusal}"))?;
        Ok(Decoded::new(entry).map_err(|refusal| anyhow!("{refusal}"))?.entry().clone())
    }
}

/// Signs `wish` as the exchange of `config` and posts it to the node at `url`, by default the one of the configuration.
///
/// # Errors
/// No key file, nobody at the address, or a refusal.
pub(crate) async fn send(config: &Config, url: Option<&str>, wish: &Wish) -> Result<Acknowledged> {
    let exchange = &config.exchange.code;
    let keys = NodeKeys::load(&config.node.key_file)?;
    let entry = wish.sign(exchange, &keys)?;
    Ok(client_of(config, url, &keys)?.submit_signed(&entry).await?)
}

/// What is and was proposed, the latest last; only what is open, if asked so.
///
/// # Errors
/// No key file, or nobody at the address.
pub(crate) async fn proposals(
    config: &Config,
    url: Option<&str>,
    only_open: bool,
) -> Result<Vec<WaitingProposal>> {
    let keys = NodeKeys::load(&config.node.key_file)?;
    let path = if only_open { "/v1/region/proposals?state=open" } else { "/v1/region/proposals" };
    Ok(client_of(config, url, &keys)?.list(path).await?)
}

/// A client of the node at `url`, by default the one of the configuration, as its operator.
///
/// # Errors
/// None in practice.
pub(crate) fn client_of(config: &Config, url: Option<&str>, keys: &NodeKeys) -> Result<Client> {
    let own = format!("http://{}", config.http.listen);
    let issued_at = Clock::System.now();
    let signer = TokenSigner::from_seed(*keys.token_seed(), config.exchange.code.clone());
    let token = signer.mint(&TokenClaims {
        subject: Subject::parse("membership")?,
        roles: [TokenRole::Operator].into(),
        issued_at,
        expires_at: issued_at.plus_ms(TOKEN_MS),
    })?;
    Ok(Client::new(url.unwrap_or(&own))?.bearing(&token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::card::sample;

    const V7: &str = "019aa2b4-5c00-7000-8000-000000000001";

    fn code(text: &str) -> ExchangeCode {
        text.parse().unwrap()
    }

    #[test]
    fn every_wish_is_an_entry_that_nodes_read() {
        let keys = |seed| NodeKeys::generate(&Entropy::seeded(seed)).unwrap();
        let card = sample(2, "zj");
        let origin = card.origin.clone();
        let purposes = [KeyPurpose::Consensus, KeyPurpose::Entry].into();
        let wishes = [
            Wish::join(&origin, &card).unwrap(),
            Wish::leave(&code("sh"), &code("js")).unwrap(),
            Wish::depart(&code("sh")).unwrap(),
            Wish::suspend(&code("zj"), &"signed two blocks".parse().unwrap()).unwrap(),
            Wish::reinstate(&code("zj")).unwrap(),
            Wish::replace_keys(&origin, &code("sh"), &keys(3), &purposes).unwrap(),
            Wish::close(&code("sh"), &"a.example/two".parse().unwrap(), &"a new law".parse().unwrap())
                .unwrap(),
            Wish::end(CloseLedger {
                successor: "a.example/two".parse().unwrap(),
                reason: "a new law".parse().unwrap(),
            })
            .unwrap(),
            Wish::vote(V7.parse().unwrap(), true).unwrap(),
            Wish::snapshot().unwrap(),
        ];
        for wish in wishes {
            let entry = wish.sign(&code("sh"), &keys(1)).unwrap();
            entry.verify(&keys(1).entry_key().public_key()).unwrap();
            assert_eq!(entry.claims().entry_type, wish.entry_type);
        }
        assert!(Wish::replace_keys(&origin, &code("sh"), &keys(3), &BTreeSet::new()).is_err());
        assert!(Wish::join(&"elsewhere.example".parse().unwrap(), &card).is_err());
    }
}
