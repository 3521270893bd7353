//! The exported journal before hledger and beancount: both must accept it and report the ledger's own balances.

use crate::run::{must, root};
use anyhow::{Context as _, anyhow, bail};
use databourse_settlement::Account;
use databourse_store::{
    ListQuery, Store,
    cluster::{Binaries, Cluster, ClusterConfig, OnDrop},
};
use databourse_testkit::judges::{Balances, Judges, not_zero, outside};
use std::{path::Path, process::Command};

/// Exports with `program` the ledger in the data folder `data`, whose node is stopped, and has both programs judge it.
pub(crate) fn judge(program: &Path, data: &Path) -> anyhow::Result<()> {
    let judges = Judges::find_or_install(&root().join("target/judges"));
    let (hledger, beancount) = (data.join("books.journal"), data.join("books.beancount"));
    for (format, file) in [("hledger", &hledger), ("beancount", &beancount)] {
        let mut export = Command::new(program);
        export.env("DATABOURSE_DATABASE_DATA_DIR", data);
        must(export.args(["export", "--format", format, "--out"]).arg(file))?;
    }
    eprintln!("→ hledger check, bean-check");
    judges.hledger_check(&hledger).map_err(|words| anyhow!("hledger refuses the journal: {words}"))?;
    judges.bean_check(&beancount).map_err(|words| anyhow!("beancount refuses the journal: {words}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let own = not_zero(&runtime.block_on(own_balances(data))?);
    if own.is_empty() {
        bail!("the ledger in {} has no balances", data.display());
    }
    let reported =
        [("hledger", judges.hledger_balances(&hledger)), ("beancount", judges.bean_balances(&beancount))];
    for (name, balances) in reported {
        let balances = not_zero(&balances);
        if balances != own {
            let differs = own.iter().find(|(key, number)| balances.get(key) != Some(number));
            bail!("{name} does not report the ledger's own balances; the first that differs: {differs:?}");
        }
    }
    println!("hledger and beancount accept the journal and report the ledger's own {} balances", own.len());
    Ok(())
}

/// Debits less credits of every account in the database, under the names that they should have outside.
async fn own_balances(data: &Path) -> anyhow::Result<Balances> {
    let binaries =
        Binaries::find_or_install(&root().join("target/postgresql"), &|step| eprintln!("· {step}"))?;
    let mut config = ClusterConfig::new(data, binaries);
    config.on_drop = OnDrop::Stop;
    let cluster = Cluster::start(config, &|_| ())?;
    let store = Store::connect(cluster.connection_config(), 1).await?;
    let mut balances = Balances::new();
    let mut after = None;
    loop {
        let query = ListQuery { after, limit: 200, ..ListQuery::default() };
        let page = store.list::<Account>(&query).await.context("the accounts")?;
        let account =
            |account: &Account| outside(&account.id.to_string(), account.debits_minor, account.credits_minor);
        balances.extend(page.items.iter().map(account));
        after = page.next;
        if after.is_none() {
            return Ok(balances);
        }
    }
}
