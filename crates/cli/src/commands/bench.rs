//! `bench`: measures of this build on this machine.

use crate::{
    args::{BenchCommand, BenchReconcileArgs, SettleArgs, region::BenchArgs},
    bench::{
        self, Plan, ground, procfs,
        purchase::Spread,
        report::{self, Report},
        target::InProcess,
    },
    config::Config,
    database::Database,
};
use anyhow::{Context as _, Result, bail};
use databourse_exchange::{Clock, Entropy, Node, NodeConfig, NodeKeys};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};
use tempfile::TempDir;

pub(crate) async fn run(command: BenchCommand) -> Result<ExitCode> {
    match command {
        BenchCommand::Settle(args) => {
            let folder = Folder::of(args.data.as_deref())?;
            settle(&args, folder.path()).await
        }
        BenchCommand::Reconcile(args) => reconcile(&args),
        BenchCommand::Audit(args) => bench::audit::run(&args).await,
        BenchCommand::Region(args) => {
            let folder = Folder::of(args.data.as_deref())?;
            region(&args, folder.path()).await
        }
    }
}

/// A new folder: one that was named and is kept, or one that goes with the benchmark.
enum Folder {
    Named(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn of(named: Option<&Path>) -> Result<Self> {
        if let Some(folder) = named {
            fs::create_dir_all(folder)?;
            if fs::read_dir(folder)?.next().is_some() {
                bail!("{} is not empty; a benchmark begins with a new ledger", folder.display());
            }
            return Ok(Self::Named(folder.to_owned()));
        }
        // Under root, the account that PostgreSQL runs as must find its way through it.
        let mut builder = tempfile::Builder::new();
        builder.prefix("databourse-bench-").permissions(Permissions::from_mode(0o755));
        Ok(Self::Temporary(builder.tempdir().context("a folder in the temporary folder")?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

async fn region(args: &BenchArgs, folder: &Path) -> Result<ExitCode> {
    let (rates, is_ladder) = bench::rates(args.rate, &args.rates, &bench::region::LADDER);
    let wish = bench::region::Wish {
        exchanges: args.exchanges.into(),
        merchants: args.market.merchants,
        buyers: args.market.buyers,
        plan: Plan {
            rates,
            is_ladder,
            seconds: args.seconds,
            spreads: vec![Spread::Uniform],
            crossing: args.cross,
            in_flight_max: args.in_flight_max,
            apart: args.market.apart,
        },
        is_quiet: args.market.json,
    };
    let report = bench::region::run(&wish, folder).await?;
    if args.market.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("\n{}", report.closing());
    }
    Ok(if report.is_same && report.is_balanced { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn reconcile(args: &BenchReconcileArgs) -> Result<ExitCode> {
    let machine = procfs::machine();
    let orders = args.orders.as_deref();
    let report = bench::reconcile::run(orders, args.lines, args.breaks, args.seed, machine)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.render());
    }
    Ok(if report.exact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn settle(args: &SettleArgs, folder: &Path) -> Result<ExitCode> {
    let sync_us = procfs::sync_micros(folder).context("the disk cannot be probed")?;
    let config = Config::load(None)?.in_folder(folder);
    let database = Database::open(&config.database).await?;
    let outcome = tokio::select! {
        told = tokio::signal::ctrl_c() => told.map_err(Into::into).and_then(|()| bail!("stopped before the end")),
        report = on_database(args, &config, &database, sync_us) => report,
    };
    database.close().await?;
    let report = outcome?;
    if args.market.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("\n{}", report.closing());
    }
    Ok(if report.trial_balance_holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn on_database(
    args: &SettleArgs,
    config: &Config,
    database: &Database,
    sync_us: u64,
) -> Result<Report> {
    database.migrate().await?;
    let keys = NodeKeys::generate(&Entropy::Os)?;
    let node = NodeConfig {
        exchange: config.exchange.code.clone(),
        origin: config.region.origin.clone(),
        founding: config.founding()?,
        database: database.config.clone(),
        replicas: Vec::new(),
        reader_count: config.database.reader_count,
        // What may be under way must find a place: the benchmark counts its own drops.
        pool_capacity: config.node.pool_capacity.max(args.workers.saturating_mul(3)),
        working_set_record_count: config.node.working_set_records,
        clock: Clock::System,
        entropy: Entropy::Os,
        settlement: config.settlement.node(),
        region: None,
        snapshot_folder: None,
    };
    let (node, running) = Node::start(node, &keys).await.context("the node cannot start")?;
    let report = on_node(args, &node, database.server_pid(), sync_us).await;
    running.stop().await;
    report
}

async fn on_node(args: &SettleArgs, node: &Node, server_pid: Option<u32>, sync_us: u64) -> Result<Report> {
    let machine = procfs::machine();
    let setting = setting(args);
    if !args.market.json {
        println!("{}", Report::opening(&machine, &setting, sync_us));
    }
    let target = InProcess::new(node, server_pid);
    let ground = ground::prepare(&target, args.market.merchants, args.market.buyers).await?;
    let spreads = if args.hot { vec![Spread::Hot] } else { vec![Spread::Uniform, Spread::Hot] };
    let (rates, is_ladder) = bench::rates(args.rate, &args.rates, &bench::LADDER);
    let plan = Plan {
        rates,
        is_ladder,
        seconds: args.seconds,
        spreads,
        crossing: 0,
        in_flight_max: args.workers,
        apart: args.market.apart,
    };
    let heard = |run: &bench::measure::Run| {
        if !args.market.json {
            println!("{}", report::run_line(run));
        }
    };
    let runs = bench::run(&target, &ground, &plan, heard).await?;
    let trial_balance_holds = node.store().trial_balance().await?.holds();
    let hot_per_mille = report::hot_per_mille(&runs);
    Ok(Report { machine, setting, sync_us, runs, hot_per_mille, trial_balance_holds })
}

/// What is measured, in words.
fn setting(args: &SettleArgs) -> String {
    let sent = if args.market.apart { "one after the other" } else { "together in one call" };
    format!(
        "A purchase is order.place, delivery.record and order.accept, signed beforehand by buyer and merchant and sent \
         {sent}: ten legs. It is achieved when all three are durable under a signed checkpoint.\nIn process, without \
         HTTP; PostgreSQL on the same machine with default durability; open loop, {} s per run, {} merchants, {} \
         buyers, at most {} purchases under way. Times run from when a purchase was due.",
        args.seconds, args.market.merchants, args.market.buyers, args.workers
    )
}
