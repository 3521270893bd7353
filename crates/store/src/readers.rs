//! Reads that go to streaming replicas.
//!
//! A replica is some milliseconds behind its primary, or hours. So that nobody is told less than was told before, a read
//! goes to a replica only if it has the block that the node shows now, with the same root; whoever was answered before
//! finds there what the answer rests on. Each connection is asked that at most once per block, since a server that
//! started again may be older than it was. Otherwise, and if the replica fails, the primary answers.

use crate::{
    StoreError,
    cell::Cells,
    session::{self, Purpose, within},
    sql,
    store::rows,
};
use databourse_merkle::Hash;
use databourse_primitives::Height;
use deadpool_postgres::{
    Hook, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType, Timeouts,
};
use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tokio_postgres::{Config, NoTls};
use tracing::{error, info, warn};

/// How long a replica may take to open a connection, to have one free, and to say how far it is.
const ASK_LIMIT: Duration = Duration::from_millis(500);
/// How long a read may take there, before the primary is asked.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// For how long one is not asked again that was behind, and one that did not answer.
const BEHIND_PAUSE: Duration = Duration::from_millis(20);
const GONE_PAUSE: Duration = Duration::from_secs(1);
/// For how long one that has another ledger is left alone.
const FOREIGN_PAUSE: Duration = Duration::from_secs(60);
/// Who is behind for so long is worth a word to the operator.
const BEHIND_MAX: Duration = Duration::from_secs(10);

/// What every read must see: a block's height, and the root after it.
pub(crate) type Required = Box<dyn Fn() -> (Height, Hash) + Send + Sync>;

/// The replicas of a database.
pub(crate) struct Replicas {
    all: Vec<Replica>,
    required: Required,
    turn: AtomicUsize,
}

struct Replica {
    name: String,
    pool: Pool,
    place: Arc<Mutex<Place>>,
    /// One reader asks how far it is; the others wait for the answer.
    asking: tokio::sync::Mutex<()>,
    read_count: AtomicU64,
}

/// What is known of a replica.
#[derive(Default)]
struct Place {
    /// The block that it has for certain, with the root that was shown.
    height: Height,
    /// When it may be asked again.
    not_before: Option<Instant>,
    behind_since: Option<Instant>,
    /// What was said of it last.
    said: Said,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Said {
    #[default]
    Nothing,
    InUse,
    Behind,
    Gone,
    Foreign,
}

impl Replicas {
    /// Connects when somebody reads. A server that cannot be reached now is tried later.
    pub(crate) fn new(
        configs: Vec<Config>,
        pool_size: usize,
        required: Required,
    ) -> Result<Self, StoreError> {
        let all =
            configs.into_iter().map(|config| Replica::new(config, pool_size)).collect::<Result<_, _>>()?;
        Ok(Self { all, required, turn: AtomicUsize::new(0) })
    }

    /// How many reads each has answered.
    pub(crate) fn read_counts(&self) -> Vec<u64> {
        self.all.iter().map(|replica| replica.read_count.load(Ordering::Relaxed)).collect()
    }

    /// The answer of a replica that has what is required; `None` if the primary must be asked.
    pub(crate) async fn read<T, F>(&self, work: &impl Fn(Object) -> F) -> Option<Result<T, StoreError>>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let (height, root) = (self.required)();
        if height.0 == 0 {
            return None;
        }
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for place in 0..self.all.len() {
            let replica = self.all.get(first.wrapping_add(place) % self.all.len())?;
            let Some(client) = replica.connection(height, root).await else { continue };
            match within(READ_LIMIT, work(client)).await {
                Err(failure @ StoreError::Unavailable { .. }) => replica.is_gone(&failure),
                answer => {
                    replica.read_count.fetch_add(1, Ordering::Relaxed);
                    return Some(answer);
                }
            }
        }
        None
    }
}

