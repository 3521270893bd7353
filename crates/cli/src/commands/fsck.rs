//! `fsck`: whether database and files are what follows from the ledger's entries.

use super::export::must_exist;
use crate::{args::fsck::FsckArgs, config::Config, database::Database};
use anyhow::Result;
use databourse_exchange::{KeyFileError, NodeKeys, sealed_key_id};
use databourse_fsck::{Check, KeyFile, OwnKeys, Report};
use databourse_ledger::{NoteKeyType, VerifierKey};
use databourse_party::KeyPurpose;
use databourse_primitives::PartyId;
use std::{fmt::Write as _, process::ExitCode};

/// What the program answers when something differs, as for every other finding.
const FOUND: u8 = 2;

pub(crate) async fn run(args: FsckArgs) -> ExitCode {
    let report = match check(&args).await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print!("{}", told(&report));
    }
    if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) }
}

async fn check(args: &FsckArgs) -> Result<Report> {
    let config = Config::load(args.config.config.as_deref())?;
    must_exist(&config.database)?;
    let keys = key_file(&config)?;
    let database = Database::open(&config.database).await?;
    let check = Check {
        database: database.config.clone(),
        exchange: config.exchange.code.clone(),
        is_region: config.region.has_genesis(),
        keys,
        snapshot_folder: Some(config.snapshot_folder()),
    };
    let checked = check.run().await;
    database.close().await?;
    Ok(checked?)
}

/// The key file, which is never made here.
fn key_file(config: &Config) -> Result<KeyFile> {
    let path = &config.node.key_file;
    let file = path.display().to_string();
    if !path.exists() {
        eprintln!("there is no key file {file}: keys in custody are not opened");
        return Ok(KeyFile::Absent);
    }
    let keys = match NodeKeys::load(path) {
        Ok(keys) => keys,
        Err(KeyFileError::Malformed { expected, .. }) => return Ok(KeyFile::Unusable { file, expected }),
        Err(error) => return Err(error.into()),
    };
    let origin = config.origin()?;
    let (log, witness) = (keys.checkpoint_key().public_key(), keys.cosignature_key().public_key());
    let named = [
        (KeyPurpose::Entry, keys.entry_key().public_key()),
        (KeyPurpose::Checkpoint, log),
        (KeyPurpose::Cosignature, witness),
        (KeyPurpose::Consensus, keys.consensus_key().public_key()),
    ];
    let name = format!("{origin}/{}", config.exchange.code);
    Ok(KeyFile::Read(OwnKeys {
        file,
        keys: named.into(),
        checkpoint_keys: vec![
            VerifierKey::new(origin.as_str(), NoteKeyType::Ed25519, log)?,
            VerifierKey::new(name, NoteKeyType::CosignatureV1, witness)?,
        ],
        custodian: Box::new(move |party: PartyId, sealed: &[u8]| sealed_key_id(&keys, party, sealed)),
    }))
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    for found in &report.differences {
        let _ = writeln!(text, "{}", found.difference);
    }
    for sum in &report.money {
        let _ = writeln!(text, "money 账目: {sum}");
    }
    let (height, entries, rows, files) =
        (report.height, report.entry_count, report.row_count, report.file_count);
    let _ = writeln!(
        text,
        "read 已读  height 高度 {height}, {entries} entries 条目, {rows} rows 行, {files} files 文件"
    );
    if !report.is_complete {
        let _ = writeln!(
            text,
            "not executed to its end 未执行至末尾: what follows from later entries was not compared"
        );
    }
    for left_out in report.not_covered {
        let _ = writeln!(text, "not compared 未核对  {}: {}", left_out.what, left_out.why);
    }
    let count = report.differences.len() + report.money.len();
    let _ = match count {
        0 => writeln!(text, "SOUND 一致"),
        1 => writeln!(text, "1 difference 处不一致"),
        _ => writeln!(text, "{count} differences 处不一致"),
    };
    text
}
