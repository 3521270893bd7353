//! `region`: several exchanges that keep one ledger.

use crate::{
    args::region::{
        CardArgs, GenesisArgs, InitArgs, MemberArgs, NodeConfigArgs, PurposeArg, RegionCommand, StatusArgs,
        UpArgs,
    },
    config::Config,
    region::{
        card::Card,
        closing,
        genesis::Genesis,
        init::{self, Wanted},
        layout::{Layout, NodeFolder, NodeSetting},
        member::{self, Wish},
        proposals::render as render_proposals,
        snapshot,
        table::{Row, Seen, render},
        up::{self, Up},
    },
};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use databourse_client::Client;
use databourse_exchange::{Entropy, NodeKeys};
use databourse_party::KeyPurpose;
use databourse_primitives::{BilingualText, ExchangeCode};
use std::{process::ExitCode, time::Duration};

pub(crate) async fn run(command: RegionCommand) -> Result<ExitCode> {
    match command {
        RegionCommand::Init(args) => init(&args)?,
        RegionCommand::Up(args) => return up(&args).await,
        RegionCommand::Status(args) => return status(&args).await,
        RegionCommand::Card(args) => card(args)?,
        RegionCommand::Genesis(args) => genesis(&args)?,
        RegionCommand::Config(args) => config(&args)?,
        RegionCommand::Join { card, by } => match Card::read_all(&[card])?.as_slice() {
            [card] => {
                member(&by, "proposed 已提议", |config| Wish::join(&config.origin()?, card)).await?;
            }
            _ => bail!("one card"),
        },
        RegionCommand::Leave { successor, by, .. } => {
            let wish = |config: &Config| {
                let own = &config.exchange.code;
                successor.as_ref().map_or_else(|| Wish::depart(own), |successor| Wish::leave(own, successor))
            };
            member(&by, "recorded 已记录", wish).await?;
        }
        RegionCommand::ReplaceKeys { new, purpose, by } => {
            let new = NodeKeys::load(&new)?;
            let purposes = purpose.into_iter().map(purpose_of).collect();
            let wish = |config: &Config| {
                Wish::replace_keys(&config.origin()?, &config.exchange.code, &new, &purposes)
            };
            member(&by, "proposed 已提议", wish).await?;
        }
        RegionCommand::Suspend { exchange, reason, by } => {
            member(&by, "proposed 已提议", |_| Wish::suspend(&exchange, &reason)).await?;
        }
        RegionCommand::Reinstate { exchange, by } => {
            member(&by, "proposed 已提议", |_| Wish::reinstate(&exchange)).await?;
        }
        RegionCommand::Close { successor: Some(successor), reason: Some(reason), by, .. } => {
            let wish = |config: &Config| Wish::close(&config.exchange.code, &successor, &reason);
            member(&by, "proposed 已提议", wish).await?;
        }
        RegionCommand::Close { by, .. } => closing::end(&by).await?,
        RegionCommand::Succeed { url, policy } => closing::succeed(&url, &policy).await?,
        RegionCommand::Proposals { open, json, by } => proposals(&by, open, json).await?,
        RegionCommand::Snapshot { command } => return snapshot::run(command).await,
        RegionCommand::Vote { proposal: None, by, .. } => proposals(&by, true, false).await?,
        RegionCommand::Vote { proposal: Some(proposal), approve, by, .. } => {
            member(&by, "voted 已表决", |_| Wish::vote(proposal, approve)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(args: &InitArgs) -> Wanted<'_> {
    Wanted { exchanges: args.exchanges.as_deref(), folder: &args.folder, base_port: args.base_port }
}

fn init(args: &InitArgs) -> Result<()> {
    let layout = init::ensure_region(&wanted(args))?;
    for code in &layout.codes {
        println!("{:<8} databourse serve --config {}", code.as_str(), layout.node(code).config().display());
    }
    let genesis = layout.genesis();
    println!("genesis  {}  {}", Genesis::read(&genesis)?.digest()?, genesis.display());
    println!("all at once: databourse region up --folder {}", layout.folder.display());
    Ok(())
}

async fn up(args: &UpArgs) -> Result<ExitCode> {
    let trading = args.seconds.map(Duration::from_secs).or(args.exit.then_some(Duration::ZERO));
    up::run(&Up { wanted: wanted(&args.region), seed: args.seed, trading, restart: args.restart }).await
}

/// Exit code 2 if a node needs somebody.
async fn status(args: &StatusArgs) -> Result<ExitCode> {
    let nodes: Vec<(Option<ExchangeCode>, String)> = if args.url.is_empty() {
        let layout = Layout::find(&args.folder)?;
        let layout = layout.with_context(|| {
            format!("{} holds no region; name its --folder, or a node with --url", args.folder.display())
        })?;
        let url = |code: &ExchangeCode| {
            let config = Config::of_file(&layout.node(code).config())?;
            Ok((Some(code.clone()), format!("http://{}", config.http.listen)))
        };
        layout.codes.iter().map(url).collect::<Result<_>>()?
    } else {
        args.url.iter().map(|url| (None, url.clone())).collect()
    };
    let asked = nodes.iter().map(async |(code, url)| {
        let seen = match Client::new(url)?.region_health().await {
            Ok(health) => Seen::Health(Box::new(health)),
            Err(error) => Seen::Unreachable(format!("{:#}", anyhow!(error))),
        };
        let exchange = match (code, &seen) {
            (Some(code), _) => code.clone(),
            (None, Seen::Health(health)) => health.exchange.clone(),
            (None, _) => "unknown".parse()?,
        };
        anyhow::Ok(Row { exchange, seen, purchase_tenths_per_second: None })
    });
    let rows = futures::future::try_join_all(asked).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        print!("{}", render(&rows));
    }
    Ok(if rows.iter().all(Row::is_well) { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn card(args: CardArgs) -> Result<()> {
    super::make_folder_of(&args.keys)?;
    let keys = NodeKeys::load_or_generate(&args.keys, &Entropy::Os)?;
    let name = BilingualText::new(Some(&args.name_zh), Some(&args.name_en));
    let name = name.map_err(|error| anyhow!("a name: {error}"))?;
    let origin = args.origin.map_or_else(|| Ok(Config::defaults()?.region.origin), anyhow::Ok)?;
    print!("{}", Card::of(&keys, &origin, args.exchange, name, args.address)?.to_text()?);
    Ok(())
}

fn genesis(args: &GenesisArgs) -> Result<()> {
    let config = match &args.config {
        Some(file) => Config::of_file(file)?,
        None => Config::defaults()?,
    };
    let genesis = Genesis::new(&config.region, &Card::read_all(&args.cards)?)?;
    print!("{}", genesis.to_text()?);
    eprintln!("compare with the other exchanges before anybody starts: {}", genesis.digest()?);
    Ok(())
}

fn config(args: &NodeConfigArgs) -> Result<()> {
    let cards = Card::read_all(&args.cards)?;
    let own = cards.iter().find(|card| card.code == args.exchange);
    let card = own.with_context(|| format!("none of the cards is of `{}`", args.exchange))?;
    ensure!(
        args.folder.is_absolute(),
        "--folder is to be a path from the root, for the configuration is read from anywhere"
    );
    let folder = NodeFolder(args.folder.clone());
    if folder.genesis().exists() {
        let genesis = Genesis::read(&folder.genesis())?;
        for card in &cards {
            if !genesis.has(card)? {
                eprintln!("`{}` did not found the region: it joins, or has joined, by a vote", card.code);
            }
        }
    }
    let setting = NodeSetting {
        card,
        peers: cards.iter().filter(|other| other.code != card.code).collect(),
        folder: &folder,
        listen: args.listen.clone().unwrap_or_else(|| card.address.listening()),
        http: args.http,
        sign_in: None,
    };
    print!("{}", setting.to_toml());
    Ok(())
}

/// Signs, posts, and says where it was recorded.
async fn member(by: &MemberArgs, done: &str, wish: impl FnOnce(&Config) -> Result<Wish>) -> Result<()> {
    let config = Config::load(by.config.config.as_deref())?;
    let recorded = member::send(&config, by.url.as_deref(), &wish(&config)?).await?;
    println!("{done}  {}  {} at leaf 叶 {}", recorded.entry_type, recorded.id, recorded.leaf_index);
    Ok(())
}

async fn proposals(by: &MemberArgs, only_open: bool, json: bool) -> Result<()> {
    let config = Config::load(by.config.config.as_deref())?;
    let found = member::proposals(&config, by.url.as_deref(), only_open).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", render_proposals(&found));
    }
    Ok(())
}

const fn purpose_of(purpose: PurposeArg) -> KeyPurpose {
    match purpose {
        PurposeArg::Entry => KeyPurpose::Entry,
        PurposeArg::Checkpoint => KeyPurpose::Checkpoint,
        PurposeArg::Cosignature => KeyPurpose::Cosignature,
        PurposeArg::Consensus => KeyPurpose::Consensus,
    }
}
