//! `region up`: a region on this machine in one command. Nodes, market, live table, and at the end the question whether
//! all nodes show the same ledger.

use super::{
    agree::{self, Comparison},
    init::{self, Wanted},
    layout::Layout,
    nodes::{Life, Nodes},
    run::Run,
    trade, watch,
};
use crate::{
    play::{
        desk::{Counter, Desk},
        figures::Figures,
        ids::Ids,
        sample::{self, PlayedSample},
        stage::say,
        summary,
    },
    sample::{Market, plan::plan},
};
use anyhow::{Context as _, Result, bail, ensure};
use databourse_api::token::TokenSigner;
use databourse_client::Client;
use databourse_exchange::NodeKeys;
use databourse_primitives::ExchangeCode;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio::signal::unix;

/// How long all nodes may take to be ready: each makes a database first, and they found the ledger together.
const READY_LIMIT: Duration = Duration::from_secs(300);
const READY_PAUSE: Duration = Duration::from_millis(100);
/// How many requests of the sample are under way at a time.
const AT_ONCE: usize = 32;
/// How many lines of a node's log are shown when it cannot start.
const LOG_LINES: usize = 8;

/// What is asked for.
pub(crate) struct Up<'a> {
    pub(crate) wanted: Wanted<'a>,
    /// The sample's seed.
    pub(crate) seed: Option<u64>,
    /// How long purchases go on after the sample; until Ctrl-C if `None`.
    pub(crate) trading: Option<Duration>,
    /// Start a node again that dies.
    pub(crate) restart: bool,
}

/// Runs the region until it is done or told to stop. Exit code 1 if it was stopped before the sample was played.
///
/// # Errors
/// The region cannot be made or started, the sample cannot be played, or the nodes do not show the same ledger.
pub(crate) async fn run(up: &Up<'_>) -> Result<ExitCode> {
    let layout = init::ensure_region(&up.wanted)?;
    let mut record = Run::open(&layout.folder, up.seed)?;
    let codes: Vec<_> = layout.codes.iter().map(ExchangeCode::as_str).collect();
    eprintln!(
        "region of {} in {}: starting {} nodes",
        codes.join(", "),
        layout.folder.display(),
        codes.len()
    );
    let nodes = Nodes::start(&layout, up.restart)?;
    let outcome = played(up, &layout, &nodes, &mut record).await;
    say("stopping 停止: the nodes commit what waits, then stop their databases");
    nodes.stop().await.and(outcome)
}

