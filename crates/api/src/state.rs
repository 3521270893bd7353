//! What every handler shares.

use crate::{Problem, counts, events::LISTENERS_MAX, token::TokenVerifier};
use axum::extract::FromRef;
use databourse_exchange::{Node, NodeError};
use databourse_market::{Noun, Stored};
use databourse_primitives::Timestamp;
use databourse_store::{Store, StoreError};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// For how long the counts that were read last are answered: counting reads an index of each kind.
const COUNTS_KEPT_MS: i64 = 2_000;

/// What every handler shares. Cloning shares it.
#[derive(Clone)]
pub struct ApiState {
    /// The exchange.
    pub node: Node,
    /// Who may come in.
    pub tokens: TokenVerifier,
    /// What is measured.
    pub metrics: PrometheusHandle,
    counts: Arc<Mutex<Option<(Timestamp, Counts)>>>,
    pub(crate) listeners: Arc<Semaphore>,
}

/// Numbers of records by kind.
pub(crate) type Counts = Arc<BTreeMap<Noun, u64>>;

impl ApiState {
    /// The state of an API in front of `node`.
    pub fn new(node: Node, tokens: TokenVerifier, metrics: PrometheusHandle) -> Self {
        let listeners = Arc::new(Semaphore::new(LISTENERS_MAX));
        Self { node, tokens, metrics, counts: Arc::default(), listeners }
    }

    pub(crate) fn store(&self) -> &Store {
        self.node.reader()
    }

    /// The record called `name`, or `resource.unknown`.
    pub(crate) async fn find<T: Stored>(&self, name: &impl fmt::Display) -> Result<T, Problem> {
        let expected = "the name of something that exists";
        self.store().get(&name.to_string()).await?.ok_or_else(|| Problem::not_found(expected))
    }

    /// Numbers of records, at most [`COUNTS_KEPT_MS`] old.
    pub(crate) async fn counts(&self) -> Result<Counts, Problem> {
        let now = self.node.now();
        let known = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, counts)) = known.filter(|(read_at, _)| now < read_at.plus_ms(COUNTS_KEPT_MS)) {
            return Ok(counts);
        }
        let counts = Arc::new(self.store().record_counts(counts::COUNTED).await?);
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&counts)));
        Ok(counts)
    }
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl FromRef<ApiState> for Node {
    fn from_ref(state: &ApiState) -> Self {
        state.node.clone()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_transient() { Self::unavailable(&error) } else { Self::internal(&error) }
    }
}

impl From<NodeError> for Problem {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Store(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}
