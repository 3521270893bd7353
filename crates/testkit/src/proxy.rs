//! A man in the middle of the connections to PostgreSQL, who cuts the one that commits at a chosen message.
//!
//! A commit is a row of protocol messages from `BEGIN` to `COMMIT`. The proxy counts them on the writing session and, at
//! the chosen one, ends the connection: before the message, in the middle of it, or after the server has had it and before
//! its reply is passed on. So every write of a commit can fail, be torn, or be kept without anybody being told.

use crate::{ScratchFolder, scratch_folder};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};
use tokio_postgres::{Config, config::Host};

/// Port in the name of the socket; nothing listens on the network.
const PORT: u16 = 5432;
/// What the writing session calls itself when it connects.
const WRITER: &[u8] = b"databourse writer";
/// How long the server is waited for to answer what is then withheld.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How a message fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The server never gets it.
    Lost,
    /// The server gets half of it.
    Torn,
    /// The server gets it and has answered; the answer is lost.
    Unanswered,
}

/// What is to fail.
#[derive(Debug, Default)]
struct Plan {
    fault: Option<(Fault, usize)>,
    /// How many commits in a row.
    times: usize,
    fired: usize,
}

/// See the module.
#[derive(Debug)]
pub struct FaultProxy {
    folder: ScratchFolder,
    config: Config,
    plan: Arc<Mutex<Plan>>,
    listener: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy in front of the server of `config`, which is reached by a socket.
    ///
    /// # Panics
    /// When its own socket cannot be made.
    pub fn start(config: &Config) -> Self {
        let folder = scratch_folder();
        let server = match config.get_hosts() {
            [Host::Unix(path)] => {
                path.join(format!(".s.PGSQL.{}", config.get_ports().first().copied().unwrap_or(PORT)))
            }
            other => panic!("a server that is reached by a socket, not {other:?}"),
        };
        let mut proxied = Config::new();
        proxied.host_path(folder.path()).port(PORT);
        if let (Some(user), Some(name)) = (config.get_user(), config.get_dbname()) {
            proxied.user(user).dbname(name);
        }
        let socket = folder.path().join(format!(".s.PGSQL.{PORT}"));
        let listener = UnixListener::bind(socket).expect("a socket of the proxy's own");
        let plan = Arc::<Mutex<Plan>>::default();
        let shared = Arc::clone(&plan);
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (plan, server) = (Arc::clone(&shared), server.clone());
                tokio::spawn(async move {
                    // However it ends, both sides see that the connection is gone.
                    let _ = pass(client, server, &plan).await;
                });
            }
        });
        Self { folder, config: proxied, plan, listener }
    }

    /// How to connect through it.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("a plan that nobody broke")
    }

    /// Lets the `message`th message, from 1, of each of the next `times` commits fail.
    pub fn arm(&self, fault: Fault, message: usize, times: usize) {
        *self.plan() = Plan { fault: Some((fault, message)), times, fired: 0 };
    }

    /// Lets everything pass again; how often something failed since [`FaultProxy::arm`].
    pub fn disarm(&self) -> usize {
        std::mem::take(&mut *self.plan()).fired
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Bytes of one direction, cut into messages.
#[derive(Default)]
struct Messages(Vec<u8>);

impl Messages {
    /// The next whole message: a kind, and a length that counts itself.
    fn next(&mut self) -> Option<Vec<u8>> {
        let length = u32::from_be_bytes(self.0.get(1..5)?.try_into().ok()?) as usize;
        if self.0.len() <= length {
            return None;
        }
        let rest = self.0.split_off(length + 1);
        Some(std::mem::replace(&mut self.0, rest))
    }
}

/// Whether a simple query begins so.
fn is_query(message: &[u8], word: &[u8]) -> bool {
    message.first() == Some(&b'Q') && message.get(5..).is_some_and(|text| text.starts_with(word))
}

async fn pass(mut client: UnixStream, server: PathBuf, plan: &Mutex<Plan>) -> io::Result<()> {
    let mut server = UnixStream::connect(server).await?;
    // The first message has no kind.
    let length = client.read_u32().await?;
    let mut hello = vec![0; (length as usize).saturating_sub(4)];
    client.read_exact(&mut hello).await?;
    server.write_u32(length).await?;
    server.write_all(&hello).await?;
    let is_writer = hello.windows(WRITER.len()).any(|part| part == WRITER);
    let (mut asked, mut answered) = (Messages::default(), Messages::default());
    // Messages of the commit under way; answers that the server owes.
    let (mut count, mut owed) = (0_usize, 0_usize);
    let (mut from_client, mut from_server) = (Vec::with_capacity(65_536), Vec::with_capacity(65_536));
    loop {
        tokio::select! {
            read = client.read_buf(&mut from_client) => {
                if read? == 0 {
                    return Ok(());
                }
                asked.0.append(&mut from_client);
                while let Some(message) = asked.next() {
                    if is_query(&message, b"BEGIN") || is_query(&message, b"START") {
                        count = 1;
                    } else if count > 0 {
                        count += 1;
                    }
                    let fault = if is_writer && count > 0 { take(plan, count) } else { None };
                    match fault {
                        Some(Fault::Lost) => return Ok(()),
                        Some(Fault::Torn) => {
                            server.write_all(&message[..message.len().div_ceil(2)]).await?;
                            return server.shutdown().await;
                        }
                        _ => server.write_all(&message).await?,
                    }
                    owed += usize::from(matches!(message.first(), Some(b'Q' | b'S')));
                    if fault.is_some() {
                        let answers = drain(&mut server, &mut answered, owed);
                        let _ = tokio::time::timeout(ANSWER_LIMIT, answers).await;
                        return Ok(());
                    }
                    if is_query(&message, b"COMMIT") || is_query(&message, b"ROLLBACK") {
                        count = 0;
                    }
                }
            }
            read = server.read_buf(&mut from_server) => {
                if read? == 0 {
                    return Ok(());
                }
                client.write_all(&from_server).await?;
                answered.0.append(&mut from_server);
                while let Some(message) = answered.next() {
                    owed = owed.saturating_sub(usize::from(message.first() == Some(&b'Z')));
                }
            }
        }
    }
}

/// Reads answers, and tells nobody, until none is owed any more.
async fn drain(server: &mut UnixStream, answered: &mut Messages, mut owed: usize) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(65_536);
    while owed > 0 {
        if server.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        answered.0.append(&mut bytes);
        while let Some(message) = answered.next() {
            owed = owed.saturating_sub(usize::from(message.first() == Some(&b'Z')));
        }
    }
    Ok(())
}

/// Whether this message of a commit is the one that fails.
fn take(plan: &Mutex<Plan>, count: usize) -> Option<Fault> {
    let mut plan = plan.lock().ok()?;
    let (fault, message) = plan.fault?;
    if count != message || plan.fired == plan.times {
        return None;
    }
    plan.fired += 1;
    Some(fault)
}
