//! The QR code of a certificate (ISO/IEC 18004), as SVG or for a terminal. It holds the whole certificate where that
//! fits: the code alone then proves it.

use databourse_ledger::{CertificateFile, Policy, VerifyError};
use databourse_primitives::CertificateNumber;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
use std::fmt::{self, Write as _};

/// Light modules around a code, which the standard asks for.
const MARGIN: i32 = 4;

/// What a code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QrContent {
    /// The certificate, byte for byte.
    Whole,
    /// The certificate without cosignatures that its policy does not need.
    FewestSignatures {
        /// How many lines were left out.
        left_out: usize,
    },
    /// Where the certificate can be had: even so it is too large for a code.
    Address,
}

impl QrContent {
    /// In words, English and Chinese.
    pub fn words(self) -> String {
        match self {
            Self::Whole => "The whole certificate, verifiable offline. 完整凭证，可离线核验。".to_owned(),
            Self::FewestSignatures { left_out } => format!(
                "The certificate without {left_out} cosignatures beyond the quorum, verifiable offline. \
                 凭证（省略法定数之外的 {left_out} 个联签），可离线核验。"
            ),
            Self::Address => "Only the address of the certificate, which is too large for a code. \
                 仅为凭证网址：凭证过大，无法写入二维码。"
                .to_owned(),
        }
    }
}

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrError {
    /// The certificate does not hold under the policy, so nothing can be left out of it.
    Invalid(VerifyError),
    /// The certificate is too large and nobody said where it can be had.
    TooLarge,
}

impl fmt::Display for QrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "too large for a code as it is, and {error}"),
            Self::TooLarge => f.write_str("too large for a code, and no address to put into one"),
        }
    }
}

impl std::error::Error for QrError {}

/// The code of one certificate.
pub struct QrPicture {
    code: QrCode,
    content: QrContent,
    text: String,
}

impl QrPicture {
    /// Makes the code: the certificate, else without the cosignatures that `policy` can do without, else its address.
    /// `page` is the address of a page that verifies, e.g. `https://sh.example/verify`: a phone that scans the code opens
    /// it with the certificate behind the `#`, which no browser sends anywhere. Without it the code is digits alone.
    ///
    /// # Errors
    /// `Invalid` if a smaller one is needed and `policy` does not trust this one; `TooLarge` without `page`.
    pub fn of(
        file: &CertificateFile,
        number: &CertificateNumber,
        policy: Option<&Policy>,
        page: Option<&str>,
    ) -> Result<Self, QrError> {
        if let Some((code, text)) = encoded(file, page) {
            return Ok(Self { code, content: QrContent::Whole, text });
        }
        if let Some(policy) = policy {
            let lean = file.with_fewest_signatures(policy).map_err(QrError::Invalid)?;
            let count = |file: &CertificateFile| file.receipt.checkpoint.signatures.len();
            if let Some((code, text)) = encoded(&lean, page) {
                let left_out = count(file).saturating_sub(count(&lean));
                return Ok(Self { code, content: QrContent::FewestSignatures { left_out }, text });
            }
        }
        let text = format!("{}/{number}", page.ok_or(QrError::TooLarge)?);
        let code = drawn(&[QrSegment::make_bytes(text.as_bytes())]).ok_or(QrError::TooLarge)?;
        Ok(Self { code, content: QrContent::Address, text })
    }

    /// What the code holds.
    pub fn content(&self) -> QrContent {
        self.content
    }

