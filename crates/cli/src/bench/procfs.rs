//! What Linux tells of processors and disks, read from /proc; nothing on other systems.

use crate::play::timer::Timer;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

/// Length of a tick of /proc in milliseconds: `USER_HZ` is 100 on every Linux of today.
const TICK_MS: u64 = 10;

/// Processor time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    /// By this process: the client, and the node if it is here.
    pub(crate) own_ms: u64,
    /// By nodes that are processes of their own.
    pub(crate) nodes_ms: u64,
    /// By PostgreSQL's servers and their sessions.
    pub(crate) postgres_ms: u64,
    /// By the whole machine.
    pub(crate) all_ms: u64,
}

impl Cpu {
    /// Reads it for these nodes and servers; a part that cannot be read is 0.
    pub(crate) fn read(nodes: &[u32], servers: &[u32]) -> Self {
        let stat = |path: String| fs::read_to_string(path).ok().and_then(|text| Process::parse(&text));
        let ticks = |process: Process| process.ticks;
        let own = stat("/proc/self/stat".to_owned()).map_or(0, ticks);
        let nodes = nodes.iter().map(|pid| stat(format!("/proc/{pid}/stat")).map_or(0, ticks));
        let ms = |ticks: u64| ticks.saturating_mul(TICK_MS);
        Self {
            own_ms: ms(own),
            nodes_ms: ms(nodes.sum()),
            postgres_ms: ms(servers.iter().map(|pid| family_ticks(*pid)).sum()),
            all_ms: ms(machine_ticks().unwrap_or_default()),
        }
    }

    /// What was used after `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self {
            own_ms: self.own_ms.saturating_sub(earlier.own_ms),
            nodes_ms: self.nodes_ms.saturating_sub(earlier.nodes_ms),
            postgres_ms: self.postgres_ms.saturating_sub(earlier.postgres_ms),
            all_ms: self.all_ms.saturating_sub(earlier.all_ms),
        }
    }

    /// Used by none of these: other programs, and the kernel on nobody's account.
    pub(crate) const fn others_ms(self) -> u64 {
        self.all_ms.saturating_sub(self.own_ms + self.nodes_ms + self.postgres_ms)
    }
}

/// The part of proc_pid_stat(5) that counts.
struct Process {
    parent: u32,
    /// User and system time of all its threads.
    ticks: u64,
    /// The same of its children that ended.
    ended_ticks: u64,
}

impl Process {
    fn parse(stat: &str) -> Option<Self> {
        // The name in parentheses may hold anything; after it stand numbers, the third field of the line first.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            ticks: number(11)?.checked_add(number(12)?)?,
            ended_ticks: number(13)?.checked_add(number(14)?)?,
        })
    }
}

/// Time of a process and its children, those that ended included.
fn family_ticks(root: u32) -> u64 {
    let mut ticks = 0_u64;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).ok();
        match stat.and_then(|text| Process::parse(&text)) {
            Some(process) if pid == root => {
                ticks = ticks.saturating_add(process.ticks).saturating_add(process.ended_ticks);
            }
            Some(process) if process.parent == root => ticks = ticks.saturating_add(process.ticks),
            _ => {}
        }
    }
    ticks
}

/// User, nice, system, irq and softirq of all processors; not idle, iowait or time stolen by a host.
fn machine_ticks() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> =
        text.lines().next()?.split_whitespace().skip(1).map_while(|f| f.parse().ok()).collect();
    Some([0, 1, 2, 5, 6].iter().filter_map(|index| fields.get(*index)).sum())
}

/// The machine in one line: processors, their model, memory.
pub(crate) fn machine() -> String {
    let line = |file: &str, name: &str| {
        let text = fs::read_to_string(file).ok()?;
        let (_, value) = text.lines().find(|line| line.starts_with(name))?.split_once(':')?;
        Some(value.trim().to_owned())
    };
    let model = line("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = line("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".to_owned());
    format!("{} processors ({model}), memory {memory}", cores())
}

/// How many processors this process may use.
pub(crate) fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u64)
}

/// The median time in microseconds to make 8 KiB durable in `folder`, which bounds commits from below.
pub(crate) fn sync_micros(folder: &Path) -> std::io::Result<u64> {
    const TRIES: usize = 31;
    let path = folder.join("sync-probe");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        file.write_all(&[0; 8_192])?;
        let timer = Timer::start();
        file.sync_data()?;
        times.push(u64::try_from(timer.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times.get(TRIES / 2).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "7 (a) b (c)) S 3 7 7 0 -1 4194560 1 2 3 4 50 60 70 80 20 0 1 0 5";
        let process = Process::parse(stat).unwrap();
        assert_eq!((process.parent, process.ticks, process.ended_ticks), (3, 110, 150));
        assert!(Process::parse("7 (a S 3").is_none());
    }
}
