//! `anchor status` and `anchor prove`: what the chain says.

use super::{reach, statement};
use crate::{
    args::anchor::{ChainArgs, ProveArgs, StatusArgs},
    settle::write_whole,
};
use anyhow::Result;
use databourse_anchor::{Anchor, B256, StatementTree};
use databourse_client::Client;
use databourse_party::{Anchor as RecordedAnchor, AnchorSubject};
use databourse_primitives::ChainAddress;
use std::process::ExitCode;

pub(super) async fn status(args: &StatusArgs) -> Result<ExitCode> {
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
pub(super) async fn prove(args: &ProveArgs) -> Result<ExitCode> {
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
