//! Where a trace reads the ledger. What a folder or an address serves is read here and nowhere else in `trace`.

use crate::{args::fsck::TraceArgs, audit, commands::export::must_exist, config::Config, database::Database};
use anyhow::{Result, anyhow, bail};
use databourse_audit::Finality;
use databourse_ledger::{Policy, SignedCheckpoint};
use databourse_mirror::{LogError, LogSource, VerifiedTree, diagnose};
use databourse_primitives::{ExchangeCode, Height, LeafIndex};
use databourse_store::Store;
use futures::StreamExt as _;
use std::pin::pin;

/// How many entries are read at a time from a database.
const ENTRIES_PER_PAGE: u32 = 1_000;

/// A signed checkpoint and the block that ends there; tiles do not say which, and have a policy without it.
pub(super) struct Final {
    pub(super) height: Height,
    pub(super) signed: SignedCheckpoint,
}

/// A ledger to read.
pub(super) enum Source {
    /// The node's own database, and the policy to judge it by, if one was given.
    Database {
        database: Box<Database>,
        store: Store,
        exchange: ExchangeCode,
        is_region: bool,
        policy: Option<Policy>,
    },
    /// What a folder or a node serves in the layout of C2SP tlog-tiles, as of one checkpoint that the policy trusts.
    Tiles { tree: Box<VerifiedTree>, policy: Policy },
}

impl Source {
    pub(super) async fn open(args: &TraceArgs) -> Result<Self> {
        let policy = args.policy.as_deref().map(audit::policy).transpose()?;
        match (&args.url, &args.dir) {
            (Some(url), _) => {
                let source = audit::source(url, args.token_file.as_deref())?;
                let LogSource::Http(client) = &source else { bail!("--url takes an address: http://…") };
                let policy = match policy {
                    Some(policy) => policy,
                    // Then the node vouches for itself.
                    None => client.policy().await?.1,
                };
                Self::tiles(source, policy).await
            }
            (None, Some(folder)) => match policy {
                Some(policy) => Self::tiles(LogSource::Folder(folder.clone()), policy).await,
                None => bail!("--dir takes --policy FILE"),
            },
            (None, None) => {
                let config = Config::load(args.config.config.as_deref())?;
                must_exist(&config.database)?;
                let database = Box::new(Database::open(&config.database).await?);
                let store = Store::connect(database.config.clone(), 1).await?;
                let (exchange, is_region) = (config.exchange.code.clone(), config.region.has_genesis());
                Ok(Self::Database { database, store, exchange, is_region, policy })
            }
        }
    }

    /// The tree that is shown now, verified as a mirror does.
    async fn tiles(source: LogSource, policy: Policy) -> Result<Self> {
        let signed = source.checkpoint().await.map_err(coded)?;
        let checkpoint = signed.checkpoint.clone();
        match VerifiedTree::at(source.clone(), signed, &policy).await {
            Ok(tree) => Ok(Self::Tiles { tree: Box::new(tree), policy }),
            Err(LogError::Altered { leaf_index: None, .. }) => {
                Err(coded(diagnose(&source, &checkpoint).await))
            }
            Err(error) => Err(coded(error)),
        }
    }

    /// Every entry, in order.
    pub(super) async fn each(&self, mut take: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Database { store, .. } => {
                let mut count = 0;
                loop {
                    let entries = store.entries(count, ENTRIES_PER_PAGE).await?;
                    if entries.is_empty() {
                        return Ok(());
                    }
                    count += entries.len() as u64;
                    entries.iter().for_each(|entry| take(entry));
                }
            }
            Self::Tiles { tree, .. } => {
                let mut bundles = pin!(tree.bundles(LeafIndex(0)));
                while let Some(bundle) = bundles.next().await {
                    bundle.map_err(coded)?.entries().for_each(&mut take);
                }
                Ok(())
            }
        }
    }

    /// The last final checkpoint.
    pub(super) async fn checkpoint(&self) -> Result<Option<Final>> {
        Ok(match self {
            Self::Database { store, .. } => {
                let last = store.final_checkpoint().await?;
                last.map(|last| Final { height: last.height, signed: last.signed })
            }
            Self::Tiles { tree, .. } => {
                Some(Final { height: Height::default(), signed: tree.signed().clone() })
            }
        })
    }

    /// By what the checkpoint is judged, if that is not for the entries to say.
    pub(super) const fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Database { policy, .. } => policy.as_ref(),
            Self::Tiles { policy, .. } => Some(policy),
        }
    }

    /// Who signs its checkpoints by the entries.
    pub(super) const fn finality(&self) -> Finality<'_> {
        match self {
            Self::Database { exchange, is_region: false, .. } => Finality::Alone(exchange),
            Self::Database { .. } | Self::Tiles { .. } => Finality::Region,
        }
    }

    pub(super) async fn close(self) -> Result<()> {
        match self {
            Self::Database { database, store, .. } => {
                drop(store);
                database.close().await
            }
            Self::Tiles { .. } => Ok(()),
        }
    }
}

/// With the stable code in front, as `mirror` prints it.
fn coded(error: LogError) -> anyhow::Error {
    anyhow!("{}: {error}", error.code())
}
