//! `anchor sign` and `anchor statement`: what one exchange signs, if its policy trusts it.

use super::{anchor_file, key, statement, text};
use crate::{
    args::anchor::{SignArgs, StatementArgs},
    settle::write_whole,
};
use anyhow::{Context as _, Result, bail, ensure};
use databourse_anchor::{AnchorFile, AnchorSignature, B256, KeySet, Signed, StatementTree};
use databourse_ledger::{Checkpoint, Policy, SignedCheckpoint};
use std::path::Path;

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

pub(super) fn sign(args: &SignArgs) -> Result<()> {
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

pub(super) fn sign_statement(args: &StatementArgs) -> Result<()> {
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
