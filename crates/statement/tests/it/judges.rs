//! poppler and qpdf, which judge the PDF form. They are installed when they are absent; a test that needs one fails
//! without it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
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
        // One process at a time; the system lets go of it when the process ends.
        let lock = File::create(folder.join("statement-judges.lock")).unwrap();
        lock.lock().unwrap();
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

/// Whether it starts and succeeds.
fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

fn must(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Installs a package of Debian or Ubuntu, or fails with what to type.
fn apt_install(package: &str) {
    let install = || {
        let mut command = Command::new("apt-get");
        command.args(["install", "-y", "--no-install-recommends", package]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // Lists that were never fetched or are old: fetch them and try again.
    let installed =
        runs(&mut install()) || (runs(Command::new("apt-get").arg("update")) && runs(&mut install()));
    assert!(
        installed,
        "this test needs {package}: type `sudo apt-get install -y {package}` (or your system's own way)"
    );
}
