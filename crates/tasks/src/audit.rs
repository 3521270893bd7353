//! The ledger of the real files, mirrored and audited: no finding, and at what rate.

use crate::run::{must, output_of};
use anyhow::{Context as _, bail};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Serves with `program` the ledger in the data folder `data`, mirrors it, audits the copy, and measures the audit.
pub(crate) fn judge(program: &Path, data: &Path) -> anyhow::Result<()> {
    let copy = data.join("mirror");
    let mut token = databourse(program, data);
    let (token, minted) = output_of(token.args(["token", "--auditor", "accept"]))?;
    if !minted {
        bail!("no token for the auditor");
    }
    let (token_file, policy) = (data.join("auditor.token"), data.join("certificates/policy.txt"));
    fs::write(&token_file, token)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut serve = databourse(program, data);
    serve.arg("serve").arg("--while-input").env("DATABOURSE_HTTP_LISTEN", format!("127.0.0.1:{port}"));
    let mut node = serve.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().context("the node")?;
    let mut mirror = Command::new(program);
    mirror.args(["mirror", &format!("http://127.0.0.1:{port}"), "--folder"]).arg(&copy);
    mirror.arg("--policy").arg(&policy).arg("--token-file").arg(&token_file);
    let mirrored = follow(&mut node, &mut mirror);
    // The end of its input stops it.
    drop(node.stdin.take());
    node.wait()?;
    mirrored?;
    let mut audit = databourse(program, data);
    must(audit.arg("audit").arg(&copy).arg("--policy").arg(&policy))?;
    must(databourse(program, data).args(["bench", "audit", "--dir"]).arg(&copy))
}

/// A mirror asks again for twelve seconds, and a ledger of this size is served within them; the second attempt is for a
/// slow machine.
fn follow(node: &mut Child, mirror: &mut Command) -> anyhow::Result<()> {
    let log = node.stderr.take().map(BufReader::new);
    std::thread::spawn(move || log.into_iter().flat_map(BufReader::lines).for_each(drop));
    must(mirror).or_else(|_| must(mirror))
}

/// The program with everything that it needs to find the node's folder.
fn databourse(program: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("DATABOURSE_DATABASE_DATA_DIR", data).env("DATABOURSE_NODE_KEY_FILE", data.join("keys.toml"));
    command
}
