//! Where a trace reads the ledger. What a folder or an address serves is read here and nowhere else in `trace`.

use crate::{args::fsck::TraceArgs, commands::export::must_exist, config::Config, database::Database};
use anyhow::{Context as _, Result};
use databourse_ledger::{BUNDLE_ENTRIES_MAX, SignedCheckpoint, decode_bundle};
use databourse_merkle::{TILE_WIDTH, tile::bundle_at};
use databourse_primitives::{ExchangeCode, Height};
use databourse_store::Store;
use std::{fs, path::PathBuf};

/// How many entries are read at a time from a database.
const ENTRIES_PER_PAGE: u32 = 1_000;

/// A signed checkpoint and the block that ends there; a folder does not say which, and who reads it brings a policy.
pub(super) struct Final {
    pub(super) height: Height,
    pub(super) signed: SignedCheckpoint,
}

/// A ledger to read.
pub(super) enum Source {
    /// The node's own database.
    Database { database: Database, store: Store, exchange: ExchangeCode, is_region: bool },
    /// A folder in the layout of C2SP tlog-tiles, with its checkpoint.
    Folder { folder: PathBuf, signed: SignedCheckpoint, exchange: ExchangeCode },
}

impl Source {
    pub(super) async fn open(args: &TraceArgs) -> Result<Self> {
        if let Some(folder) = &args.dir {
            let file = folder.join("checkpoint");
            let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let signed = SignedCheckpoint::parse(&bytes).with_context(|| format!("{}", file.display()))?;
            let exchange = Config::defaults()?.exchange.code;
            return Ok(Self::Folder { folder: folder.clone(), signed, exchange });
        }
        let config = Config::load(args.config.config.as_deref())?;
        must_exist(&config.database)?;
        let database = Database::open(&config.database).await?;
        let store = Store::connect(database.config.clone(), 1).await?;
        let (exchange, is_region) = (config.exchange.code.clone(), config.region.has_genesis());
        Ok(Self::Database { database, store, exchange, is_region })
    }

    /// Some entries from that place on, in order; none behind the last.
    pub(super) async fn entries(&self, from: u64) -> Result<Vec<Vec<u8>>> {
        match self {
            Self::Database { store, .. } => Ok(store.entries(from, ENTRIES_PER_PAGE).await?),
            Self::Folder { folder, signed, .. } => {
                let width = u64::from(TILE_WIDTH);
                let Some(coord) = bundle_at(from / width, signed.checkpoint.size.0) else {
                    return Ok(Vec::new());
                };
                // Of a bundle that has become full, the full one may be all that is left.
                let paths = [coord.path(), coord.full().path()];
                let found = paths.iter().map(|path| folder.join(path)).find(|file| file.exists());
                let file = found.unwrap_or_else(|| folder.join(coord.path()));
                let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
                let entries = decode_bundle(&bytes, BUNDLE_ENTRIES_MAX)
                    .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
                let skipped = usize::try_from(from % width)?;
                let entries = entries.into_iter().take(usize::from(coord.width())).skip(skipped);
                Ok(entries.map(<[u8]>::to_vec).collect())
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
            Self::Folder { signed, .. } => Some(Final { height: Height::default(), signed: signed.clone() }),
        })
    }

    /// Whose node it is.
    pub(super) const fn exchange(&self) -> &ExchangeCode {
        match self {
            Self::Database { exchange, .. } | Self::Folder { exchange, .. } => exchange,
        }
    }

    /// Whether several exchanges sign its checkpoints.
    pub(super) const fn is_region(&self) -> bool {
        match self {
            Self::Database { is_region, .. } => *is_region,
            Self::Folder { .. } => true,
        }
    }

    pub(super) async fn close(self) -> Result<()> {
        match self {
            Self::Database { database, store, .. } => {
                drop(store);
                database.close().await
            }
            Self::Folder { .. } => Ok(()),
        }
    }
}
