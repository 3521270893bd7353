//! `key`: keys of parties that keep their own.

use crate::args::KeyCommand;
use anyhow::{Context as _, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_exchange::Entropy;
use databourse_ledger::SigningKey;
use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

const HEADING: &str =
    "# The private Ed25519 seed of a Databourse party, in base64. Whoever has it signs as the party.";

pub(crate) fn run(command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::New { out } => new(&out),
        KeyCommand::Public { file } => {
            print(&read(&file)?);
            Ok(())
        }
    }
}

fn new(out: &PathBuf) -> Result<()> {
    let seed = Entropy::Os.bytes("party key").context("the system has no randomness")?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("{} cannot be made (a key is never overwritten)", out.display()))?;
    writeln!(file, "{HEADING}\n{}", STANDARD.encode(*seed))?;
    file.sync_all()?;
    print(&SigningKey::from_seed(*seed));
    println!("private seed  {} (mode 600; keep a copy where you keep secrets)", out.display());
    Ok(())
}

/// The key in `file`.
fn read(file: &Path) -> Result<SigningKey> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let encoded = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let bytes = STANDARD.decode(encoded.unwrap_or_default()).unwrap_or_default();
    let seed: [u8; 32] = bytes
        .try_into()
        .map_err(|_| anyhow!("{} is not a key: expected 32 bytes in base64", file.display()))?;
    if seed == [0; 32] {
        bail!("{} holds no key but zeros", file.display());
    }
    Ok(SigningKey::from_seed(seed))
}

fn print(key: &SigningKey) {
    println!("public key    {}", key.public_key());
    println!("key id (kid)  {}", key.key_id());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_key_reads_back_is_private_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("party.key");
        new(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let key = read(&file).unwrap().public_key();
        assert!(new(&file).is_err());
        assert_eq!(read(&file).unwrap().public_key(), key);
        std::fs::write(&file, "AAAA").unwrap();
        assert!(read(&file).is_err());
    }
}
