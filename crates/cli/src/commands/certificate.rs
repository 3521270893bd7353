//! `certificate`: the QR code of a certificate, and back.

use crate::{args::certificate::CertificateCommand, commands::make_folder_of};
use anyhow::{Context as _, Result, anyhow, bail};
use databourse_api::qr::QrPicture;
use databourse_ledger::{CertificateFile, Policy};
use databourse_market::IssueCertificate;
use databourse_primitives::CertificateNumber;
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Does what was typed.
pub(crate) fn run(command: CertificateCommand) -> Result<()> {
    match command {
        CertificateCommand::Qr { file, out, url, policy } => draw(&file, out.as_deref(), url, policy),
        CertificateCommand::Text { file } => {
            let digits =
                parsed(&file)?.to_compact().ok_or_else(|| anyhow!("too large for the compact form"))?;
            println!("{digits}");
            Ok(())
        }
        CertificateCommand::File { text } => {
            print!("{}", parsed(&text)?);
            Ok(())
        }
    }
}

fn draw(file: &Path, out: Option<&Path>, url: Option<String>, policy: Option<PathBuf>) -> Result<()> {
    let certificate = parsed(file)?;
    let number = number(&certificate)?;
    let policy_file = policy.unwrap_or_else(|| file.with_file_name("policy.txt"));
    let policy: Option<Policy> = match fs::read_to_string(&policy_file) {
        Ok(text) => Some(text.parse().with_context(|| format!("{}", policy_file.display()))?),
        Err(_) => None,
    };
    let page = url.map(|url| format!("{}/verify", url.trim_end_matches('/')));
    let picture = QrPicture::of(&certificate, &number, policy.as_ref(), page.as_deref())?;
    match out {
        None => print!("{}", picture.terminal()),
        Some(out) => {
            make_folder_of(out)?;
            fs::write(out, picture.svg(&number.to_string()))
                .with_context(|| format!("{} cannot be written", out.display()))?;
            println!("{}", out.display());
        }
    }
    println!("{number}  {}", picture.content().words());
    Ok(())
}

fn number(certificate: &CertificateFile) -> Result<CertificateNumber> {
    let body = certificate.entry.claims().body.get();
    let issued: IssueCertificate =
        serde_json::from_str(body).context("the file proves another statement, not a certificate")?;
    Ok(issued.number)
}

/// A certificate in either form.
fn parsed(file: &Path) -> Result<CertificateFile> {
    let bytes = read(file)?;
    parse(&bytes).map_err(|error| anyhow!("{}: {error}", file.display()))
}

/// A certificate in either form: its JSON file, or the digits of its QR code, alone or behind the `#` of an address.
pub(crate) fn parse(bytes: &[u8]) -> Result<CertificateFile, databourse_ledger::VerifyError> {
    let digits = std::str::from_utf8(bytes).ok().and_then(CertificateFile::compact_in);
    digits.map_or_else(|| CertificateFile::parse(bytes), CertificateFile::from_compact)
}

/// What stands in a file, or is piped in if it is called `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    if file != Path::new("-") {
        return fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let mut bytes = Vec::new();
    let max = u64::try_from(databourse_ledger::CERTIFICATE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    std::io::stdin().take(max).read_to_end(&mut bytes).context("what is piped in cannot be read")?;
    if bytes.is_empty() {
        bail!("nothing was piped in");
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_in_either_form() {
        let file = include_str!("../../../../tests/vectors/ledger/certificate.json");
        let digits = CertificateFile::parse(file.as_bytes()).unwrap().to_compact().unwrap();
        for text in [file, &digits, &format!("{digits}\n"), &format!("https://sh.example/verify#{digits}")] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), file);
        }
        assert_eq!(parse(b"12345").unwrap_err().code(), "certificate.format_unknown");
        assert_eq!(parse(b"{}").unwrap_err().code(), "certificate.malformed");
        assert!(
            number(&parse(file.as_bytes()).unwrap()).is_err(),
            "the vector certifies a listing, not a trade"
        );
    }
}
