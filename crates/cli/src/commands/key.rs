//! `key`: keys of parties that keep their own.

use crate::args::{KeyCommand, SignArgs};
use anyhow::{Context as _, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use databourse_exchange::{Clock, Entropy};
use databourse_ledger::{Claims, Entry, SigningKey};
use databourse_market::Decoded;
use serde_json::value::RawValue;
use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};
use zeroize::Zeroizing;

const HEADING: &str =
    "# The private Ed25519 seed of a Databourse party, in base64. Whoever has it signs as the party.";

pub(crate) fn run(command: KeyCommand) -> Result<()> {
    match command {
        KeyCommand::New { out } => new(&out),
        KeyCommand::Public { file } => {
            print(&read(&file)?);
            Ok(())
        }
        KeyCommand::Sign(args) => {
            println!("{}", sign(&args)?);
            Ok(())
        }
    }
}

/// Signs a command as its entry, and refuses here what the exchange would refuse to read.
fn sign(args: &SignArgs) -> Result<Entry> {
    let key = read(&args.file)?;
    let mut body = String::new();
    if args.body == Path::new("-") {
        std::io::stdin().read_to_string(&mut body).context("standard input cannot be read")?;
    } else {
        body = std::fs::read_to_string(&args.body)
            .with_context(|| format!("{} cannot be read", args.body.display()))?;
    }
    let now = Clock::System.now();
    let id = match args.id {
        Some(id) => id,
        None => Entropy::Os.entry_id(now, "").context("the system has no randomness")?,
    };
    let body = RawValue::from_string(body.trim().to_owned());
    let claims = Claims {
        entry_type: args.entry_type.clone(),
        id,
        exchange: args.exchange.clone(),
        issued_at_s: now.unix_seconds(),
        on_behalf_of: None,
        body: body.with_context(|| format!("{} is not JSON", args.body.display()))?,
    };
    let entry = Entry::sign(&claims, &key).map_err(|refusal| anyhow!("{refusal}"))?;
    Ok(Decoded::new(entry).map_err(|refusal| anyhow!("{refusal}"))?.entry().clone())
}

fn new(out: &Path) -> Result<()> {
    print(&SigningKey::from_seed(*write_new(out, HEADING)?));
    println!("private seed  {} (mode 600; keep a copy where you keep secrets)", out.display());
    Ok(())
}

/// Draws the seed of a key and keeps it in a new file under comment lines.
pub(super) fn write_new(out: &Path, heading: &str) -> Result<Zeroizing<[u8; 32]>> {
    let seed = Entropy::Os.bytes("party key").context("the system has no randomness")?;
    write_secret(out, heading, &Zeroizing::new(STANDARD.encode(*seed)))?;
    Ok(seed)
}

/// Writes a secret under comment lines into a file that only its owner reads and that was not there before.
pub(super) fn write_secret(out: &Path, heading: &str, secret: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .with_context(|| format!("{} cannot be made (a key is never overwritten)", out.display()))?;
    writeln!(file, "{heading}\n{secret}")?;
    Ok(file.sync_all()?)
}

/// The Ed25519 key in `file`.
pub(super) fn read(file: &Path) -> Result<SigningKey> {
    Ok(SigningKey::from_seed(*read_seed(file)?))
}

/// The seed of a key in `file`.
pub(super) fn read_seed(file: &Path) -> Result<Zeroizing<[u8; 32]>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let encoded = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let bytes = Zeroizing::new(STANDARD.decode(encoded.unwrap_or_default()).unwrap_or_default());
    let seed: [u8; 32] = bytes
        .as_slice()
        .try_into()
        .map_err(|_| anyhow!("{} is not a key: expected 32 bytes in base64", file.display()))?;
    if seed == [0; 32] {
        bail!("{} holds no key but zeros", file.display());
    }
    Ok(Zeroizing::new(seed))
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
    fn a_signed_entry_verifies_with_the_public_half_and_a_wrong_body_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, body) = (folder.path().join("party.key"), folder.path().join("body.json"));
        new(&file).unwrap();
        let args = |entry_type: &str| SignArgs {
            file: file.clone(),
            exchange: "sh".parse().unwrap(),
            entry_type: entry_type.to_owned(),
            body: body.clone(),
            id: None,
        };
        std::fs::write(&body, r#"{ "product": "019aa2b4-5c00-7000-8000-000000000001" }"#).unwrap();
        let entry = sign(&args("product.pause")).unwrap();
        entry.verify(&read(&file).unwrap().public_key()).unwrap();
        assert_eq!(entry.claims().entry_type, "product.pause");
        let refused = |entry_type: &str| sign(&args(entry_type)).unwrap_err().to_string();
        assert!(refused("product.list").starts_with("body.malformed"), "{}", refused("product.list"));
        assert!(refused("product.crown").starts_with("entry.type_unknown"));
    }

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
