//! Who acts and how: the operator with a token, parties with a token of their own or with a key of their own.

use super::ids::Ids;
use anyhow::{Context as _, Result, ensure};
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_client::{Acknowledged, Client};
use databourse_exchange::Clock;
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::Command;
use databourse_primitives::{EntryId, ExchangeCode, PartyId, Timestamp};
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How long the player's tokens are valid.
const TOKEN_MS: i64 = 30 * 86_400_000;

/// How long nodes may take to level, and how often they are asked meanwhile.
const LEVEL_LIMIT: Duration = Duration::from_secs(60);
const LEVEL_PAUSE: Duration = Duration::from_millis(20);

/// Makes tokens, and tells the time as the nodes do. In a region it knows the node of each exchange, and everybody acts
/// at the node of the exchange that certified them.
pub(crate) struct Desk {
    pub(crate) ids: Ids,
    /// How many requests may be under way; 1 in a seeded run, whose blocks must repeat.
    pub(crate) at_once: usize,
    counters: Vec<Counter>,
    is_seeded: bool,
    /// How many leaves the ledger has at least, by the answers so far.
    size_known: AtomicU64,
}

/// Where one exchange is reached, and with what its tokens are made.
pub(crate) struct Counter {
    pub(crate) exchange: ExchangeCode,
    pub(crate) client: Client,
    pub(crate) signer: TokenSigner,
    /// Purchases of its buyers that were accepted so far.
    pub(crate) purchases: Arc<AtomicU64>,
}

/// A party as the player sees it.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) id: PartyId,
    pub(crate) exchange: ExchangeCode,
    client: Client,
    key: Option<SigningKey>,
}

impl Desk {
    /// A desk of one exchange.
    pub(crate) fn new(
        client: Client,
        signer: TokenSigner,
        exchange: ExchangeCode,
        ids: Ids,
        is_seeded: bool,
    ) -> Self {
        let counters = vec![Counter { exchange, client, signer, purchases: Arc::default() }];
        Self { counters, ids, at_once: 1, is_seeded, size_known: AtomicU64::new(0) }
    }

    /// A desk of a region, which takes `at_once` requests at a time.
    ///
    /// # Errors
    /// No exchange.
    pub(crate) fn of_region(counters: Vec<Counter>, ids: Ids, at_once: usize) -> Result<Self> {
        ensure!(!counters.is_empty(), "a region without exchanges has nobody to play");
        Ok(Self { counters, ids, at_once, is_seeded: false, size_known: AtomicU64::new(0) })
    }

    /// The codes of its exchanges.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = &ExchangeCode> {
        self.counters.iter().map(|counter| &counter.exchange)
    }

    /// The exchange that serves whoever wants to be served by `wanted`: that one, or another in its place.
    pub(crate) fn home(&self, wanted: &ExchangeCode) -> &ExchangeCode {
        &self.counters[self.place(wanted)].exchange
    }

    fn place(&self, wanted: &ExchangeCode) -> usize {
        let known = self.counters.iter().position(|counter| counter.exchange == *wanted);
        let spread = || wanted.as_str().bytes().map(usize::from).sum::<usize>() % self.counters.len();
        known.unwrap_or_else(spread)
    }

    /// The time: a seeded run has that of its scenario, since its node's clock counts blocks.
    fn now(&self) -> Timestamp {
        if self.is_seeded { self.ids.start() } else { Clock::System.now() }
    }

    /// A client of the operator of `exchange`, or of the one in its place.
    pub(crate) fn operator(&self, exchange: &ExchangeCode) -> Result<Client> {
        self.bearing(exchange, Subject::parse("player")?, &[TokenRole::Operator])
    }

    /// A client of a second operator there, for what takes two people.
    pub(crate) fn second_operator(&self, exchange: &ExchangeCode) -> Result<Client> {
        self.bearing(exchange, Subject::parse("second-player")?, &[TokenRole::Operator])
    }

    /// A client of the operator of the first exchange.
    pub(crate) fn first_operator(&self) -> Result<Client> {
        self.operator(&self.counters[0].exchange)
    }

    /// A party of `exchange` that acts with a token, and with its own key if it has one.
    pub(crate) fn party(
        &self,
        exchange: &ExchangeCode,
        id: PartyId,
        roles: &[TokenRole],
        key: Option<SigningKey>,
    ) -> Result<Party> {
        let client = self.bearing(exchange, Subject::Party(id), roles)?;
        Ok(Party { id, exchange: self.home(exchange).clone(), client, key })
    }

    fn bearing(&self, exchange: &ExchangeCode, subject: Subject, roles: &[TokenRole]) -> Result<Client> {
        let issued_at = self.now();
        let roles = roles.iter().copied().collect();
        let claims = TokenClaims { subject, roles, issued_at, expires_at: issued_at.plus_ms(TOKEN_MS) };
        let counter = &self.counters[self.place(exchange)];
        Ok(counter.client.bearing(&counter.signer.mint(&claims)?))
    }

    /// Counts a purchase of a buyer.
    pub(crate) fn count_purchase(&self, buyer: &Party) {
        self.counters[self.place(&buyer.exchange)].purchases.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until every node shows all that any of them has answered: one node may commit a block a little before
    /// another, and whoever reads at the other must not miss it.
    ///
    /// # Errors
    /// A node that does not get there, or does not answer.
    pub(crate) async fn level(&self) -> Result<()> {
        let size = self.size_known.load(Ordering::Relaxed);
        for Counter { exchange, client, .. } in &self.counters {
            let levelled = async {
                while size_of(&client.checkpoint().await?) < size {
                    tokio::time::sleep(LEVEL_PAUSE).await;
                }
                anyhow::Ok(())
            };
            let levelled = tokio::time::timeout(LEVEL_LIMIT, levelled).await;
            levelled.with_context(|| format!("{exchange} does not reach {size} leaves"))??;
        }
        Ok(())
    }

    /// Remembers how far the ledger has come.
    pub(crate) fn note(&self, done: &Acknowledged) {
        self.size_known.fetch_max(done.leaf_index.0.saturating_add(1), Ordering::Relaxed);
    }

    /// Has `party` do something: signed by itself if it keeps its own key, else at the endpoint of the noun.
    pub(crate) async fn act(
        &self,
        party: &Party,
        after_ms: u64,
        label: &str,
        command: impl Into<Command>,
    ) -> Result<Acknowledged> {
        self.act_as(party, self.ids.id(after_ms, label)?, label, command).await
    }

    /// The same under an id of the caller's.
    pub(crate) async fn act_as(
        &self,
        party: &Party,
        id: EntryId,
        label: &str,
        command: impl Into<Command>,
    ) -> Result<Acknowledged> {
        let command = command.into();
        let done = match &party.key {
            None => party.client.submit(id, &command).await,
            Some(key) => {
                let claims = Claims {
                    entry_type: command.entry_type().to_owned(),
                    id,
                    exchange: party.exchange.clone(),
                    issued_at_s: self.now().unix_seconds(),
                    on_behalf_of: None,
                    body: RawValue::from_string(command.to_json()?)?,
                };
                party.client.submit_signed(&Entry::sign(&claims, key)?).await
            }
        };
        let done = done.with_context(|| format!("{} of {label}", command.entry_type()))?;
        self.note(&done);
        Ok(done)
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
        let done = done.with_context(|| format!("{} of {label}", command.entry_type()))?;
        self.note(&done);
        Ok(done)
    }
}

/// The size that a checkpoint states on its second line; 0 if it is none.
pub(crate) fn size_of(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or_default()
}
