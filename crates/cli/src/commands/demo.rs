//! `demo`: a market from nothing, played through HTTP, summed up and served.

use crate::{
    args::DemoArgs,
    config::Config,
    host::{Host, Surroundings},
    play::{
        self, Played,
        desk::Desk,
        figures::Figures,
        ids::Ids,
        run_file::{RunFile, SEEDED_START},
        summary,
    },
    region::{
        init::Wanted,
        up::{self, Up},
    },
    sample::{Market, plan::plan},
};
use anyhow::{Context as _, Result};
use databourse_api::token::TokenSigner;
use databourse_client::Client;
use databourse_exchange::{Clock, Entropy, NodeKeys};
use std::{process::ExitCode, time::Duration};

pub(crate) async fn run(args: DemoArgs) -> Result<ExitCode> {
    if let Some(exchanges) = args.region.as_deref() {
        let folder = args.data.join("region");
        let wanted = Wanted { exchanges: Some(exchanges), folder: &folder, base_port: None };
        let trading = args.exit.then_some(Duration::ZERO);
        return up::run(&Up { wanted, seed: args.seed, trading, restart: false }).await;
    }
    super::make_folder_of(&args.data.join("demo.json"))?;
    let run = RunFile::open(&args)?;
    let mut config = Config::load(None)?.in_folder(&args.data);
    config.http.listen = args.listen;
    config.sign_in.demonstration = true;
    let entropy = || args.seed.map_or(Entropy::Os, Entropy::seeded);
    let keys = NodeKeys::load_or_generate(&config.node.key_file, &entropy())?;
    let clock = if args.seed.is_some() { Clock::stepped(SEEDED_START) } else { Clock::System };
    let around = Surroundings { clock, entropy: entropy(), next_free_port: true };
    let mut host = Host::start(&config, &keys, around).await?;
    let (node, url) = (host.node.clone(), host.url());
    eprintln!("{} serves {url}", config.exchange.code);
    let outcome = tokio::select! {
        told = host.until_told() => told.map(|()| None),
        played = played(&args, &run, &config, &keys, &node, &url) => played.map(Some),
    };
    drop(node);
    let code = match outcome {
        Ok(Some(true)) => ExitCode::SUCCESS,
        Ok(Some(false)) => ExitCode::FAILURE,
        Ok(None) => {
            eprintln!("stopped before the end; the same command continues");
            host.stop().await?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => {
            host.stop().await?;
            return Err(error);
        }
    };
    if !args.exit {
        println!("\nopen 打开  {url}   (Ctrl-C stops)");
        host.until_told().await?;
    }
    host.stop().await?;
    Ok(code)
}

/// Plays, prints the summary, and says whether everything adds up.
async fn played(
    args: &DemoArgs,
    run: &RunFile,
    config: &Config,
    keys: &NodeKeys,
    node: &databourse_exchange::Node,
    url: &str,
) -> Result<bool> {
    let client = Client::new(url)?;
    client.ready().await?;
    let (policy_text, policy) = client.policy().await?;
    let signer = TokenSigner::from_seed(*keys.token_seed(), config.exchange.code.clone());
    let ids = Ids::new(run.run_seed, run.started_at);
    let client = client.trusting(policy);
    let desk = Desk::new(client, signer, config.exchange.code.clone(), ids, run.seed.is_some());
    let operator = desk.first_operator()?;
    let (files, sample) = if args.files.is_empty() {
        let market = Market::load()?;
        let plan = plan(&market, run.run_seed).context("the sample's plan")?;
        (Played::default(), Some(play::sample::play(&desk, &market, &plan).await?))
    } else {
        (play::files(&operator, &desk.ids, &args.files).await?, None)
    };
    let figures = Figures::read(&operator).await?;
    let trial = node.store().trial_balance().await?;
    let counts = node.store().counts().await?;
    println!("\n{}", files.render(&figures));
    print!("{}", summary::stages(&counts));
    print!("{}", summary::money(&figures)?);
    print!("{}", summary::trial(&trial));
    if let Some(sample) = sample {
        print!("{}", summary::settlement(&operator, &sample, &args.data.join("statements")).await?);
    }
    print!("{}", summary::certificates(&operator, &policy_text, &args.data.join("certificates")).await?);
    println!("Height 区块高度 {}   Checkpoint 检查点", node.published().height);
    print!("{}", operator.checkpoint().await?);
    Ok(files.holds(&figures) && trial.holds())
}
