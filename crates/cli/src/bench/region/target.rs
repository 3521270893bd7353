//! The nodes of a region as a client reaches them: entries by HTTP, measures from `/metrics`, processor time from /proc.

use crate::{
    bench::{procfs::Cpu, target::Target},
    play::{desk::size_of, figures::Figures},
    region::{layout::Layout, nodes::Nodes},
};
use anyhow::{Context as _, Result, bail};
use databourse_api::token::{Subject, TokenClaims, TokenRole, TokenSigner};
use databourse_client::{BatchCommand, Client};
use databourse_exchange::{Clock, NodeKeys, PipelineTotals};
use databourse_market::Command;
use databourse_primitives::{EntryId, ExchangeCode, Timestamp};
use databourse_store::cluster::Cluster;
use futures::future::try_join_all;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How long the operator's token is valid.
const TOKEN_MS: i64 = 86_400_000;
/// How long nodes may take to level, and how often they are asked meanwhile.
const LEVEL_LIMIT: Duration = Duration::from_secs(60);
const LEVEL_PAUSE: Duration = Duration::from_millis(50);

/// The nodes of a region.
#[derive(Debug, Clone)]
pub(crate) struct Region(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    exchanges: Vec<ExchangeCode>,
    /// Of the operator of each exchange. Who buys is decided by the key that signs.
    clients: Vec<(ExchangeCode, Client)>,
    nodes: Vec<u32>,
    data_folders: Vec<PathBuf>,
}

impl Region {
    /// Clients of all nodes.
    ///
    /// # Errors
    /// Keys that cannot be read.
    pub(crate) fn connect(layout: &Layout, nodes: &Nodes) -> Result<Self> {
        let (mut clients, mut exchanges) = (Vec::new(), Vec::new());
        let now = Clock::System.now();
        for node in &nodes.all {
            let keys = NodeKeys::load(&layout.node(&node.code).keys())?;
            let claims = TokenClaims {
                subject: Subject::parse("bench")?,
                roles: [TokenRole::Operator].into(),
                issued_at: now,
                expires_at: now.plus_ms(TOKEN_MS),
            };
            let token = TokenSigner::from_seed(*keys.token_seed(), node.code.clone()).mint(&claims)?;
            clients.push((node.code.clone(), Client::new(&node.url)?.bearing(&token)));
            exchanges.push(node.code.clone());
        }
        let data_folders = nodes.all.iter().map(|node| node.config.database.data_dir.clone()).collect();
        let nodes = nodes.all.iter().filter_map(|node| node.pid).collect();
        let inner = Inner { exchanges, clients, nodes, data_folders };
        Ok(Self(Arc::new(inner)))
    }

    /// The clients, in the order of places.
    pub(crate) fn clients(&self) -> &[(ExchangeCode, Client)] {
        &self.0.clients
    }

    fn client(&self, at: usize) -> &Client {
        &self.0.clients[at].1
    }

    /// Whether debits equal credits, and all that was brought is in the accounts.
    ///
    /// # Errors
    /// The first node does not say it.
    pub(crate) async fn is_balanced(&self) -> Result<bool> {
        Ok(Figures::read(self.client(0)).await?.balance())
    }
}

impl Target for Region {
    fn exchanges(&self) -> &[ExchangeCode] {
        &self.0.exchanges
    }

    fn now(&self) -> Timestamp {
        Clock::System.now()
    }

    async fn record(&self, at: usize, commands: Vec<(EntryId, Command)>) -> Result<()> {
        let items = commands.iter().map(|(id, command)| BatchCommand::new(*id, None, command));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        for answer in self.client(at).submit_batch(&items).await? {
            if let Err(problem) = answer {
                bail!("{problem}");
            }
        }
        Ok(())
    }

    async fn submit(&self, at: usize, entries: Vec<String>) -> Result<(), String> {
        let answers = self.client(at).submit_entries(&entries).await;
        let answers = answers.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        for answer in answers {
            answer.map_err(|problem| problem.to_string())?;
        }
        Ok(())
    }

