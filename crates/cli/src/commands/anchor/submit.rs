//! `anchor submit`: what the gathered signatures are for, on the chain and then in the ledger.

use super::{key, patience, reach, text};
use crate::{
    args::{anchor::SubmitArgs, settle::NodeArgs},
    settle::Session,
};
use anyhow::{Context as _, Result};
use databourse_anchor::{AnchorSignature, Anchored, Signed, gather};
use databourse_client::ClientError;
use databourse_exchange::{Clock, Entropy};
use databourse_market::Command;
use databourse_party::{AnchorSubject, RecordAnchor};
use databourse_primitives::{ChainAddress, ChainHash, Digest, TreeSize};

pub(super) async fn submit(args: &SubmitArgs) -> Result<()> {
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
