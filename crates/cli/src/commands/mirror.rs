//! `mirror`: keeps a copy of a ledger in a folder, verified to the last byte.

use crate::{args::audit::MirrorArgs, audit};
use anyhow::Result;
use databourse_mirror::{LogError, Mirror, Round};
use serde_json::json;
use std::process::ExitCode;
use tracing::warn;

/// Exit code 0 when the folder holds what the source shows, 1 when that failed, 2 when the source contradicts what the
/// folder holds; the evidence is then in the folder.
pub(crate) async fn run(args: MirrorArgs) -> Result<ExitCode> {
    let policy = audit::policy(&args.trust.policy);
    let source = audit::source(&args.url, args.trust.token_file.as_deref());
    let (policy, source) = match policy.and_then(|policy| Ok((policy, source?))) {
        Ok(both) => both,
        Err(error) => return Ok(failed(&args, "arguments.invalid", &format!("{error:#}"), 1)),
    };
    let mirror = match Mirror::open(source, policy, &args.folder) {
        Ok(mirror) => mirror,
        Err(error) => return Ok(refused(&args, &error)),
    };
    loop {
        // Nothing has to be done at Ctrl-C: whatever is killed when, the folder holds a whole ledger.
        match mirror.round().await {
            Ok(round) => say(&args, &round),
            Err(error) if args.follow && error.is_passing() => warn!(code = error.code(), "{error}"),
            Err(error) => return Ok(refused(&args, &error)),
        }
        if !args.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(args.pause()).await;
    }
}

fn say(args: &MirrorArgs, round: &Round) {
    let Round { size_before, size, file_count } = round;
    if args.follow && size_before == size {
        return;
    }
    if args.json {
        println!("{}", json!({ "size_before": size_before, "size": size, "file_count": file_count }));
    } else {
        println!("{size} entries 条目 ({size_before} before 此前), {file_count} files written 已写文件");
    }
}

fn refused(args: &MirrorArgs, error: &LogError) -> ExitCode {
    let code = if matches!(error, LogError::Rewritten(_)) { 2 } else { 1 };
    failed(args, error.code(), &error.to_string(), code)
}

fn failed(args: &MirrorArgs, code: &str, reason: &str, exit: u8) -> ExitCode {
    if args.json {
        println!("{}", json!({ "code": code, "reason": reason }));
    }
    eprintln!("error: {code}: {reason}");
    ExitCode::from(exit)
}
