//! Nodes as child processes of this one: started, watched, stopped in order, and gone when this process is gone.

use super::layout::{Layout, NodeFolder};
use crate::{config::Config, database::Database, play::stage::say};
use anyhow::{Context as _, Result};
use databourse_primitives::ExchangeCode;
use std::{fs::OpenOptions, process::Stdio, time::Duration};
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::watch,
    task::JoinHandle,
};

/// How long a node may take to commit what waits and to stop its database.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How long a node that died stays so before it is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// What became of a node's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Life {
    /// It runs.
    Running,
    /// It ended, and how.
    Ended(String),
}

/// A node of the region.
pub(crate) struct NodeProcess {
    pub(crate) code: ExchangeCode,
    /// Where clients reach it.
    pub(crate) url: String,
    pub(crate) config: Config,
    pub(crate) life: watch::Receiver<Life>,
    /// Its process number when it was started first.
    pub(crate) pid: Option<u32>,
    task: JoinHandle<()>,
}

/// All nodes of a region.
pub(crate) struct Nodes {
    pub(crate) all: Vec<NodeProcess>,
    stop: watch::Sender<bool>,
}

impl Nodes {
    /// Starts every node of `layout`; with `restart`, one that dies is started again.
    ///
    /// # Errors
    /// A configuration that does not read, or this program cannot be started.
    pub(crate) fn start(layout: &Layout, restart: bool) -> Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let mut all = Vec::with_capacity(layout.codes.len());
        for code in &layout.codes {
            let folder = layout.node(code);
            let config = Config::of_file(&folder.config())?;
            let url = format!("http://{}", config.http.listen);
            let child = spawn(&folder)?;
            let pid = child.id();
            let (live, life) = watch::channel(Life::Running);
            let keeper = Keeper { code: code.clone(), folder, restart, live, stopping: stopping.clone() };
            all.push(NodeProcess {
                code: code.clone(),
                url,
                config,
                life,
                pid,
                task: tokio::spawn(keeper.keep(child)),
            });
        }
        Ok(Self { all, stop })
    }

    /// Whether a node runs.
    pub(crate) fn some_run(&self) -> bool {
        self.all.iter().any(|node| *node.life.borrow() == Life::Running)
    }

    /// Waits until a node that is not to be restarted has ended. Never returns if all run.
    pub(crate) async fn one_ended(&self) -> String {
        let ends = self.all.iter().map(|node| {
            let (mut life, code) = (node.life.clone(), &node.code);
            Box::pin(async move {
                match life.wait_for(|life| *life != Life::Running).await.as_deref() {
                    Ok(Life::Ended(how)) => format!("the node of {code} ended: {how}"),
                    _ => format!("the node of {code} is watched no more"),
                }
            })
        });
        futures::future::select_all(ends).await.0
    }

    /// Stops all nodes at the same time, and the databases of those that died.
    ///
    /// # Errors
    /// A database that cannot be stopped.
    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.send_replace(true);
        let mut outcome = Ok(());
        for node in self.all {
            if node.task.await.is_err() {
                say(&format!("{}: the watch over its node broke", node.code));
            }
            let ended_well = *node.life.borrow() == Life::Ended(STOPPED.to_owned());
            if !ended_well && node.config.database.url.is_empty() {
                // A node that was killed left its server running; stopping it is harmless if it did not.
                let stopped = async { Database::open(&node.config.database).await?.close().await };
                outcome =
                    outcome.and(stopped.await.with_context(|| format!("the database of {}", node.code)));
            }
        }
        outcome
    }
}

/// How a node ended that was asked to.
const STOPPED: &str = "stopped";

/// Keeps one node.
struct Keeper {
    code: ExchangeCode,
    folder: NodeFolder,
    restart: bool,
    live: watch::Sender<Life>,
    stopping: watch::Receiver<bool>,
}

impl Keeper {
    async fn told_to_stop(&mut self) {
        // A sender that is gone is a stop as well.
        let _ = self.stopping.wait_for(|stop| *stop).await;
    }

    async fn keep(mut self, child: Child) {
        let mut child = child;
        loop {
            let mut input = child.stdin.take();
            let ended = tokio::select! {
                ended = child.wait() => Some(ended),
                () = self.told_to_stop() => None,
            };
            let Some(ended) = ended else {
                self.live.send_replace(Life::Ended(stop(&mut child, input.take()).await));
                return;
            };
            let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            say(&format!("{}: the node ended ({how}); see {}", self.code, self.folder.log().display()));
            self.live.send_replace(Life::Ended(how));
            if !self.restart {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(RESTART_PAUSE) => {}
                () = self.told_to_stop() => return,
            }
            match spawn(&self.folder) {
                Ok(new) => child = new,
                Err(error) => return say(&format!("{}: {error:#}", self.code)),
            }
            say(&format!("{}: the node is started again", self.code));
            self.live.send_replace(Life::Running);
        }
    }
}

/// Ends the node's input, which it takes as being told to stop. Whoever does not stop in time is killed.
async fn stop(child: &mut Child, input: Option<ChildStdin>) -> String {
    drop(input);
    match tokio::time::timeout(STOP_LIMIT, child.wait()).await {
        Ok(Ok(status)) if status.success() => STOPPED.to_owned(),
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => {
            let killed = child.kill().await;
            killed.map_or_else(|error| error.to_string(), |()| "killed: it did not stop in time".to_owned())
        }
    }
}

/// Starts `databourse serve` on the configuration in `folder`. Its process group is its own: Ctrl-C is for this process,
/// which stops the nodes in order.
fn spawn(folder: &NodeFolder) -> Result<Child> {
    let program = std::env::current_exe().context("this program's own file")?;
    let file = folder.log();
    let log = OpenOptions::new().create(true).append(true).open(&file);
    let log = log.with_context(|| format!("{} cannot be written", file.display()))?;
    let mut command = Command::new(&program);
    for (name, _) in std::env::vars_os() {
        // What the environment says of a configuration is meant for one node; here there are several.
        if SECTIONS.iter().any(|section| name.to_string_lossy().starts_with(section)) {
            command.env_remove(&name);
        }
    }
    command.args(["serve", "--while-input", "--config"]).arg(folder.config()).current_dir(&folder.0);
    command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).process_group(0);
    command.spawn().with_context(|| format!("{} cannot be started", program.display()))
}

/// How the names of variables begin that override a configuration.
const SECTIONS: [&str; 7] = [
    "DATABOURSE_CONFIG",
    "DATABOURSE_EXCHANGE_",
    "DATABOURSE_REGION_",
    "DATABOURSE_DATABASE_",
    "DATABOURSE_NODE_",
    "DATABOURSE_HTTP_",
    "DATABOURSE_SETTLEMENT_",
];
