//! `witness`: a stand-alone witness of whatever logs.

use super::key;
use crate::args::witness::{
    CosignatureAlgorithm, WitnessArgs, WitnessCommand, WitnessEvidenceArgs, WitnessKeyCommand,
    WitnessServeArgs,
};
use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum as _;
use databourse_exchange::Clock;
use databourse_ledger::{ForeignCheckpoint, NoteKeyType, NoteSigner, SigningKey};
use databourse_witness::{LogList, RecordKind, Witness, WitnessConfig, read_evidence, serve};
use std::{collections::BTreeMap, path::Path, process::ExitCode, sync::Arc};
use tokio::{net::TcpListener, signal::unix};
use tracing::info;

/// Before the name in a key file.
const NAME: &str = "# name: ";

/// Before the algorithm in a key file; one that names none holds an Ed25519 key.
const ALGORITHM: &str = "# algorithm: ";

pub(crate) async fn run(args: WitnessArgs) -> Result<ExitCode> {
    match args.command {
        WitnessCommand::Serve(args) => run_witness(args).await.map(|()| ExitCode::SUCCESS),
        WitnessCommand::Key { command: WitnessKeyCommand::New { name, out, algorithm } } => {
            new(&name, algorithm, &out)?;
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

fn new(name: &str, algorithm: CosignatureAlgorithm, out: &Path) -> Result<()> {
    // A name that no note can have is found before there is a file.
    signer(name, algorithm, &[1; 32])?;
    super::make_folder_of(out)?;
    let spelling = algorithm.to_possible_value().context("an algorithm without a name")?;
    let heading = format!(
        "# The private seed of a witness, in base64. Whoever has it signs as the witness.\n{NAME}{name}\n{ALGORITHM}{}",
        spelling.get_name()
    );
    let seed = key::write_new(out, &heading)?;
    show(&signer(name, algorithm, &seed)?);
    println!("private seed  {} (mode 600; keep a copy where you keep secrets)", out.display());
    Ok(())
}

/// The key in `file`, under the name in it.
fn read(file: &Path) -> Result<NoteSigner> {
    let seed = key::read_seed(file)?;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let after = |label| text.lines().find_map(|line| line.strip_prefix(label)).map(str::trim);
    let name =
        after(NAME).ok_or_else(|| anyhow!("{} names no witness: expected `{NAME}…`", file.display()))?;
    let algorithm = match after(ALGORITHM) {
        None => CosignatureAlgorithm::Ed25519,
        Some(spelling) => CosignatureAlgorithm::from_str(spelling, false).map_err(|_| {
            anyhow!("{} is of algorithm `{spelling}`, which this program is built without", file.display())
        })?,
    };
    signer(name, algorithm, &seed)
}

fn signer(name: &str, algorithm: CosignatureAlgorithm, seed: &[u8; 32]) -> Result<NoteSigner> {
    let signer = match algorithm {
        CosignatureAlgorithm::Ed25519 => {
            NoteSigner::new(name, NoteKeyType::CosignatureV1, SigningKey::from_seed(*seed))
        }
        #[cfg(feature = "ml-dsa")]
        CosignatureAlgorithm::MlDsa44 => {
            NoteSigner::ml_dsa(name, databourse_ledger::MlDsaKey::from_seed(*seed))
        }
    };
    signer.with_context(|| format!("the name `{name}`"))
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
    fn a_key_file_has_its_name_and_its_algorithm_with_it() {
        let folder = tempfile::tempdir().unwrap();
        for algorithm in CosignatureAlgorithm::value_variants() {
            let file = folder.path().join(format!("keys/{algorithm:?}.key"));
            let new = |name| new(name, *algorithm, &file);
            assert!(new("two words").is_err());
            new("witness.example/w1").unwrap();
            let key = read(&file).unwrap().verifier_key().clone();
            let key_type = match algorithm {
                CosignatureAlgorithm::Ed25519 => NoteKeyType::CosignatureV1,
                #[cfg(feature = "ml-dsa")]
                CosignatureAlgorithm::MlDsa44 => NoteKeyType::MlDsa44,
            };
            assert_eq!((key.name(), key.key_type()), ("witness.example/w1", key_type));
            assert!(new("witness.example/w1").is_err());
            assert_eq!(*read(&file).unwrap().verifier_key(), key);
        }
    }

    #[test]
    fn a_key_of_another_use_or_of_an_unknown_algorithm_is_no_witness_s() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |heading: &str| {
            let file = folder.path().join("other.key");
            let _ = std::fs::remove_file(&file);
            key::write_new(&file, heading).unwrap();
            read(&file).unwrap_err().to_string()
        };
        assert!(refused("# A party's.").contains("names no witness"));
        assert!(refused("# name: w\n# algorithm: rsa").contains("of algorithm `rsa`"));
    }

    #[test]
    fn a_key_file_of_before_there_was_a_choice_is_of_ed25519() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("early.key");
        key::write_new(&file, "# name: witness.example/w1").unwrap();
        assert_eq!(read(&file).unwrap().verifier_key().key_type(), NoteKeyType::CosignatureV1);
    }
}
