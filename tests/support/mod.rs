//! A real server process for tests of the whole: started, asked over HTTP, killed.
#![allow(dead_code, reason = "each test file uses its own part")]

use reqwest::Client;
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a start, with recovery of the database, may take on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// `databourse serve` on a private cluster in a folder of its own.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) data: PathBuf,
    pub(crate) http: Client,
    token: String,
}

/// The binary with everything that it needs to find its folder, and `databourse.toml` of it if there is one.
pub(crate) fn databourse(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_databourse"));
    command
        .env("DATABOURSE_DATABASE_DATA_DIR", data)
        .env("DATABOURSE_NODE_KEY_FILE", data.join("keys.toml"))
        .env("DATABOURSE_LOG_FILTER", "warn")
        .stdin(Stdio::null());
    let config = data.join("databourse.toml");
    if config.exists() {
        command.env("DATABOURSE_CONFIG", config);
    }
    command
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(data: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log")).unwrap();
        let child = databourse(data)
            .arg("serve")
            .env("DATABOURSE_HTTP_LISTEN", format!("127.0.0.1:{port}"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut server = Self { child, url, data: data.to_owned(), http, token: String::new() };
        let ready = async {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tick.tick().await;
                let answer = server.http.get(format!("{}/readyz", server.url)).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                if let Some(status) = server.child.try_wait().unwrap() {
                    let log = std::fs::read_to_string(server.data.join("server.log")).unwrap();
                    panic!("the server ended with {status}:\n{log}");
                }
            }
        };
        tokio::time::timeout(START_LIMIT, ready).await.expect("the server gets ready in time");
        server.token = server.mint(&["--operator", "test"]);
        server
    }

    /// A token by the command that operators use.
    pub(crate) fn mint(&self, arguments: &[&str]) -> String {
        let output = databourse(&self.data).arg("token").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Sends commands as the operator; `None` if the connection broke before the answer.
    pub(crate) async fn submit(&self, commands: &[Value]) -> Option<Vec<Value>> {
        let request = self.http.post(format!("{}/v1/commands", self.url)).bearer_auth(&self.token);
        let answer = request.json(&json!({ "commands": commands })).send().await.ok()?;
        let status = answer.status();
        let mut body: Value = answer.json().await.ok()?;
        if status == 503 {
            return None;
        }
        assert!(status.is_success(), "{status}: {body}");
        Some(body["results"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// A JSON document, as the operator sees it.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Posts an entry that its author signed; its acknowledgement or problem.
    pub(crate) async fn post_signed(&self, entry: &str) -> Value {
        let request = self.http.post(format!("{}/v1/entries", self.url)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/jose").body(entry.to_owned());
        request.send().await.unwrap().json().await.unwrap()
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGKILL to the database server as well.
    pub(crate) fn kill_database(&self) {
        let pid_file = std::fs::read_dir(&self.data)
            .unwrap()
            .filter_map(|entry| entry.ok().map(|entry| entry.path().join("postmaster.pid")))
            .find(|path| path.exists())
            .expect("a private cluster in the data folder");
        let text = std::fs::read_to_string(pid_file).unwrap();
        let pid = text.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }

    /// SIGTERM: everything acknowledged is committed, the private cluster is stopped.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let log = std::fs::read_to_string(self.data.join("server.log")).unwrap();
        assert!(status.success(), "{status}:\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A failed test leaves no server behind; a stopped or killed one is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