impl Replica {
    fn new(config: Config, pool_size: usize) -> Result<Self, StoreError> {
        let name = format!("{:?} {:?}", config.get_hosts(), config.get_ports());
        let config = session::configured(config, Purpose::Read);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let place: Arc<Mutex<Place>> = Arc::default();
        let known = Arc::clone(&place);
        let forget = Hook::sync_fn(move |_, _| {
            locked(&known).height = Height(0);
            Ok(())
        });
        let limits = Timeouts { wait: Some(ASK_LIMIT), create: Some(ASK_LIMIT), recycle: Some(ASK_LIMIT) };
        let pool = Pool::builder(Manager::from_config(config, NoTls, recycling))
            .max_size(pool_size.max(1))
            .timeouts(limits)
            .post_create(forget)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(StoreError::unavailable)?;
        Ok(Self { name, pool, place, asking: tokio::sync::Mutex::new(()), read_count: AtomicU64::new(0) })
    }

    /// A connection on which that block can be read.
    async fn connection(&self, height: Height, root: Hash) -> Option<Object> {
        if self.is_left_alone() {
            return None;
        }
        let client = match self.pool.get().await {
            Ok(client) => client,
            // All are in use: the primary helps out.
            Err(PoolError::Timeout(TimeoutType::Wait)) => return None,
            Err(failure) => {
                self.is_gone(&failure.into());
                return None;
            }
        };
        if self.has(height) {
            return Some(client);
        }
        let _turn = self.asking.lock().await;
        if self.is_left_alone() {
            return None;
        }
        if self.has(height) {
            return Some(client);
        }
        match within(ASK_LIMIT, ask(&client, height)).await {
            Ok((_, Some(found))) if found == root => self.is_in_use(height),
            Ok((_, Some(_))) => return self.is_foreign(height),
            Ok((at, None)) => return self.is_behind(at, height),
            Err(failure) => {
                self.is_gone(&failure);
                return None;
            }
        }
        Some(client)
    }

    fn has(&self, height: Height) -> bool {
        locked(&self.place).height >= height
    }

    fn is_left_alone(&self) -> bool {
        locked(&self.place).not_before.is_some_and(|until| Instant::now() < until)
    }

    fn is_in_use(&self, height: Height) {
        let mut place = locked(&self.place);
        (place.height, place.not_before, place.behind_since) = (height, None, None);
        if place.changes_to(Said::InUse) {
            info!(replica = %self.name, %height, "reads go to the replica");
        }
    }

    fn is_behind(&self, at: Height, height: Height) -> Option<Object> {
        let now = Instant::now();
        let mut place = locked(&self.place);
        place.not_before = Some(now + BEHIND_PAUSE);
        let since = *place.behind_since.get_or_insert(now);
        if now.duration_since(since) >= BEHIND_MAX && place.changes_to(Said::Behind) {
            warn!(replica = %self.name, %at, shown = %height, "the replica is behind; reads go to the primary");
        }
        None
    }

    fn is_foreign(&self, height: Height) -> Option<Object> {
        let mut place = locked(&self.place);
        place.not_before = Some(Instant::now() + FOREIGN_PAUSE);
        if place.changes_to(Said::Foreign) {
            error!(replica = %self.name, %height, "the replica has another ledger; nothing is read there");
        }
        None
    }

    fn is_gone(&self, failure: &StoreError) {
        let mut place = locked(&self.place);
        (place.height, place.not_before) = (Height(0), Some(Instant::now() + GONE_PAUSE));
        if place.changes_to(Said::Gone) {
            warn!(replica = %self.name, %failure, "the replica does not answer; reads go to the primary");
        }
    }
}

impl Place {
    fn changes_to(&mut self, said: Said) -> bool {
        std::mem::replace(&mut self.said, said) != said
    }
}

fn locked(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    // No code that holds the lock can panic halfway through a change.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far the server is, and its root after that block.
async fn ask(client: &Object, height: Height) -> Result<(Height, Option<Hash>), StoreError> {
    let found = rows(client, sql::REACHED, &[&crate::cell::bigint_or_max(height.0)]).await?;
    let row = found.first().ok_or_else(|| StoreError::unavailable("no answer about the replica"))?;
    let cells = Cells::new(row, "chain_head", &"only");
    let root = cells.get::<Option<&[u8]>>("root")?;
    let root = root.map(Hash::try_from).transpose().map_err(|_| cells.damaged("root"))?;
    Ok((Height(cells.number("height")?), root))
}
