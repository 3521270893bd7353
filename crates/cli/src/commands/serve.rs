//! `serve`: an exchange until it is told to stop.

use crate::{
    args::ServeArgs,
    config::{Config, EXAMPLE},
    host::{Host, Surroundings},
};
use anyhow::Result;
use databourse_exchange::{Clock, Entropy, NodeKeys};

pub(crate) async fn run(args: ServeArgs) -> Result<()> {
    if args.print_config {
        print!("{EXAMPLE}");
        return Ok(());
    }
    let config = Config::load(args.config.config.as_deref())?;
    super::make_folder_of(&config.node.key_file)?;
    let keys = NodeKeys::load_or_generate(&config.node.key_file, &Entropy::Os)?;
    let around = Surroundings { clock: Clock::System, entropy: Entropy::Os, next_free_port: false };
    let mut host = Host::start(&config, &keys, around).await?;
    eprintln!("{} serves {} (Ctrl-C stops)", config.exchange.code, host.url());
    let told = host.until_told().await;
    eprintln!("stopping: finishing requests, committing what waits");
    host.stop().await?;
    told
}