    async fn level(&self) -> Result<()> {
        let levelled = async {
            loop {
                let shown = self.clients().iter().map(|(_, client)| client.checkpoint());
                let sizes: Vec<u64> = try_join_all(shown).await?.iter().map(|text| size_of(text)).collect();
                if sizes.iter().all(|size| sizes.first() == Some(size)) {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(LEVEL_PAUSE).await;
            }
        };
        tokio::time::timeout(LEVEL_LIMIT, levelled).await.context("the nodes do not come to one size")?
    }

    async fn totals(&self) -> Result<PipelineTotals> {
        let texts = self.clients().iter().map(|(_, client)| client.get_text("/metrics"));
        let all: Vec<PipelineTotals> = try_join_all(texts).await?.iter().map(|text| read(text)).collect();
        mean(&all).context("a region without nodes")
    }

    fn cpu(&self) -> Cpu {
        let servers = self.0.data_folders.iter().filter_map(|folder| Cluster::server_pid_of(folder));
        Cpu::read(&self.0.nodes, &servers.collect::<Vec<_>>())
    }
}

/// What a node's `/metrics` say of its pipeline; what they do not name has not happened yet.
fn read(metrics: &str) -> PipelineTotals {
    let value = |name: &str| {
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<f64>().ok())
    };
    let stage = |what: &str, stage: &str| {
        value(&format!("databourse_block_stage_duration_seconds_{what}{{stage=\"{stage}\"}}"))
    };
    let count = |found: Option<f64>| {
        Duration::try_from_secs_f64(found.unwrap_or_default()).map_or(0, |d| d.as_secs())
    };
    let time =
        |name: &str| Duration::try_from_secs_f64(stage("sum", name).unwrap_or_default()).unwrap_or_default();
    PipelineTotals {
        blocks: count(stage("count", "commit")),
        commands: count(value("databourse_commands_committed_total")),
        bytes: count(value("databourse_entry_bytes_committed_total")),
        verify: time("verify"),
        load: time("load"),
        execute: time("execute"),
        encode: time("encode"),
        keep: time("keep"),
        commit: time("commit"),
        publish: time("publish"),
    }
}

fn mean(all: &[PipelineTotals]) -> Option<PipelineTotals> {
    let count = u32::try_from(all.len()).ok().filter(|count| *count > 0)?;
    let number = |of: fn(&PipelineTotals) -> u64| all.iter().map(of).sum::<u64>() / u64::from(count);
    let time = |of: fn(&PipelineTotals) -> Duration| all.iter().map(of).sum::<Duration>() / count;
    Some(PipelineTotals {
        blocks: number(|totals| totals.blocks),
        commands: number(|totals| totals.commands),
        bytes: number(|totals| totals.bytes),
        verify: time(|totals| totals.verify),
        load: time(|totals| totals.load),
        execute: time(|totals| totals.execute),
        encode: time(|totals| totals.encode),
        keep: time(|totals| totals.keep),
        commit: time(|totals| totals.commit),
        publish: time(|totals| totals.publish),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_from_metrics_and_averaged() {
        let metrics = "# TYPE databourse_commands_committed_total counter\n\
            databourse_commands_committed_total 42\n\
            databourse_entry_bytes_committed_total 4200\n\
            databourse_block_stage_duration_seconds{stage=\"commit\",quantile=\"0.5\"} 0.1\n\
            databourse_block_stage_duration_seconds_sum{stage=\"commit\"} 1.5\n\
            databourse_block_stage_duration_seconds_count{stage=\"commit\"} 7\n";
        let totals = read(metrics);
        assert_eq!((totals.blocks, totals.commands, totals.bytes), (7, 42, 4_200));
        assert_eq!((totals.commit, totals.keep), (Duration::from_millis(1_500), Duration::ZERO));
        let mean = mean(&[totals, PipelineTotals::default()]).unwrap();
        assert_eq!((mean.commands, mean.commit), (21, Duration::from_millis(750)));
        assert_eq!(super::mean(&[]), None);
    }
}
