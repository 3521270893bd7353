//! The reading handle.

use crate::{
    StoreError,
    readers::Replicas,
    session::{self, Purpose, READ_LIMIT, within},
};
use databourse_merkle::Hash;
use databourse_primitives::Height;
use deadpool_postgres::{
    GenericClient, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Transaction,
};
use futures::future::try_join_all;
use std::{fmt, future::Future, sync::Arc};
use tokio_postgres::{Config, NoTls, Row, error::SqlState, types::ToSql};

/// A pool of reading connections. Cloning shares the pool.
///
/// Every call answers from committed data. Calls that say so read one snapshot; others may see a block between two
/// statements. A call that gets no answer within 30 s, the wait for a connection included, is `Unavailable`.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    replicas: Option<Arc<Replicas>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("pool", &self.pool.status()).finish()
    }
}

impl Store {
    /// Connects, with at most `pool_size` connections, made when they are needed.
    ///
    /// # Errors
    /// `Unavailable` if the server does not answer.
    pub async fn connect(config: Config, pool_size: usize) -> Result<Self, StoreError> {
        let config = session::configured(config, Purpose::Read);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(StoreError::unavailable)?;
        let store = Self { pool, replicas: None };
        store.ping().await?;
        Ok(store)
    }

    /// The same database, with replicas to which reads go while they have block `required` with that root, each with at
    /// most `pool_size` connections. Whatever a replica cannot answer, the database itself does. Several take turns.
    ///
    /// # Errors
    /// `Unavailable`, which a runtime of tokio does not cause: nothing is connected to yet.
    pub fn with_replicas(
        self,
        configs: Vec<Config>,
        pool_size: usize,
        required: impl Fn() -> (Height, Hash) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        if configs.is_empty() {
            return Ok(self);
        }
        let replicas = Replicas::new(configs, pool_size, Box::new(required))?;
        Ok(Self { replicas: Some(Arc::new(replicas)), ..self })
    }

    /// How many reads each replica has answered, in the order in which they were named.
    pub fn replica_read_counts(&self) -> Vec<u64> {
        self.replicas.as_ref().map(|replicas| replicas.read_counts()).unwrap_or_default()
    }

    /// Asks the server for a sign of life; the primary, where there are replicas.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ping(&self) -> Result<(), StoreError> {
        within(READ_LIMIT, async { Ok(self.connection().await?.simple_query("SELECT 1").await.map(drop)?) })
            .await
    }

    /// A connection of its own, to the primary where there are replicas.
    pub(crate) async fn connection(&self) -> Result<Object, StoreError> {
        Ok(self.pool.get().await?)
    }

    /// Runs `work` on a connection of its own, within the limit for reads; again on the primary if a replica fails.
    pub(crate) async fn read<T, F>(&self, work: impl Fn(Object) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        if let Some(replicas) = &self.replicas
            && let Some(answer) = replicas.read(&work).await
        {
            return answer;
        }
        within(READ_LIMIT, async { work(self.connection().await?).await }).await
    }

    /// The rows of one statement.
    pub(crate) async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.read(|client| async move { rows(&client, sql, parameters).await }).await
    }
}

/// Begins a transaction that writes, on a connection that otherwise only reads.
pub(crate) async fn begin_write(client: &mut Object) -> Result<Transaction<'_>, StoreError> {
    let begun = client.build_transaction().read_only(false).start().await;
    begun.map_err(|error| match error.code() {
        // How a replica says it.
        Some(code) if *code == SqlState::FEATURE_NOT_SUPPORTED => StoreError::ReadOnly,
        _ => error.into(),
    })
}

/// The rows of one statement, prepared once per connection.
pub(crate) async fn rows(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// The rows of several statements with one parameter each, all under way at once on one connection.
pub(crate) async fn rows_of_each<P: ToSql + Sync>(
    client: &Object,
    statements: &[(String, P)],
) -> Result<Vec<Vec<Row>>, StoreError> {
    let parameters: Vec<[&(dyn ToSql + Sync); 1]> =
        statements.iter().map(|(_, parameter)| [parameter as &(dyn ToSql + Sync)]).collect();
    let under_way = statements.iter().zip(&parameters);
    try_join_all(under_way.map(|((sql, _), parameters)| rows(client, sql, parameters))).await
}