async fn played(up: &Up<'_>, layout: &Layout, nodes: &Nodes, record: &mut Run) -> Result<ExitCode> {
    let watched = watch::of(nodes)?;
    let clients: Vec<(ExchangeCode, Client)> =
        watched.iter().map(|node| (node.exchange.clone(), node.client.clone())).collect();
    let counted: Vec<_> = watched.iter().map(|node| Arc::clone(&node.purchases)).collect();
    let ready = async {
        tokio::select! {
            ready = all_ready(&clients) => ready,
            ended = nodes.one_ended() => bail!("{ended}\n{}", last_words(layout, nodes)),
        }
    };
    let play = async {
        ready.await?;
        for node in &nodes.all {
            say(&format!("{} serves {}", node.code, node.url));
        }
        let policy = same_policy(&clients).await?;
        let desk = desk(layout, &clients, &counted, &policy, record)?;
        let sample = match record.is_played {
            true => None,
            false => {
                let market = Market::load()?;
                let plan = plan(&market, record.run_seed).context("the sample's plan")?;
                let played = sample::play(&desk, &market, &plan).await.context("the sample")?;
                record.played(&layout.folder)?;
                Some(played)
            }
        };
        match up.trading {
            Some(length) => {
                // The end of the time is the end of trading, not an error.
                if let Ok(ended) = tokio::time::timeout(length, trade::trade(&desk)).await {
                    ended?;
                }
            }
            None => trade::trade(&desk).await?,
        }
        anyhow::Ok((desk, sample, policy))
    };
    let table = watch::show(watched);
    tokio::pin!(table);
    let told = tokio::select! {
        done = play => match done {
            Ok(done) => Some(done),
            // Whoever looks on sees how the nodes are; the rest is decided at the keyboard.
            Err(error) if up.trading.is_none() && nodes.some_run() => {
                say(&format!("error: {error:#}\nnobody plays any more; Ctrl-C stops the nodes"));
                tokio::select! {
                    told = told() => told?,
                    () = &mut table => {}
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        },
        told = told() => { told?; None }
        () = &mut table => None,
    };
    let (code, desk) = match told {
        Some((desk, sample, policy)) => {
            tokio::select! {
                shown = show_summary(&desk, sample, &policy, layout) => shown?,
                () = &mut table => {}
            }
            (ExitCode::SUCCESS, Some(desk))
        }
        None if record.is_played => (ExitCode::SUCCESS, None),
        None => {
            eprintln!("stopped before the sample was played; the same command continues");
            return Ok(ExitCode::FAILURE);
        }
    };
    drop(desk);
    compared(nodes, &clients).await?;
    Ok(code)
}

/// Says whether the nodes that run show the same ledger.
async fn compared(nodes: &Nodes, clients: &[(ExchangeCode, Client)]) -> Result<()> {
    let runs = |code: &ExchangeCode| {
        nodes.all.iter().any(|node| node.code == *code && *node.life.borrow() == Life::Running)
    };
    let running: Vec<_> = clients.iter().filter(|(code, _)| runs(code)).cloned().collect();
    match agree::when_level(&running).await? {
        Comparison::Same(shown) => {
            let (count, all) = (running.len(), clients.len());
            println!(
                "✓ {count} of {all} nodes show the same ledger: {} entries, root {}",
                shown.size, shown.root
            );
            Ok(())
        }
        Comparison::Fork | Comparison::Sizes => bail!("two nodes show different ledgers of the same size"),
    }
}

/// Waits until every node takes commands.
pub(crate) async fn all_ready(clients: &[(ExchangeCode, Client)]) -> Result<()> {
    let ready = async {
        for (_, client) in clients {
            // The ledger is founded when its first block is final.
            let is_founded = async || {
                client.ready().await.is_ok()
                    && client.region_health().await.is_ok_and(|health| health.final_size > 0)
            };
            while !is_founded().await {
                tokio::time::sleep(READY_PAUSE).await;
            }
        }
    };
    tokio::time::timeout(READY_LIMIT, ready).await.context("the nodes do not get ready; see their node.log")
}

/// The last lines of the logs of nodes that ended.
pub(crate) fn last_words(layout: &Layout, nodes: &Nodes) -> String {
    let ended = nodes.all.iter().filter(|node| *node.life.borrow() != Life::Running);
    let words = ended.map(|node| {
        let log = layout.node(&node.code).log();
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(LOG_LINES).collect();
        let lines: Vec<_> = lines.into_iter().rev().map(|line| format!("  {line}")).collect();
        format!("{}:\n{}", log.display(), lines.join("\n"))
    });
    words.collect::<Vec<_>>().join("\n")
}

/// The region's policy, which must be the same at every node.
async fn same_policy(clients: &[(ExchangeCode, Client)]) -> Result<String> {
    let mut same: Option<String> = None;
    for (code, client) in clients {
        let (text, _) = client.policy().await?;
        ensure!(
            same.get_or_insert_with(|| text.clone()) == &text,
            "{code} has another policy than the first node"
        );
    }
    same.context("a region without nodes")
}

fn desk(
    layout: &Layout,
    clients: &[(ExchangeCode, Client)],
    counted: &[Arc<std::sync::atomic::AtomicU64>],
    policy: &str,
    record: &Run,
) -> Result<Desk> {
    let policy: databourse_ledger::Policy = policy.parse().context("the region's policy")?;
    let counter = |((code, client), purchases): (&(ExchangeCode, Client), &Arc<_>)| {
        let keys = NodeKeys::load(&layout.node(code).keys())?;
        Ok(Counter {
            exchange: code.clone(),
            client: client.trusting(policy.clone()),
            signer: TokenSigner::from_seed(*keys.token_seed(), code.clone()),
            purchases: Arc::clone(purchases),
        })
    };
    let counters = clients.iter().zip(counted).map(counter).collect::<Result<Vec<_>>>()?;
    Desk::of_region(counters, Ids::new(record.run_seed, record.started_at), AT_ONCE)
}

async fn show_summary(
    desk: &Desk,
    sample: Option<PlayedSample>,
    policy: &str,
    layout: &Layout,
) -> Result<()> {
    desk.level().await?;
    let operator = desk.first_operator()?;
    let figures = Figures::read(&operator).await?;
    let mut text = summary::money(&figures)?;
    if let Some(sample) = sample {
        text += &summary::settlement(&operator, &sample, &layout.folder.join("statements")).await?;
    }
    text += &summary::certificates(&operator, policy, &layout.folder.join("certificates")).await?;
    ensure!(figures.balance(), "the money of the region does not add up:\n{text}");
    print!("{text}");
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
async fn told() -> Result<()> {
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}
