//! `anchor`: checkpoints and statements on a public chain.

use crate::{
    args::{
        anchor::{
            AnchorArgs, AnchorCommand, ChainArgs, DeployArgs, PayArgs, ProveArgs, SignArgs, StatementArgs,
            StatusArgs, SubmitArgs,
        },
        settle::NodeArgs,
    },
    settle::{Session, write_whole},
};
use anyhow::{Context as _, Result, bail, ensure};
use databourse_anchor::{
    Anchor, AnchorFile, AnchorKey, AnchorLog, AnchorSignature, Anchored, B256, Chain, KeySet, Patience,
    Signed, StatementTree, gather,
};
use databourse_client::{Client, ClientError};
use databourse_exchange::{Clock, Entropy};
use databourse_ledger::{Checkpoint, Policy, SignedCheckpoint};
use databourse_market::Command;
use databourse_party::{Anchor as RecordedAnchor, AnchorSubject, RecordAnchor};
use databourse_primitives::{ChainAddress, ChainHash, Digest, TreeSize};
use databourse_statement::{Statement, read_json};
use std::{
    fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path, process::ExitCode,
    time::Duration,
};

const HEADING: &str =
    "# A private key on secp256k1 for the anchor contracts. Whoever has it signs as its owner.";

pub(crate) async fn run(args: AnchorArgs) -> Result<ExitCode> {
    match args.command {
        AnchorCommand::Key { out } => new_key(&out)?,
        AnchorCommand::Deploy(args) => deploy(&args).await?,
        AnchorCommand::Sign(args) => sign(&args)?,
        AnchorCommand::Submit(args) => submit(&args).await?,
        AnchorCommand::Status(args) => return status(&args).await,
        AnchorCommand::Statement(args) => sign_statement(&args)?,
        AnchorCommand::Prove(args) => return prove(&args).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn new_key(out: &Path) -> Result<()> {
    let seed = Entropy::Os.bytes("anchor key").context("the system has no randomness")?;
    let key = AnchorKey::from_seed(&seed).context("the system's randomness is no key")?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("{} cannot be made (a key is never overwritten)", out.display()))?;
    writeln!(file, "{HEADING}\n{}", *key.secret_text())?;
    file.sync_all()?;
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

/// A checkpoint of the contracts' ledger that the policy trusts.
fn trusted(checkpoint: &Path, policy: &Path, file: &AnchorFile) -> Result<Checkpoint> {
    let signed = SignedCheckpoint::parse(text(checkpoint)?.as_bytes())
        .with_context(|| format!("{}", checkpoint.display()))?;
    let policy: Policy = text(policy)?.parse().with_context(|| format!("{}", policy.display()))?;
    policy.check(&signed).context("the checkpoint is not final for this policy: nothing was signed")?;
    let origin = &signed.checkpoint.origin;
    ensure!(
        *origin == file.log.origin,
        "the checkpoint is of {origin}, the contracts keep {}",
        file.log.origin
    );
    Ok(signed.checkpoint)
}

fn write_signature(key: &Path, file: &AnchorFile, signed: Signed, out: &Path) -> Result<()> {
    let signature = AnchorSignature::sign(&self::key(key)?, file, signed)?;
    write_whole(out, signature.to_text()?.as_bytes())?;
    println!("signed 已签署  {} by {}", out.display(), signature.signer);
    Ok(())
}

fn sign(args: &SignArgs) -> Result<()> {
    let file = anchor_file(&args.file.file)?;
    let signed = match (&args.checkpoint, args.keys_version) {
        (Some(checkpoint), _) => {
            let checkpoint = trusted(checkpoint, &args.trust.policy, &file)?;
            ensure!(checkpoint.size.0 > 0, "an empty ledger is not anchored");
            Signed::checkpoint(&checkpoint)
        }
        (None, Some(version)) => {
            Signed::Keys { version, keys: KeySet::new(args.new_key.clone(), args.quorum)? }
        }
        (None, None) => bail!("what is to be signed? Name --checkpoint, or --new-key and --keys-version"),
    };
    write_signature(&args.key, &file, signed, &args.out)
}

fn statement(file: &Path) -> Result<Statement> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    read_json(&bytes).map_err(|refusal| anyhow::anyhow!("{}: {refusal}", file.display()))
}

fn sign_statement(args: &StatementArgs) -> Result<()> {
    let file = anchor_file(&args.file.file)?;
    let statement = statement(&args.statement)?;
    let checkpoint = trusted(&args.checkpoint, &args.trust.policy, &file)?;
    let read_at = statement.parts().ledger_size;
    ensure!(
        read_at <= checkpoint.size,
        "the statement was read from {read_at} entries, the checkpoint has {}: take a later checkpoint",
        checkpoint.size
    );
    let tree = StatementTree::new(&statement)?;
    let of = tree.signed_with(checkpoint.size.0, B256::from(*checkpoint.root.as_bytes()));
    println!("statement 结算单  {} of {}: {} lines, root {}", of.window, of.holder, of.line_count, of.root);
    write_signature(&args.key, &file, Signed::Statement(of), &args.out)
}

async fn submit(args: &SubmitArgs) -> Result<()> {
    let read = |file| AnchorSignature::parse(&text(file)?).with_context(|| format!("{}", file.display()));
    let signatures: Vec<AnchorSignature> =
        args.signatures.iter().map(|file| read(file.as_path())).collect::<Result<_>>()?;
    let signed = signatures.first().context("no signature")?.signed.clone();
    let payer = key(&args.pay.payer)?;
    let anchor = reach(&args.file.file, &args.pay.chain).await?;
    let patience = patience(&args.pay);
    let (file, state) = (anchor.file(), anchor.state().await?);
    if let Signed::Keys { version, keys } = &signed {
        if *version == state.version {
            println!("keys 密钥  version {version} is in force already");
            return Ok(());
        }
        let gathered = gather(file, &state.keys, &signed, &signatures)?;
        anchor.change_keys(&payer, (*version, keys), &gathered, patience).await?;
        println!("keys 密钥  version {version}: {} keys, {} must sign", keys.keys().len(), keys.quorum());
        return Ok(());
    }
    // Who cannot record it is told before anything is paid.
    let session = if args.no_record { None } else { Some(Session::open(&args.node).await?) };
    let gathered = gather(file, &state.keys, &signed, &signatures)?;
    let (anchored, subject) = match &signed {
        Signed::Checkpoint { size, root } => {
            let anchored = anchor.submit_checkpoint(&payer, (*size, *root), &gathered, patience).await?;
            (anchored, AnchorSubject::Checkpoint { size: TreeSize(*size), root: Digest::from_bytes(root.0) })
        }
        Signed::Statement(of) => {
            let anchored = anchor.submit_statement(&payer, of, &gathered, patience).await?;
            let subject = AnchorSubject::Statement {
                window: of.window.parse()?,
                holder: of.holder.parse()?,
                line_count: of.line_count,
                root: ChainHash::from_bytes(of.root.0),
                size: TreeSize(of.checkpoint_size),
            };
            (anchored, subject)
        }
        Signed::Keys { .. } => return Ok(()),
    };
    let Anchored { contract, transaction, block } = anchored;
    println!("anchored 已锚定  transaction {transaction} in block {block} of chain {}", file.chain_id);
    let Some(session) = session else { return Ok(()) };
    let command = RecordAnchor {
        chain_id: file.chain_id,
        contract: ChainAddress::from_bytes(contract.into_array()),
        transaction: ChainHash::from_bytes(transaction.0),
        block_number: block,
        subject,
    };
    record(&session, command, &args.node).await
}

/// Makes the entry in the ledger, unless it was made before.
async fn record(session: &Session, command: RecordAnchor, node: &NodeArgs) -> Result<()> {
    let id = Entropy::Os.entry_id(Clock::System.now(), "").context("the system has no randomness")?;
    match session.client.submit(id, &Command::from(command)).await {
        Ok(done) => session.recorded("recorded 已记录", &done),
        Err(ClientError::Refused(problem)) if problem.code == "anchor.recorded" => {
            println!("recorded 已记录  before");
            Ok(())
        }
        Err(error) => Err(error).with_context(|| {
            format!("it is anchored, and not recorded at {}: type the same again", node.url)
        }),
    }
}

async fn status(args: &StatusArgs) -> Result<ExitCode> {
    let anchor = reach(&args.file.file, &args.chain).await?;
    let state = anchor.state().await?;
    println!("log 账本  {}  {}", anchor.file().log.id(), anchor.file().log.origin);
    println!("anchored 已锚定  size {}, root {}", state.size, state.root);
    println!("keys 密钥  version {}, {} of {}", state.version, state.keys.quorum(), state.keys.keys().len());
    let mut sound = true;
    if let Some((size, root, other)) = state.equivocation {
        println!("FROZEN 已冻结  two roots of size {size} were signed: {root} and {other}");
        sound = false;
    }
    if let Some(url) = &args.url {
        sound &= compare(&anchor, &Client::new(url)?).await?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Whether every checkpoint that the ledger records for this contract is on the chain.
async fn compare(anchor: &Anchor, client: &Client) -> Result<bool> {
    let recorded: Vec<RecordedAnchor> = client.list("/v1/anchors?kind=checkpoint").await?;
    let file = anchor.file();
    let contract = ChainAddress::from_bytes(file.checkpoint_anchor.into_array());
    let (mut count, mut differing) = (0_usize, 0_usize);
    for record in
        recorded.iter().filter(|record| (record.chain_id, record.contract) == (file.chain_id, contract))
    {
        let AnchorSubject::Checkpoint { size, root } = &record.subject else { continue };
        count += 1;
        let anchored = anchor.root_of(size.0).await?;
        if anchored != Some(B256::from(*root.as_bytes())) {
            differing += 1;
            let found = anchored.map_or_else(|| "nothing".to_owned(), |root| root.to_string());
            println!("DIFFERS 不符  entry {}: size {size}, root {root}; the chain has {found}", record.id);
        }
    }
    println!("recorded 已记录  {count} checkpoints, {differing} of them not on the chain as recorded");
    Ok(differing == 0)
}

/// Exit code 1 if the contract does not find the line.
async fn prove(args: &ProveArgs) -> Result<ExitCode> {
    let proof = StatementTree::new(&statement(&args.statement)?)?.prove(args.line)?;
    let text = format!("{}\n", serde_json::to_string_pretty(&proof)?);
    match &args.out {
        Some(out) => {
            write_whole(out, text.as_bytes())?;
            println!("proof 证明  {} of line {} under root {}", out.display(), args.line, proof.root);
        }
        None => print!("{text}"),
    }
    let Some(rpc) = &args.rpc else { return Ok(ExitCode::SUCCESS) };
    let anchor = reach(&args.file.file, &ChainArgs { rpc: rpc.clone() }).await?;
    if anchor.verify_line(&proof).await? {
        println!("VALID 有效  by contract {}", anchor.file().statement_anchor);
        return Ok(ExitCode::SUCCESS);
    }
    println!("INVALID 无效  by contract {}", anchor.file().statement_anchor);
    Ok(ExitCode::FAILURE)
}
