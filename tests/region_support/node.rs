//! One node: its process, its files, and how it is reached.

use super::{LOOK_PAUSE, held_input};
use databourse_client::Client;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a node may take to stop that was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(90);
/// How long one attempt of a client may take: a region without a quorum keeps a client waiting.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(20);
/// The fast pace: an idle region makes a block every so many milliseconds, and a proposer is waited for so many.
const PACE: [(&str, &str); 2] =
    [("DATABOURSE_REGION_IDLE_PERIOD_MS", "3000"), ("DATABOURSE_REGION_PROPOSE_TIMEOUT_MS", "1000")];
/// What a node logs: all but the requests.
const LOG_FILTER: &str = "warn,databourse_exchange=info,databourse_consensus=info,databourse_store=info";

pub(crate) fn databourse() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_databourse"));
    command.stdin(Stdio::null());
    command
}

/// How a node is reached. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) url: String,
    pub(crate) client: Client,
    http: reqwest::Client,
    token: String,
}

/// What came back for a command.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It stands at this leaf.
    Acknowledged { leaf_index: u64 },
    /// Nobody knows whether it was recorded: it is to be sent again.
    Again,
    /// No rule of this load should refuse it.
    Surprise(String),
}

impl Access {
    /// Sends one command as the operator, once.
    pub(crate) async fn submit(&self, command: &Value) -> Answer {
        let request = self.http.post(format!("{}/v1/commands", self.url)).bearer_auth(&self.token);
        let request = request.json(&json!({ "commands": [command] }));
        let Ok(answer) = request.send().await else { return Answer::Again };
        let status = answer.status().as_u16();
        let Ok(body) = answer.json::<Value>().await else { return Answer::Again };
        let result = if status == 200 { &body["results"][0] } else { &body };
        match (result["leaf_index"].as_u64(), result["code"].as_str()) {
            (Some(leaf_index), _) => {
                assert_eq!(result["id"], command["id"]);
                Answer::Acknowledged { leaf_index }
            }
            (None, Some("service.unavailable" | "service.busy" | "request.timeout")) => Answer::Again,
            _ => Answer::Surprise(format!("{} for {command}: {status} {body}", self.url)),
        }
    }

    /// Posts as the operator: the status, and when to come again if the answer says so.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Option<String>) {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(body);
        let answer = request.send().await.unwrap();
        let again = answer.headers().get("retry-after");
        (answer.status().as_u16(), again.map(|value| value.to_str().unwrap().to_owned()))
    }

    /// Sends one command as the operator, once; the status and how long to wait before the next attempt, as it says.
    pub(crate) async fn attempt(&self, command: &Value) -> (u16, Option<String>) {
        self.post("/v1/commands", &json!({ "commands": [command] })).await
    }

    /// Size and root of the final checkpoint that it shows; `None` if it does not answer, or has none yet.
    pub(crate) async fn shown(&self) -> Option<(u64, String)> {
        let request = self.http.get(format!("{}/checkpoint", self.url)).timeout(Duration::from_secs(2));
        let text = request.send().await.ok()?.error_for_status().ok()?.text().await.ok()?;
        let mut lines = text.lines().skip(1);
        Some((lines.next()?.parse().ok()?, lines.next()?.to_owned()))
    }

    /// A client of an operator.
    pub(crate) fn operator(&self) -> Client {
        self.client.bearing(&self.token)
    }

    /// A client that verifies every receipt with `policy`.
    pub(crate) fn trusting(&self, policy: &databourse_ledger::Policy) -> Client {
        self.client.bearing(&self.token).trusting(policy.clone())
    }
}

/// A node of the region.
pub(crate) struct Node {
    pub(crate) code: &'static str,
    pub(crate) folder: PathBuf,
    pub(crate) access: Access,
    /// What stands before the program on its command line, e.g. to enter a network namespace.
    pub(crate) prefix: Vec<String>,
    /// The program that it runs.
    pub(crate) program: PathBuf,
    /// It was a member once: its ledger may end before the others'.
    pub(crate) is_former: bool,
    process: Option<Child>,
}

impl Node {
    /// The node whose files are in `folder`.
    pub(crate) fn new(code: &'static str, folder: PathBuf) -> Self {
        let token = databourse()
            .args(["token", "--operator", "test", "--hours", "24", "--config"])
            .arg(folder.join("databourse.toml"))
            .output()
            .unwrap();
        assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
        let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
        let text = fs::read_to_string(folder.join("databourse.toml")).unwrap();
        let config: toml::Table = toml::from_str(&text).unwrap();
        let url = format!("http://{}", config["http"]["listen"].as_str().unwrap());
        let http = reqwest::Client::builder().no_proxy().timeout(ATTEMPT_LIMIT).build().unwrap();
        fs::write(folder.join("operator.token"), &token).unwrap();
        let access = Access { client: Client::new(&url).unwrap(), url, http, token };
        let program = PathBuf::from(env!("CARGO_BIN_EXE_databourse"));
        Self { code, folder, access, prefix: Vec::new(), program, is_former: false, process: None }
    }

