//! `certificate`: what can be typed.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// Draw the QR code of a certificate: the code alone proves it, offline.
    Qr {
        /// The certificate's file.
        file: PathBuf,
        /// The picture to write, SVG; without it the code is drawn in the terminal.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Address of an exchange, so that a phone that scans the code opens its page `/verify`, e.g. `https://sh.example`.
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Whom its reader trusts (C2SP tlog-policy); by default `policy.txt` beside FILE. Needed only if the certificate
        /// is too large and cosignatures beyond the quorum must be left out.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Print the digits that stand in the QR code.
    Text {
        /// The certificate's file.
        file: PathBuf,
    },
    /// Print the file of a certificate that was scanned: its digits, or an address with them behind `#`.
    File {
        /// A file with the text; `-` is what is piped in.
        text: PathBuf,
    },
}
