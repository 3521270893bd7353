//! An exchange in this process: database, node and API, started and stopped in order.

use crate::{config::Config, console, database::Database};
use anyhow::{Context as _, Result, anyhow};
use databourse_api::{ApiState, router, serve, token::TokenSigner};
use databourse_exchange::{Clock, End, Entropy, Node, NodeConfig, NodeKeys, Running};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{io::ErrorKind, net::SocketAddr, path::Path, time::Duration};
use tokio::{net::TcpListener, signal::unix, sync::oneshot, task::JoinHandle};

/// How many ports after the wanted one are tried.
const PORTS_TRIED: u16 = 50;
/// How often measures are summed up.
const UPKEEP_PAUSE: Duration = Duration::from_secs(5);

/// A running exchange.
pub(crate) struct Host {
    pub(crate) node: Node,
    pub(crate) address: SocketAddr,
    running: Running,
    database: Database,
    stop: oneshot::Sender<()>,
    api: JoinHandle<std::io::Result<()>>,
    upkeep: JoinHandle<()>,
}

/// Where time and randomness come from, and whether another port will do.
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) next_free_port: bool,
}

impl Host {
    /// Starts everything; when it returns, requests are answered.
    pub(crate) async fn start(config: &Config, keys: &NodeKeys, around: Surroundings) -> Result<Self> {
        let listener = listen(config.http.listen, around.next_free_port).await?;
        let address = listener.local_addr()?;
        let mut database = Database::open(&config.database).await?;
        match Self::start_on(config, keys, around, &database).await {
            Ok((node, running)) => match serve_on(config, keys, &node, listener) {
                Ok(Serving { stop, api, upkeep }) => {
                    database.watch(node.store().clone());
                    Ok(Self { node, address, running, database, stop, api, upkeep })
                }
                Err(error) => {
                    running.stop().await;
                    drop(node);
                    database.close().await.ok();
                    Err(error)
                }
            },
            Err(error) => {
                database.close().await.ok();
                Err(error)
            }
        }
    }

    async fn start_on(
        config: &Config,
        keys: &NodeKeys,
        around: Surroundings,
        database: &Database,
    ) -> Result<(Node, Running)> {
        database.migrate().await?;
        let node = NodeConfig {
            exchange: config.exchange.code.clone(),
            origin: config.origin()?,
            founding: config.founding()?,
            database: database.config.clone(),
            replicas: Database::replicas(&config.database)?,
            reader_count: config.database.reader_count,
            pool_capacity: config.node.pool_capacity,
            working_set_record_count: config.node.working_set_records,
            clock: around.clock,
            entropy: around.entropy,
            settlement: config.settlement.node(),
            region: config.region_config(),
            snapshot_folder: Some(config.snapshot_folder()),
        };
        let witnesses = config.witnesses()?;
        let (node, mut running) = Node::start(node, keys).await.context("the node cannot start")?;
        running.ask_witnesses(&node, witnesses);
        Ok((node, running))
    }

    /// The address to open.
    pub(crate) fn url(&self) -> String {
        url(self.address)
    }

    /// Waits for Ctrl-C, SIGTERM, or an end of the API or of ordering that nobody asked for.
    pub(crate) async fn until_told(&mut self) -> Result<()> {
        let mut terminate = unix::signal(unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
            _ = terminate.recv() => Ok(()),
            ended = &mut self.api => Err(anyhow!("the API ended by itself: {ended:?}")),
            end = self.running.ended() => Err(why(end, self.running.divergence_report())),
        }
    }

    /// Takes no more requests, finishes those that run, commits what waits, and stops the private cluster last.
    pub(crate) async fn stop(self) -> Result<()> {
        // If the receiver is gone the API has ended.
        let _ = self.stop.send(());
        if !self.api.is_finished() {
            self.api.await??;
        }
        self.upkeep.abort();
        self.running.stop().await;
        drop(self.node);
        self.database.close().await
    }
}

/// What an operator is told of a node that orders no more.
fn why(end: End, report: Option<&Path>) -> anyhow::Error {
    match end {
        End::Diverged { height, block_id, verdict } => {
            let report = report.map_or_else(
                || "could not be written, see the log".to_owned(),
                |path| path.display().to_string(),
            );
            anyhow!(
                "diverged 分歧: the region agreed on block {block_id} at height {height}, of which this node says: \
                 {verdict:?}. It stopped before it answered anybody wrongly; see the runbooks in docs/OPERATING.md. \
                 The report: {report}"
            )
        }
        End::Broken(reason) => anyhow!("the node cannot go on: {reason}"),
        End::Drained | End::Halted => anyhow!("the node orders no more"),
    }
}

/// Sums up what was measured now and then: else it would be kept until somebody asks for `/metrics`.
async fn upkeep(metrics: PrometheusHandle) {
    let mut pause = tokio::time::interval(UPKEEP_PAUSE);
    loop {
        pause.tick().await;
        metrics.run_upkeep();
    }
}

/// What answers clients.
struct Serving {
    stop: oneshot::Sender<()>,
    api: JoinHandle<std::io::Result<()>>,
    upkeep: JoinHandle<()>,
}

/// Answers at `listener`: console and API.
fn serve_on(config: &Config, keys: &NodeKeys, node: &Node, listener: TcpListener) -> Result<Serving> {
    let signer = TokenSigner::from_seed(*keys.token_seed(), config.exchange.code.clone());
    let clock = node.clone();
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics cannot be collected")?;
    let upkeep = tokio::spawn(upkeep(metrics.clone()));
    let state = ApiState::new(node.clone(), signer.verifier(move || clock.now()), metrics);
    let url = url(listener.local_addr()?);
    let app = console::mount(config, keys, node, &url, router(state))?;
    let (stop, stopped) = oneshot::channel();
    let api = tokio::spawn(serve(listener, app, async {
        // A sender that is gone is a stop as well.
        let _ = stopped.await;
    }));
    Ok(Serving { stop, api, upkeep })
}

/// Where a node that listens at `address` is opened from this machine.
fn url(address: SocketAddr) -> String {
    let ip = address.ip();
    let host = if ip.is_unspecified() { "127.0.0.1".to_owned() } else { ip.to_string() };
    let host = if ip.is_ipv6() && !ip.is_unspecified() { format!("[{host}]") } else { host };
    format!("http://{host}:{}", address.port())
}

async fn listen(wanted: SocketAddr, next_free_port: bool) -> Result<TcpListener> {
    let mut address = wanted;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse && next_free_port => {
                let next = address.port().checked_add(1);
                let next = next.filter(|port| port.abs_diff(wanted.port()) <= PORTS_TRIED);
                address.set_port(next.with_context(|| format!("no free port from {wanted} on"))?);
            }
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("{address} cannot be listened at; is another node running, or the address another machine's?")
                });
            }
        }
    }
}
