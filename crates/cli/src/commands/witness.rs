//! `witness`: a stand-alone witness of whatever logs.

use super::key;
use crate::args::witness::{
    WitnessArgs, WitnessCommand, WitnessEvidenceArgs, WitnessKeyCommand, WitnessServeArgs,
};
use anyhow::{Context as _, Result, anyhow};
use databourse_exchange::Clock;
use databourse_ledger::{ForeignCheckpoint, NoteKeyType, NoteSigner};
use databourse_witness::{LogList, RecordKind, Witness, WitnessConfig, read_evidence, serve};
use std::{collections::BTreeMap, path::Path, process::ExitCode, sync::Arc};
use tokio::{net::TcpListener, signal::unix};
use tracing::info;

/// Before the name in a key file.
const NAME: &str = "# name: ";

pub(crate) async fn run(args: WitnessArgs) -> Result<ExitCode> {
    match args.command {
        WitnessCommand::Serve(args) => run_witness(args).await.map(|()| ExitCode::SUCCESS),
        WitnessCommand::Key { command: WitnessKeyCommand::New { name, out } } => {
            new(&name, &out)?;
            Ok(ExitCode::SUCCESS)
        }
        WitnessCommand::Key { command: WitnessKeyCommand::Show { file } } => {
            show(&read(&file)?);
            Ok(ExitCode::SUCCESS)
        }
        WitnessCommand::Evidence(args) => evidence(&args),
    }
}

async fn run_witness(args: WitnessServeArgs) -> Result<()> {
    let signer = read(&args.key)?;
    let logs = std::fs::read_to_string(&args.logs)
        .with_context(|| format!("{} cannot be read", args.logs.display()))?;
    let logs: LogList = logs.parse().with_context(|| args.logs.display().to_string())?;
    let count = logs.iter().count();
    let config = WitnessConfig { signer, logs, folder: args.folder.clone(), clock: now_s };
    let witness = Arc::new(Witness::open(config).context("the witness cannot start")?);
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("{} cannot be listened at", args.listen))?;
    let (address, key) = (listener.local_addr()?, witness.key().clone());
    info!(%key, logs = count, folder = %args.folder.display(), "the witness is ready");
    eprintln!("{} witnesses {count} logs at http://{address} (Ctrl-C stops)", key.name());
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        eprintln!("stopping: finishing requests");
    };
    serve(listener, witness, stop).await?;
    Ok(())
}

fn now_s() -> u64 {
    u64::try_from(Clock::System.now().unix_seconds()).unwrap_or_default()
}

fn new(name: &str, out: &Path) -> Result<()> {
    // A name that no note can have is found before there is a file.
    let named = |key| signer(name, key);
    named(databourse_ledger::SigningKey::from_seed([1; 32]))?;
    super::make_folder_of(out)?;
    let heading = format!(
        "# The private Ed25519 seed of a witness, in base64. Whoever has it signs as the witness.\n{NAME}{name}"
    );
    show(&named(key::write_new(out, &heading)?)?);
    println!("private seed  {} (mode 600; keep a copy where you keep secrets)", out.display());
    Ok(())
}

/// The key in `file`, under the name in it.
fn read(file: &Path) -> Result<NoteSigner> {
    let key = key::read(file)?;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = text.lines().find_map(|line| line.strip_prefix(NAME));
    let name = name.ok_or_else(|| anyhow!("{} names no witness: expected `{NAME}…`", file.display()))?;
    signer(name.trim(), key)
}

fn signer(name: &str, key: databourse_ledger::SigningKey) -> Result<NoteSigner> {
    NoteSigner::new(name, NoteKeyType::CosignatureV1, key).with_context(|| format!("the name `{name}`"))
}

fn show(signer: &NoteSigner) {
    let key = signer.verifier_key();
    println!("verifier key  {key}");
    println!("in a node     witnesses = [{{ url = \"http://…\", key = \"{key}\" }}]");
    println!("in a policy   witness {} {key}", key.name().replace('/', "-"));
}

fn evidence(args: &WitnessEvidenceArgs) -> Result<ExitCode> {
    let records = read_evidence(&args.folder, &args.origin)?;
    let mut cosigned = BTreeMap::new();
    let mut convicted = false;
    for record in records {
        let checkpoint = ForeignCheckpoint::parse(record.note.as_bytes());
        let size = checkpoint.context("a record is not a checkpoint")?.size();
        match record.kind {
            RecordKind::Cosigned if args.conflicts => {
                cosigned.insert(size, record.note);
            }
            RecordKind::Cosigned => println!("{}", record.note),
            RecordKind::Conflict => {
                convicted = true;
                let first = cosigned.get(&size).map(|note| format!("# cosigned, size {size}\n{note}\n"));
                println!(
                    "{}# equivocation 两面签署: another root of size {size}\n{}",
                    first.unwrap_or_default(),
                    record.note
                );
            }
        }
    }
    Ok(if convicted { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_has_its_name_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/witness.key");
        assert!(new("two words", &file).is_err());
        new("witness.example/w1", &file).unwrap();
        let key = read(&file).unwrap().verifier_key().clone();
        assert_eq!((key.name(), key.key_type()), ("witness.example/w1", NoteKeyType::CosignatureV1));
        assert!(new("witness.example/w1", &file).is_err());
        assert_eq!(*read(&file).unwrap().verifier_key(), key);
        let party = folder.path().join("party.key");
        key::write_new(&party, "# A party's.").unwrap();
        assert!(read(&party).unwrap_err().to_string().contains("names no witness"));
    }
}