    /// What a scanner reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A picture of any size, with `title` and what the code holds in words under it.
    pub fn svg(&self, title: &str) -> String {
        // Ten units a module, so that texts can be placed in whole numbers: two lines under the code.
        let side = 10 * (self.code.size() + 2 * MARGIN);
        let (height, first, second, middle) = (side + side / 8, side + side / 60, side + side / 12, side / 2);
        let (large, small) = (side / 24, side / 45);
        let (title, words) = (escaped(title), escaped(&self.content.words()));
        let mut dark = String::new();
        for y in 0..self.code.size() {
            let mut x = 0;
            while x < self.code.size() {
                let run = (x..self.code.size()).take_while(|x| self.code.get_module(*x, y)).count();
                let run = i32::try_from(run).unwrap_or_default();
                if run > 0 {
                    // Writing into a string does not fail.
                    let _ = write!(dark, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {height}\" role=\"img\">\
             <title>{title}</title><desc>{words}</desc>\
             <rect width=\"{side}\" height=\"{height}\" fill=\"#fff\"/>\
             <path d=\"{dark}\" transform=\"scale(10)\" fill=\"#000\" shape-rendering=\"crispEdges\"/>\
             <g font-family=\"system-ui, sans-serif\" text-anchor=\"middle\" fill=\"#000\">\
             <text x=\"{middle}\" y=\"{first}\" font-size=\"{large}\">{title}</text>\
             <text x=\"{middle}\" y=\"{second}\" font-size=\"{small}\">{words}</text></g></svg>\n"
        )
    }

    /// For a terminal with light text on dark ground or the other way about: two modules in one character.
    pub fn terminal(&self) -> String {
        let range = -MARGIN..self.code.size() + MARGIN;
        let is_light = |x, y| !self.code.get_module(x, y);
        let mut text = String::new();
        for y in range.clone().step_by(2) {
            // White on black, whatever the terminal's colours.
            text.push_str("\u{1b}[97;40m");
            for x in range.clone() {
                text.push(match (is_light(x, y), is_light(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str("\u{1b}[0m\n");
        }
        text
    }
}

fn encoded(file: &CertificateFile, page: Option<&str>) -> Option<(QrCode, String)> {
    let digits = file.to_compact()?;
    let head = page.map(|page| format!("{page}#")).unwrap_or_default();
    let segments = [QrSegment::make_bytes(head.as_bytes()), QrSegment::make_numeric(&digits)];
    // An empty segment would be allowed and is not needed.
    let segments = if head.is_empty() { segments.get(1..)? } else { &segments };
    Some((drawn(segments)?, head + &digits))
}

/// Text made safe for an element.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The smallest code that holds it, with as much error correction as that size allows.
fn drawn(segments: &[QrSegment]) -> Option<QrCode> {
    QrCode::encode_segments_advanced(segments, QrCodeEcc::Low, Version::MIN, Version::MAX, None, true).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_ledger::NoteSignature;

    fn certificate() -> (CertificateFile, Policy) {
        let file = include_str!("../../../tests/vectors/ledger/certificate.json");
        let policy = include_str!("../../../tests/vectors/ledger/policy.txt");
        (CertificateFile::parse(file.as_bytes()).unwrap(), policy.parse().unwrap())
    }

    /// A line of a stranger, as large as a post-quantum signature.
    fn stranger(number: u32, length: u8) -> NoteSignature {
        let bytes = (0..=length).flat_map(|high| [high, high.wrapping_mul(151)]).collect();
        NoteSignature { name: format!("stranger{number}"), key_id: number, bytes }
    }

    #[test]
    fn a_code_holds_the_whole_else_a_quorum_else_an_address() {
        let number = "sh-2026-00000042".parse().unwrap();
        let page = Some("https://sh.example/verify");
        let (mut file, policy) = certificate();
        let made = |file: &CertificateFile| QrPicture::of(file, &number, Some(&policy), page).unwrap();

        let whole = made(&file);
        assert_eq!(whole.content(), QrContent::Whole);
        let digits = CertificateFile::compact_in(whole.text()).unwrap();
        assert_eq!(CertificateFile::from_compact(digits).as_ref(), Ok(&file));
        assert_eq!(QrPicture::of(&file, &number, None, None).unwrap().text(), digits);

        file.receipt.checkpoint.signatures.extend((0..10).map(|number| stranger(number, 250)));
        let lean = made(&file);
        assert_eq!(lean.content(), QrContent::FewestSignatures { left_out: 10 });
        let read = CertificateFile::from_compact(CertificateFile::compact_in(lean.text()).unwrap()).unwrap();
        read.verify(&policy).unwrap();
        assert_eq!(QrPicture::of(&file, &number, None, None).err(), Some(QrError::TooLarge));

        file.receipt.extra = Some(
            (0..9_000_u32)
                .flat_map(|number| number.wrapping_mul(2_654_435_761_u32.rotate_left(number)).to_le_bytes())
                .collect(),
        );
        let address = made(&file);
        assert_eq!(address.content(), QrContent::Address);
        assert_eq!(address.text(), "https://sh.example/verify/sh-2026-00000042");

        file.receipt.index.0 += 1;
        let refused = QrPicture::of(&file, &number, Some(&policy), page).err();
        assert!(matches!(refused, Some(QrError::Invalid(_))), "what does not hold is not made smaller");
    }

    #[test]
    fn a_picture_says_what_it_holds_and_lets_no_markup_in() {
        let (file, _) = certificate();
        let picture = QrPicture::of(&file, &"sh-2026-00000042".parse().unwrap(), None, None).unwrap();
        assert_eq!(escaped("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
        let svg = picture.svg("<script>");
        assert!(svg.contains("&lt;script&gt;") && svg.contains("可离线核验") && !svg.contains("<script"));
        let side = usize::try_from(picture.code.size() + 2 * MARGIN).unwrap();
        let terminal = picture.terminal();
        assert_eq!(terminal.lines().count(), side.div_ceil(2));
    }
}
