//! `anchor status` and `anchor prove`: what the chain says.

use super::{reach, statement};
use crate::{
    args::anchor::{ChainArgs, ProveArgs, StatusArgs},
    settle::write_whole,
};
use anyhow::Result;
use databourse_anchor::{Anchor, AnchoredStatement, B256, StatementTree};
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

/// Whether everything that the ledger records for these contracts is on the chain as it is recorded.
async fn compare(anchor: &Anchor, client: &Client) -> Result<bool> {
    let recorded: Vec<RecordedAnchor> = client.list("/v1/anchors").await?;
    let file = anchor.file();
    let [checkpoints, statements] = [file.checkpoint_anchor, file.statement_anchor]
        .map(|contract| ChainAddress::from_bytes(contract.into_array()));
    let (mut checkpoint_count, mut statement_count, mut differing_count) = (0_usize, 0_usize, 0_usize);
    for record in recorded.iter().filter(|record| record.chain_id == file.chain_id) {
        let (what, is_there, found) = match &record.subject {
            AnchorSubject::Checkpoint { size, root } if record.contract == checkpoints => {
                checkpoint_count += 1;
                let found = anchor.root_of(size.0).await?;
                let is_there = found == Some(B256::from(*root.as_bytes()));
                (format!("size {size}, root {root}"), is_there, found.map(|root| root.to_string()))
            }
            AnchorSubject::Statement { window, holder, line_count, root, size }
                if record.contract == statements =>
            {
                statement_count += 1;
                let found = anchor.statement_of(&window.to_string(), &holder.to_string()).await?;
                let expected = AnchoredStatement {
                    root: B256::from(*root.as_bytes()),
                    line_count: *line_count,
                    checkpoint_size: size.0,
                };
                let what = format!("{window} {holder}: {expected}");
                (what, found == Some(expected), found.map(|found| found.to_string()))
            }
            _ => continue,
        };
        if !is_there {
            differing_count += 1;
            let found = found.as_deref().unwrap_or("nothing");
            println!("DIFFERS 不符  entry {}: {what}; the chain has {found}", record.id);
        }
    }
    println!(
        "recorded 已记录  {checkpoint_count} checkpoints, {statement_count} statements; {differing_count} of them not on \
         the chain as recorded"
    );
    Ok(differing_count == 0)
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
