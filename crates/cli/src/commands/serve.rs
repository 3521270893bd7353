//! `serve`: an exchange until it is told to stop.

use crate::{
    args::ServeArgs,
    config::{Config, EXAMPLE},
    host::{Host, Surroundings},
};
use anyhow::Result;
use databourse_exchange::{Clock, Entropy};
use tokio::sync::oneshot;

pub(crate) async fn run(args: ServeArgs) -> Result<()> {
    if args.print_config {
        print!("{EXAMPLE}");
        return Ok(());
    }
    let config = Config::load(args.config.config.as_deref())?;
    let keys = config.keys()?;
    let around = Surroundings { clock: Clock::System, entropy: Entropy::Os, next_free_port: false };
    let mut host = Host::start(&config, &keys, around).await?;
    eprintln!("{} serves {} (Ctrl-C stops)", config.exchange.code, host.url());
    let told = tokio::select! {
        told = host.until_told() => told,
        () = input_ended(args.while_input) => Ok(()),
    };
    eprintln!("stopping: finishing requests, committing what waits");
    host.stop().await?;
    told
}

/// Waits until standard input ends, if that is asked for: so a program that runs nodes takes them with it however it
/// ends.
async fn input_ended(asked: bool) {
    if !asked {
        return std::future::pending().await;
    }
    let (ended, end) = oneshot::channel();
    // A thread of its own, which nobody waits for: a runtime would wait for its last read.
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(read);
    });
    let _ = end.await;
}
