//! `anchor`: checkpoints and statements on a public chain.

mod sign;
mod status;
mod submit;

use crate::{
    args::anchor::{AnchorArgs, AnchorCommand, ChainArgs, DeployArgs, PayArgs},
    commands::key::write_secret,
    settle::write_whole,
};
use anyhow::{Context as _, Result, ensure};
use databourse_anchor::{Anchor, AnchorFile, AnchorKey, AnchorLog, Chain, KeySet, Patience};
use databourse_exchange::Entropy;
use databourse_statement::{Statement, read_json};
use std::{path::Path, process::ExitCode, time::Duration};

const HEADING: &str =
    "# A private key on secp256k1 for the anchor contracts. Whoever has it signs as its owner.";

pub(crate) async fn run(args: AnchorArgs) -> Result<ExitCode> {
    match args.command {
        AnchorCommand::Key { out } => new_key(&out)?,
        AnchorCommand::Deploy(args) => deploy(&args).await?,
        AnchorCommand::Sign(args) => sign::sign(&args)?,
        AnchorCommand::Submit(args) => submit::submit(&args).await?,
        AnchorCommand::Status(args) => return status::status(&args).await,
        AnchorCommand::Statement(args) => sign::sign_statement(&args)?,
        AnchorCommand::Prove(args) => return status::prove(&args).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn new_key(out: &Path) -> Result<()> {
    let seed = Entropy::Os.bytes("anchor key").context("the system has no randomness")?;
    let key = AnchorKey::from_seed(&seed).context("the system's randomness is no key")?;
    write_secret(out, HEADING, &key.secret_text())?;
    println!("address 地址  {}", key.address());
    println!("private key 私钥  {} (mode 600; keep a copy where you keep secrets)", out.display());
    Ok(())
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn key(file: &Path) -> Result<AnchorKey> {
    let text = zeroize::Zeroizing::new(text(file)?);
    AnchorKey::parse(&text)
        .with_context(|| format!("{} is not a key: expected 64 hexadecimal digits", file.display()))
}

fn anchor_file(file: &Path) -> Result<AnchorFile> {
    AnchorFile::parse(&text(file)?).with_context(|| format!("{}", file.display()))
}

const fn patience(args: &PayArgs) -> Patience {
    Patience {
        confirmations: args.confirmations,
        poll: Duration::from_millis(args.poll_ms),
        timeout: Duration::from_secs(args.timeout_seconds),
    }
}

/// A statement as `settle statement --format json` writes it.
fn statement(file: &Path) -> Result<Statement> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    read_json(&bytes).map_err(|refusal| anyhow::anyhow!("{}: {refusal}", file.display()))
}

/// The contracts of `file` on the chain of the node that was named.
async fn reach(file: &Path, chain: &ChainArgs) -> Result<Anchor> {
    let file = anchor_file(file)?;
    Ok(Anchor::new(Chain::connect(&chain.rpc).await?, file)?)
}

async fn deploy(args: &DeployArgs) -> Result<()> {
    let payer = key(&args.pay.payer)?;
    let log =
        AnchorLog { origin: args.origin.clone(), founding: KeySet::new(args.key.clone(), args.quorum)? };
    let chain = Chain::connect(&args.pay.chain.rpc).await?;
    // Written before anything is sent: whoever loses the answer types the same again.
    let file = if args.out.exists() {
        let file = anchor_file(&args.out)?;
        ensure!(file.log == log, "{} is of another ledger, or has other keys", args.out.display());
        ensure!(file.deployer == payer.address(), "{} was begun by {}", args.out.display(), file.deployer);
        file
    } else {
        let nonce = chain.nonce(payer.address()).await?;
        let file = AnchorFile::planned(chain.id(), payer.address(), nonce, chain.height().await?, log);
        write_whole(&args.out, file.to_text()?.as_bytes())?;
        file
    };
    let anchor = Anchor::new(chain, file)?;
    anchor.deploy(&payer, patience(&args.pay)).await?;
    let file = anchor.file();
    println!("chain 链  {}", file.chain_id);
    println!("checkpoints 检查点合约  {}", file.checkpoint_anchor);
    println!("statements 结算单合约  {}", file.statement_anchor);
    println!("log 账本  {}  {}", file.log.id(), file.log.origin);
    println!("written 已写入  {} (no secret in it: give it to every exchange)", args.out.display());
    Ok(())
}
