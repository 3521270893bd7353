//! `export`: the journal for an accounting program.

use crate::{
    args::{ExportArgs, ExportFormat},
    config::{Config, DatabaseSection},
    database::Database,
    export::{self, Exported},
};
use anyhow::{Context as _, Result, bail};
use databourse_store::Store;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

pub(crate) async fn run(args: ExportArgs) -> Result<()> {
    let config = Config::load(args.config.config.as_deref())?;
    must_exist(&config.database)?;
    let database = Database::open(&config.database).await?;
    let exported = export(&database, args.format, args.out.as_deref()).await;
    database.close().await?;
    let Exported { transaction_count, posting_count, balance_count } = exported?;
    eprintln!("{transaction_count} transactions, {posting_count} postings, {balance_count} balances");
    Ok(())
}

/// Refuses a folder without a ledger: opening it would make one.
pub(super) fn must_exist(database: &DatabaseSection) -> Result<()> {
    let folder = &database.data_dir;
    let exists = ["postgres", "postgres.location"].iter().any(|name| folder.join(name).exists());
    if database.url.is_empty() && !exists {
        bail!(
            "there is no ledger in {}; name its folder in the configuration or with DATABOURSE_DATABASE_DATA_DIR",
            folder.display()
        );
    }
    Ok(())
}

async fn export(database: &Database, format: ExportFormat, out: Option<&Path>) -> Result<Exported> {
    let store = Store::connect(database.config.clone(), 1).await?;
    let Some(snapshot) = store.journal_snapshot().await? else { bail!("the ledger has no block yet") };
    let Some(path) = out else {
        let mut out = BufWriter::new(std::io::stdout());
        let exported = export::write(&snapshot, format, &mut out).await?;
        out.flush()?;
        return Ok(exported);
    };
    super::make_folder_of(path)?;
    // Under another name until it is whole: half a journal would pass for one that ends early.
    let draft = draft_of(path);
    let cannot = || format!("{} cannot be written", path.display());
    let mut file = BufWriter::new(File::create(&draft).with_context(cannot)?);
    let exported = match export::write(&snapshot, format, &mut file).await {
        Ok(exported) => exported,
        Err(error) => {
            // What is left of it is of no use; the first error is the one that counts.
            let _ = std::fs::remove_file(&draft);
            return Err(error);
        }
    };
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    std::fs::rename(&draft, path).with_context(cannot)?;
    Ok(exported)
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}
