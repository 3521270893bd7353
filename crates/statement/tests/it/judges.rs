//! poppler and qpdf, which judge the PDF form. They are installed when they are absent; a test that needs one fails
//! without it.

use databourse_testkit::outside::{alone_in, apt_install, must, runs};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A PDF file on disk, before its judges.
pub(crate) struct Judged {
    file: PathBuf,
}

/// A word on a page: its text and its box in points from the upper left corner.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) page: usize,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) base: f64,
    pub(crate) text: String,
}

impl Judged {
    /// Finds or installs the judges and writes the file.
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let _lock = alone_in(folder);
        if !runs(Command::new("pdfinfo").arg("-v")) {
            apt_install("poppler-utils");
        }
        // What poppler needs to know the Chinese characters of a font that is not embedded.
        if !Path::new("/usr/share/poppler/cMap").exists() {
            apt_install("poppler-data");
        }
        if !runs(Command::new("qpdf").arg("--version")) {
            apt_install("qpdf");
        }
        let file = folder.join(format!("{name}.pdf"));
        std::fs::write(&file, bytes).unwrap();
        Self { file }
    }

    /// `qpdf --check`: fails with any error or warning.
    pub(crate) fn check(&self) {
        must(Command::new("qpdf").arg("--check").arg(&self.file));
    }

    /// A value of `pdfinfo`, e.g. `Pages`.
    pub(crate) fn info(&self, name: &str) -> String {
        let output = must(Command::new("pdfinfo").arg(&self.file));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut values = text.lines().filter_map(|line| line.split_once(':'));
        let value = values.find(|(known, _)| *known == name).map(|(_, value)| value.trim().to_owned());
        value.unwrap_or_default()
    }

    /// The text of each page as it is laid out, with white space made single.
    pub(crate) fn pages(&self) -> Vec<String> {
        let output = must(Command::new("pdftotext").arg("-layout").arg(&self.file).arg("-"));
        let text = String::from_utf8(output.stdout).unwrap();
        let pages = text.split_terminator('\u{c}');
        pages.map(|page| page.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// Every word and where it stands.
    pub(crate) fn words(&self) -> Vec<Word> {
        let output = must(Command::new("pdftotext").arg("-bbox").arg(&self.file).arg("-"));
        // poppler writes rare characters of the document's properties as halves of a pair.
        let text = String::from_utf8_lossy(&output.stdout);
        let mut page = 0;
        let mut words = Vec::new();
        for line in text.lines() {
            page += usize::from(line.contains("<page "));
            let Some(word) = line.trim().strip_prefix("<word ") else { continue };
            let number = |name: &str| {
                let value = word.split(&format!("{name}=\"")).nth(1).unwrap();
                value.split('"').next().unwrap().parse::<f64>().unwrap()
            };
            let (_, text) = word.strip_suffix("</word>").unwrap().split_once('>').unwrap();
            let [left, right, base] = ["xMin", "xMax", "yMax"].map(number);
            words.push(Word { page, left, right, base, text: text.to_owned() });
        }
        words
    }
}
