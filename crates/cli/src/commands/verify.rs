//! `verify`: certificates, receipts and checkpoints, offline.

use crate::{
    args::VerifyArgs,
    commands::certificate::{parse, read},
};
use anyhow::{Context as _, Result, bail};
use databourse_ledger::{
    CertificateFile, Policy, PolicyHistory, PolicyVerdict, Receipt, ReceiptError, SignedCheckpoint,
    VerifyError, verify_receipt,
};
use databourse_market::IssueCertificate;
use databourse_primitives::{Timestamp, TreeSize};
use std::{fmt::Write as _, process::ExitCode};

/// Prints what `file` proves; exit code 1 with the stable code if it does not hold.
pub(crate) fn run(args: &VerifyArgs) -> Result<ExitCode> {
    let bytes = read(&args.file)?;
    let policy_file = match &args.policy {
        Some(file) => file.clone(),
        None => {
            let beside = args.file.with_file_name("policy.txt");
            if !beside.exists() {
                bail!(
                    "whom should be trusted? There is no {}; name a policy with --policy FILE, \
                     for instance the exchange's: curl -s http://HOST/v1/policy > policy.txt",
                    beside.display()
                );
            }
            beside
        }
    };
    let policy = String::from_utf8(read(&policy_file)?).context("the policy is not UTF-8")?;
    let (policy, period) =
        policy_for(&bytes, &policy).with_context(|| format!("{}", policy_file.display()))?;
    let entry = args.entry.as_deref().map(read).transpose()?;
    match judge(&bytes, entry.as_deref(), &policy)? {
        Ok(facts) => {
            println!("VALID 有效  {}", args.file.display());
            print!("{facts}");
            println!("trusted by 信任依据  {}{period}", policy_file.display());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("INVALID 无效  {}", args.file.display());
            println!("code 代码  {}", error.code());
            println!("reason 原因  {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The policy of the file's text, or of the period of a history that the checkpoint in `bytes` is of, and which that is.
fn policy_for(bytes: &[u8], text: &str) -> Result<(Policy, String)> {
    if !text.trim_ascii_start().starts_with('[') {
        return Ok((text.parse()?, String::new()));
    }
    let history: PolicyHistory = text.parse()?;
    // What cannot be read is refused with its code by whatever policy judges it.
    let size = size_of(bytes).unwrap_or(TreeSize(u64::MAX));
    let period = history.periods().iter().rev().find(|period| period.above_size < size);
    let period = period.context("the history says nothing of the empty tree")?;
    let which = format!(", for sizes above 适用于大于 {} leaves 叶", period.above_size);
    Ok((period.policy.clone(), which))
}

/// Number of leaves under the checkpoint in a certificate, a receipt or by itself.
fn size_of(bytes: &[u8]) -> Option<TreeSize> {
    let checkpoint = if is_certificate(bytes) {
        parse(bytes).ok()?.receipt.checkpoint
    } else if bytes.starts_with(b"c2sp.org/tlog-proof@") {
        Receipt::parse(bytes).ok()?.checkpoint
    } else {
        SignedCheckpoint::parse(bytes).ok()?
    };
    Some(checkpoint.checkpoint.size)
}

/// Whether it is a certificate, as a file or as the digits of a code.
fn is_certificate(bytes: &[u8]) -> bool {
    let is_code = str::from_utf8(bytes).is_ok_and(|text| CertificateFile::compact_in(text).is_some());
    is_code || bytes.trim_ascii_start().starts_with(b"{")
}

/// What the bytes prove, in words, or why they prove nothing.
fn judge(bytes: &[u8], entry: Option<&[u8]>, policy: &Policy) -> Result<Result<String, VerifyError>> {
    if is_certificate(bytes) {
        return Ok(certificate(bytes, policy));
    }
    if bytes.starts_with(b"c2sp.org/tlog-proof@") {
        let Some(entry) = entry else { bail!("a receipt proves an entry: name it with --entry FILE") };
        return Ok(receipt(bytes, entry.trim_ascii_end(), policy));
    }
    Ok(checkpoint(bytes, policy))
}

fn certificate(bytes: &[u8], policy: &Policy) -> Result<String, VerifyError> {
    let verified = parse(bytes)?.verify(policy)?;
    let mut text = "kind 类型  certificate of a completed trade 交易凭证\n".to_owned();
    if let Ok(issue) = serde_json::from_str::<IssueCertificate>(verified.claims.body.get()) {
        let facts = &issue.facts;
        line(&mut text, "number 凭证编号", &issue.number);
        line(&mut text, "order 订单", &issue.order);
        let name = &facts.buyer_name;
        let names: Vec<&str> = [name.zh(), name.en()].into_iter().flatten().collect();
        line(&mut text, "buyer 需方", &format!("{} ({})", names.join(" / "), facts.buyer));
        let total = facts.asset.render(facts.total_minor.get());
        line(&mut text, "paid 已付", &format!("{total} {} (tax inclusive 含税)", facts.asset.code()));
        line(&mut text, "lines 明细行", &facts.line_count);
        for item in &facts.lines {
            let gross = facts.asset.render(item.gross_minor.get());
            let words = format!(
                "{} × product {} r{} for {}: {gross}, until {}",
                item.quantity.get(),
                item.product,
                item.revision,
                item.purpose,
                item.ends_at
            );
            line(&mut text, &format!("  {}", item.line), &words);
        }
        line(&mut text, "placed 下单时间", &facts.placed_at);
        line(&mut text, "completed 完成时间", &facts.completed_at);
    } else {
        line(&mut text, "entry type 条目类型", &verified.claims.entry_type);
    }
    line(&mut text, "entry 条目", &format!("{} at leaf 叶 {}", verified.claims.id, verified.leaf_index));
    line(&mut text, "ledger 账本", &verified.checkpoint.origin);
    line(&mut text, "tree 树", &format!("{} leaves 叶", verified.checkpoint.size));
    signers(&mut text, &PolicyVerdict { logs: verified.logs, witnesses: verified.signers });
    Ok(text)
}

fn receipt(bytes: &[u8], entry: &[u8], policy: &Policy) -> Result<String, VerifyError> {
    let receipt = Receipt::parse(bytes).map_err(VerifyError::Receipt)?;
    let verdict = verify_receipt(entry, &receipt, policy)?;
    let mut text = "kind 类型  receipt of an entry 条目回执\n".to_owned();
    line(&mut text, "leaf 叶", &receipt.index);
    head(&mut text, &receipt.checkpoint);
    signers(&mut text, &verdict);
    Ok(text)
}

fn checkpoint(bytes: &[u8], policy: &Policy) -> Result<String, VerifyError> {
    let malformed = |error| VerifyError::Receipt(ReceiptError::Checkpoint(error));
    let signed = SignedCheckpoint::parse(bytes).map_err(malformed)?;
    let untrusted = |error| VerifyError::Receipt(ReceiptError::Untrusted(error));
    let verdict = policy.check(&signed).map_err(untrusted)?;
    let mut text = "kind 类型  signed checkpoint 已签检查点\n".to_owned();
    head(&mut text, &signed);
    signers(&mut text, &verdict);
    Ok(text)
}

fn head(text: &mut String, signed: &SignedCheckpoint) {
    line(text, "ledger 账本", &signed.checkpoint.origin);
    line(text, "tree 树", &format!("{} leaves 叶", signed.checkpoint.size));
    let text_of = signed.checkpoint.to_string();
    line(text, "root 根", &text_of.lines().nth(2).unwrap_or_default());
}

fn signers(text: &mut String, verdict: &PolicyVerdict) {
    line(text, "signed by 签名", &format!("{} key(s) of the log 日志密钥", verdict.logs.len()));
    for witness in &verdict.witnesses {
        let at = witness.signature.time_s.and_then(|time_s| i64::try_from(time_s).ok());
        let at = at.map(|time_s| Timestamp::from_unix_ms(time_s.saturating_mul(1000)).to_string());
        line(text, "cosigned by 联签", &format!("{} {}", witness.name, at.unwrap_or_default()));
    }
}

fn line(text: &mut String, name: &str, value: &dyn std::fmt::Display) {
    // Writing into a string does not fail.
    let _ = writeln!(text, "{name}  {value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_ledger::{
        Checkpoint, NoteKeyType, NoteSigner, PolicyLog, PolicyPeriod, Quorum, SigningKey,
    };
    use databourse_merkle::EMPTY_ROOT;
    use databourse_primitives::TreeSize;

    fn signed(seed: u8) -> (Policy, String) {
        let key = SigningKey::from_seed([seed; 32]);
        let signer = NoteSigner::new("example.com/log", NoteKeyType::Ed25519, key).unwrap();
        let log = PolicyLog { key: signer.verifier_key().clone(), url: None };
        let policy = Policy::new(vec![log], Vec::new(), Vec::new(), Quorum::None).unwrap();
        let checkpoint =
            Checkpoint { origin: "example.com/log".to_owned(), size: TreeSize(0), root: EMPTY_ROOT };
        (policy, checkpoint.sign(&signer).unwrap().to_string())
    }

    #[test]
    fn a_history_judges_by_the_keys_of_then() {
        let signed = |seed, size| {
            let (policy, _) = signed(seed);
            let key = SigningKey::from_seed([seed; 32]);
            let signer = NoteSigner::new("example.com/log", NoteKeyType::Ed25519, key).unwrap();
            let root = databourse_merkle::leaf_hash(b"");
            let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: TreeSize(size), root };
            (policy, checkpoint.sign(&signer).unwrap().to_string())
        };
        let period = |above, seed| PolicyPeriod { above_size: TreeSize(above), policy: signed(seed, 1).0 };
        let history = PolicyHistory::new(vec![period(0, 1), period(5, 2)]).unwrap().to_string();
        let holds = |seed, size| {
            let text = signed(seed, size).1;
            let (policy, _) = policy_for(text.as_bytes(), &history).unwrap();
            judge(text.as_bytes(), None, &policy).unwrap().is_ok()
        };
        assert!(holds(1, 5) && holds(2, 6));
        assert!(!holds(1, 6) && !holds(2, 5));
        assert!(policy_for(b"", &history).unwrap().1.contains("above 适用于大于 5"));
    }

    #[test]
    fn a_checkpoint_is_recognised_and_judged() {
        let (policy, text) = signed(1);
        assert!(judge(text.as_bytes(), None, &policy).unwrap().unwrap().contains("0 leaves"));
        let (other, _) = signed(2);
        let code = |bytes: &[u8], policy| judge(bytes, None, policy).unwrap().unwrap_err().code();
        assert_eq!(code(text.as_bytes(), &other), "checkpoint.log_signature_missing");
        assert_eq!(code(&text.as_bytes()[..40], &policy), "checkpoint.malformed");
        assert_eq!(code(b"{}", &policy), "certificate.malformed");
        assert_eq!(code(b"012345\n", &policy), "certificate.malformed");
        assert!(judge(b"c2sp.org/tlog-proof@v1\n", None, &policy).is_err(), "a receipt needs its entry");
        assert!(judge(b"c2sp.org/tlog-proof@v1\n", Some(b"x"), &policy).unwrap().is_err());
    }
}
