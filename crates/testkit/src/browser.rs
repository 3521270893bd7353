//! A real browser: headless Chromium, driven by the Chrome DevTools Protocol over two named pipes. It is installed when
//! it is absent; a test that needs it fails without it.

use crate::{
    ScratchFolder,
    outside::{apt_install, must, runs},
    scratch_folder,
};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// How long an answer may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(180);

/// A browser with one page. It ends when it is dropped.
pub struct Browser {
    child: Child,
    commands: File,
    answers: Receiver<Value>,
    events: VecDeque<Value>,
    session: String,
    command_count: u64,
    _profile: ScratchFolder,
}

impl Browser {
    /// Starts one with an empty profile that asks nobody for updates.
    ///
    /// # Panics
    /// When it cannot be had or does not start.
    pub fn start() -> Self {
        if !runs(Command::new("chromium").arg("--version")) {
            apt_install("chromium");
        }
        let profile = scratch_folder();
        let (input, output) = (profile.path().join("commands"), profile.path().join("answers"));
        must(Command::new("mkfifo").args([&input, &output]));
        // Chromium reads commands at descriptor 3 and answers at 4, each message with a zero byte behind it.
        let mut command = Command::new("sh");
        command.args(["-c", "in=$1 out=$2; shift 2; exec chromium \"$@\" 3<\"$in\" 4>\"$out\"", "sh"]);
        command
            .args([&input, &output])
            .arg(format!("--user-data-dir={}", profile.path().join("p").display()));
        command.args([
            "--headless",
            "--remote-debugging-pipe",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en-US",
        ]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("a shell");
        let commands = File::options().write(true).open(&input).expect("the pipe of commands");
        let output = BufReader::new(File::open(&output).expect("the pipe of answers"));
        let (sender, answers) = channel();
        thread::spawn(move || {
            for message in output.split(0) {
                let Ok(message) = message else { break };
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            commands,
            answers,
            events: VecDeque::new(),
            session: String::new(),
            command_count: 0,
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Sends one command and waits for its result.
    ///
    /// # Panics
    /// When the browser refuses it, or is gone.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.command_count += 1;
        let mut command = json!({ "id": self.command_count, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("a browser that reads");
        loop {
            let mut message = self.answers.recv_timeout(PATIENCE).expect("a browser that answers");
            if message["id"] == self.command_count {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push_back(message);
        }
    }

    /// Goes to an address and waits until the page is loaded.
    ///
    /// # Panics
    /// When it cannot be loaded.
    pub fn open(&mut self, url: &str) {
        // Another place first: an address that differs behind the `#` only would not be loaded.
        for url in ["about:blank", url] {
            let gone = self.call("Page.navigate", json!({ "url": url }));
            assert!(gone.get("errorText").is_none(), "{url}: {gone}");
            self.evaluate("new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))");
        }
    }

    /// Evaluates JavaScript in the page, awaits it and gives its value.
    ///
    /// # Panics
    /// When it throws.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let parameters = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", parameters);
        assert!(result.get("exceptionDetails").is_none(), "{script}: {result}");
        result["result"]["value"].take()
    }

    /// Waits until the JavaScript expression holds.
    ///
    /// # Panics
    /// When it never does.
    pub fn wait_until(&mut self, condition: &str) {
        let script = format!(
            "new Promise((done, fail) => {{ let left = 3000; const look = () => {{ if ({condition}) done(); \
             else if (left-- > 0) setTimeout(look, 20); else fail(document.body.innerText); }}; look(); }})"
        );
        self.evaluate(&script);
    }

    /// Gives a file to the `<input type=file>` that the CSS selector names.
    ///
    /// # Panics
    /// When there is none.
    pub fn choose_file(&mut self, selector: &str, file: &Path) {
        let input = json!({ "expression": format!("document.querySelector({})", json!(selector)) });
        let input = self.call("Runtime.evaluate", input);
        let files = json!({ "files": [file], "objectId": input["result"]["objectId"] });
        self.call("DOM.setFileInputFiles", files);
    }

    /// Sets the size of the window in CSS pixels and how many pixels of the screen each is wide.
    ///
    /// # Panics
    /// When the browser is gone.
    pub fn resize(&mut self, width: u32, height: u32, scale: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// A picture of the whole page, as base64 of a PNG.
    ///
    /// # Panics
    /// When the browser is gone.
    pub fn picture(&mut self) -> String {
        let picture = json!({ "format": "png", "captureBeyondViewport": true });
        self.call("Page.captureScreenshot", picture)["data"].as_str().expect("a picture").to_owned()
    }

    /// Everything since the start that a good page does not do: errors and warnings in the console (among them what
    /// the content security policy forbade), exceptions, requests to any place that does not begin with one of
    /// `allowed`.
    pub fn complaints(&mut self, allowed: &[&str]) -> Vec<String> {
        self.call("Runtime.enable", json!({}));
        let complaint = |event: &Value| {
            let parameters = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" => Some(parameters.to_string()),
                "Log.entryAdded"
                    if ["warning", "error"].contains(&parameters["entry"]["level"].as_str()?) =>
                {
                    Some(parameters.to_string())
                }
                "Runtime.consoleAPICalled" if parameters["type"] != "log" => Some(parameters.to_string()),
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str()?;
                    let is_allowed = allowed.iter().any(|allowed| url.starts_with(allowed));
                    (!is_allowed).then(|| format!("request to {url}"))
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(complaint).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