    /// Moves the address for clients.
    pub(crate) fn serve_at(&mut self, address: &str) {
        self.access.url = format!("http://{address}");
        self.access.client = Client::new(&self.access.url).unwrap();
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts `databourse serve`; it ends with this process, however that ends.
    pub(crate) fn start_with(&mut self, variables: &[(&str, &str)]) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let words = self.prefix.iter().map(String::as_str).chain([self.program.to_str().unwrap()]);
        let words: Vec<&str> = words.collect();
        let child = Command::new(words[0])
            .args(&words[1..])
            .args(["serve", "--while-input", "--config"])
            .arg(self.folder.join("databourse.toml"))
            .env("DATABOURSE_LOG_FILTER", LOG_FILTER)
            .envs(PACE)
            .envs(variables.iter().copied())
            .current_dir(&self.folder)
            .stdin(held_input())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        assert!(self.process.replace(child).is_none(), "{} runs already", self.code);
    }

    pub(crate) fn is_started(&self) -> bool {
        self.process.is_some()
    }

    /// How it ended by itself, if it did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.process.as_mut()?.try_wait().unwrap()?;
        Some(status.to_string())
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(&mut self) {
        let mut child = self.process.take().expect("a node that runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The process number of its PostgreSQL.
    pub(crate) fn database_pid(&self) -> Option<String> {
        let data = fs::read_dir(self.folder.join("data")).ok()?;
        let mut files = data.filter_map(|entry| Some(entry.ok()?.path().join("postmaster.pid")));
        let file = files.find(|path| path.exists())?;
        Some(fs::read_to_string(file).ok()?.lines().next()?.to_owned())
    }

    /// SIGKILL to its PostgreSQL; says whether there was one.
    pub(crate) fn kill_database(&self) -> bool {
        let Some(pid) = self.database_pid() else { return false };
        Command::new("kill").args(["-9", &pid]).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Waits until it has started its PostgreSQL again, which was `before`.
    pub(crate) async fn database_again(&self, before: Option<&str>) {
        let again = async {
            while self.database_pid().is_none_or(|pid| Some(pid.as_str()) == before) {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
        };
        let again = tokio::time::timeout(super::RETURN_LIMIT, again).await;
        again.unwrap_or_else(|_| {
            panic!("{} does not start its database again:\n{}", self.code, self.log_end(40))
        });
    }

    /// Everything but keys, genesis and configuration is gone.
    pub(crate) fn lose_disk(&mut self) {
        self.kill();
        self.kill_database();
        // The server's children leave when they see that it is gone, and may still write meanwhile.
        while fs::remove_dir_all(self.folder.join("data")).is_err() && self.folder.join("data").exists() {
            std::thread::yield_now();
        }
        fs::remove_dir_all(self.folder.join("wal")).unwrap();
    }

    /// Waits until a node that was started ends by itself, which it must not do well; what it said last.
    pub(crate) async fn ends_on_purpose(&mut self) -> String {
        let ends = async {
            while self.ended().is_none() {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
        };
        let ends = tokio::time::timeout(super::RETURN_LIMIT, ends).await;
        ends.unwrap_or_else(|_| panic!("{} does not end:\n{}", self.code, self.log_end(40)));
        let mut child = self.process.take().expect("a node that was started");
        assert!(!child.wait().unwrap().success(), "{}:\n{}", self.code, self.log_end(10));
        self.log_end(15)
    }

    /// Its configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("databourse.toml")
    }

    /// The log of its votes.
    pub(crate) fn votes(&self) -> PathBuf {
        self.folder.join("wal/votes.wal")
    }

    /// Copies its database to `to`, with `cp -a`. It must be stopped.
    pub(crate) fn copy_data(&self, to: &Path) {
        assert!(self.process.is_none(), "{} runs", self.code);
        copy(&self.data(), to);
    }

    /// Puts a copy of its database in the place of the one that it has.
    pub(crate) fn restore_data(&self, from: &Path) {
        assert!(self.process.is_none(), "{} runs", self.code);
        fs::remove_dir_all(self.data()).unwrap();
        copy(from, &self.data());
    }

    /// Moves the log of its votes away, as the runbooks say.
    pub(crate) fn move_votes_away(&self) {
        let free = (0..).map(|number| self.folder.join(format!("wal.old-{number}"))).find(|to| !to.exists());
        fs::rename(self.folder.join("wal"), free.unwrap()).unwrap();
    }

    /// The end of its input, which it takes for being told to stop.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.process.as_mut().and_then(|child| child.stdin.take()));
    }

    /// Waits until it has stopped; it must end well.
    pub(crate) async fn stopped(&mut self) {
        self.ask_to_stop();
        let Some(mut child) = self.process.take() else { return };
        let pid = child.id();
        let wait = tokio::task::spawn_blocking(move || child.wait().unwrap());
        let Ok(status) = tokio::time::timeout(STOP_LIMIT, wait).await else {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            panic!("the node of {} does not stop:\n{}", self.code, self.log_end(40));
        };
        let status = status.unwrap();
        assert!(status.success(), "{}: {status}\n{}", self.code, self.log_end(40));
    }

    /// Ends it by force together with its PostgreSQL: a failed test leaves nothing behind.
    pub(crate) fn end(&mut self) {
        if let Some(mut child) = self.process.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.kill_database();
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("node.log")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The last lines of its log.
    pub(crate) fn log_end(&self, count: usize) -> String {
        last_lines(&self.log(), count)
    }
}

/// A folder with owners and modes, as PostgreSQL wants them.
pub(crate) fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn last_lines(file: &Path, count: usize) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(count).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
