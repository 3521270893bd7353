//! How the nodes of a region are, as a table: one row per exchange.

use crate::settle::table::Table;
use databourse_client::{NodeState, RegionHealth};
use databourse_primitives::{ExchangeCode, Height};
use serde::Serialize;

/// From when on a command that waits is worth a word, milliseconds.
const UNFINAL_MS: u64 = 5_000;
/// Below how much free space on its disk a node is worth a word: 2 GiB.
const DISK_BYTES: u64 = 2 << 30;

/// The kind of fault that has words of its own.
const REJECTED: &str = "rejected_proposal";

/// What is known of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Seen {
    /// What it says of itself.
    Health(Box<RegionHealth>),
    /// It does not answer yet.
    Starting,
    /// It does not answer, and why.
    Unreachable(String),
    /// Its process ended, and how.
    Ended(String),
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) exchange: ExchangeCode,
    pub(crate) seen: Seen,
    /// Purchases per second that its buyers made, in tenths; `None` if nobody counts.
    pub(crate) purchase_tenths_per_second: Option<u64>,
}

impl Row {
    fn health(&self) -> Option<&RegionHealth> {
        match &self.seen {
            Seen::Health(health) => Some(health),
            _ => None,
        }
    }

    /// Whether nobody has to look at it.
    pub(crate) fn is_well(&self) -> bool {
        let well = |health: &RegionHealth| {
            health.state == NodeState::Running && health.evidence.is_empty() && health.forks.is_empty()
        };
        self.health().is_some_and(well)
    }

    /// How many blocks it lacks, by its own word. One that does not know how far the others are has not seen them for a
    /// while: then it is what they say.
    fn lag(&self, highest: Option<Height>) -> u64 {
        let Some(health) = self.health() else { return 0 };
        let beyond = highest.map_or(0, |highest| highest.0.saturating_sub(health.height.0));
        match health.lag {
            Some(lag) if health.state == NodeState::Running => lag,
            Some(lag) => lag.max(beyond),
            None => beyond,
        }
    }

    fn state(&self) -> String {
        let health = match &self.seen {
            Seen::Health(health) => health,
            Seen::Starting => return "starting 启动中".to_owned(),
            Seen::Unreachable(why) => return format!("does not answer 无应答: {why}"),
            Seen::Ended(how) => return format!("ended 已退出: {how}"),
        };
        let mut words = state_words(health.state).to_owned();
        let evidence: Vec<_> =
            health.evidence.iter().map(|found| format!("{} ×{}", found.exchange, found.count)).collect();
        if !evidence.is_empty() {
            words += &format!(", double signing 双签 {}", evidence.join(" "));
        }
        for fork in &health.forks {
            words += &format!(", {} signed another root 根不同 at {} entries", fork.exchange, fork.size);
        }
        let missing: Vec<_> =
            health.missing_cosigners.iter().map(|one| format!("{} ×{}", one.exchange, one.count)).collect();
        if !missing.is_empty() {
            words += &format!(", not cosigned 未联署 by {}", missing.join(" "));
        }
        for fault in health.faults.iter().filter(|fault| fault.kind != REJECTED) {
            words += &format!(", {} 违规 {} ×{}", fault.exchange, fault.kind, fault.count);
        }
        if let Some(block) = &health.rejected {
            let (height, proposer) = (block.height, &block.proposer);
            words += &format!(", voted down 否决 block {height} of {proposer}: {}", block.reason);
        }
        if let Some(why) = &health.stopped {
            words += &format!(": {why}");
        }
        if let Some(ms) = health.oldest_unfinal_ms.filter(|ms| *ms >= UNFINAL_MS) {
            words += &format!(", waits 等待 {} s", ms / 1_000);
        }
        if let Some(bytes) = health.disk_free_bytes.filter(|bytes| *bytes < DISK_BYTES) {
            words += &format!(", disk 磁盘 {} MiB left", bytes >> 20);
        }
        words
    }
}

/// What a node is doing, in both languages.
const fn state_words(state: NodeState) -> &'static str {
    match state {
        NodeState::Running => "running 运行",
        NodeState::CatchingUp => "catching up 追赶",
        NodeState::NoQuorum => "no quorum 不足三分之二",
        NodeState::Halted => "halted 停摆",
        NodeState::Diverged => "diverged 分歧",
        NodeState::Unknown => "unknown 未知",
    }
}

/// The table of all nodes.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut table = Table::new([
        "exchange 交易所",
        "height 高度>",
        "lag 落后>",
        "peers 对等>",
        "cosigned 联署>",
        "entries 条目>",
        "purchases/s 成交>",
        "state 状态",
    ]);
    let healths = || rows.iter().filter_map(Row::health);
    let highest = healths().map(|health| health.height.max(health.highest_height)).max();
    for row in rows {
        let rate = row.purchase_tenths_per_second.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
        let mut cells: [String; 5] = std::array::from_fn(|_| "–".to_owned());
        if let Some(health) = row.health() {
            let connected = health.peers.iter().filter(|peer| peer.connected).count();
            cells = [
                health.height.to_string(),
                row.lag(highest).to_string(),
                format!("{connected}/{}", health.peers.len()),
                format!("{}/{}", health.cosigners.len(), health.peers.len() + 1),
                health.final_size.to_string(),
            ];
        }
        let [height, lag, peers, cosigned, entries] = cells;
        let rate = rate.unwrap_or_else(|| "–".to_owned());
        table.row([row.exchange.to_string(), height, lag, peers, cosigned, entries, rate, row.state()]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use databourse_client::{EvidenceCount, FaultCount, Fork, MissingCosigner, PeerHealth, RejectedBlock};

    fn health(code: &str, height: u64) -> RegionHealth {
        let peer = |code: &str, connected| PeerHealth { exchange: code.parse().unwrap(), connected };
        RegionHealth {
            exchange: code.parse().unwrap(),
            height: Height(height),
            height_age_ms: 3,
            highest_height: Height(height),
            lag: None,
            missing_cosigners: Vec::new(),
            faults: Vec::new(),
            peers: vec![peer("ah", true), peer("js", true), peer("zj", false)],
            cosigners: ["sh", "js", "ah"].map(|code| code.parse().unwrap()).into(),
            final_size: 1_234,
            evidence: Vec::new(),
            forks: Vec::new(),
            rejected: None,
            oldest_unfinal_ms: None,
            disk_free_bytes: Some(50 << 30),
            state: NodeState::Running,
            stopped: None,
        }
    }

    fn row(code: &str, seen: Seen, tenths: Option<u64>) -> Row {
        Row { exchange: code.parse().unwrap(), seen, purchase_tenths_per_second: tenths }
    }

    #[test]
    fn a_row_says_how_far_behind_how_connected_and_how_well_a_node_is() {
        let behind = RegionHealth { state: NodeState::CatchingUp, ..health("js", 95) };
        let rows = [
            row("sh", Seen::Health(Box::new(health("sh", 105))), Some(123)),
            row("js", Seen::Health(Box::new(behind)), Some(0)),
            row("zj", Seen::Ended("signal: 9 (SIGKILL)".to_owned()), None),
            row("ah", Seen::Starting, None),
        ];
        let text = render(&rows);
        let lines: Vec<Vec<&str>> =
            text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["sh", "105", "0", "2/3", "3/4", "1234", "12.3", "running", "运行"]);
        assert_eq!(lines[1], ["js", "95", "10", "2/3", "3/4", "1234", "0.0", "catching", "up", "追赶"]);
        assert_eq!(lines[2][..7], ["zj", "–", "–", "–", "–", "–", "–"]);
        assert!(text.contains("ended 已退出: signal: 9") && text.contains("starting 启动中"), "{text}");
        assert_eq!(rows.map(|row| row.is_well()), [true, false, false, false]);
    }

    #[test]
    fn what_an_operator_must_act_on_is_said() {
        let js = EvidenceCount { exchange: "js".parse().unwrap(), count: 2 };
        let found = RegionHealth {
            evidence: vec![js],
            oldest_unfinal_ms: Some(12_400),
            disk_free_bytes: Some(300 << 20),
            ..health("sh", 7)
        };
        let found = row("sh", Seen::Health(Box::new(found)), None);
        let text = render(std::slice::from_ref(&found));
        assert!(
            text.contains("double signing 双签 js ×2, waits 等待 12 s, disk 磁盘 300 MiB left"),
            "{text}"
        );
        assert!(!found.is_well());
        let forked = RegionHealth {
            forks: vec![Fork { exchange: "zj".parse().unwrap(), size: 12 }],
            rejected: Some(RejectedBlock {
                height: Height(9),
                proposer: "zj".parse().unwrap(),
                reason: "entry 3: order.unknown".to_owned(),
            }),
            ..health("sh", 7)
        };
        let forked = row("sh", Seen::Health(Box::new(forked)), None);
        let text = render(std::slice::from_ref(&forked));
        assert!(text.contains("zj signed another root 根不同 at 12 entries"), "{text}");
        assert!(text.contains("voted down 否决 block 9 of zj: entry 3: order.unknown"), "{text}");
        assert!(!forked.is_well());
        let calm = render(&[row("sh", Seen::Health(Box::new(health("sh", 7))), None)]);
        assert!(!calm.contains("waits") && !calm.contains("disk"), "{calm}");
    }

    #[test]
    fn a_height_that_only_a_peer_knows_is_a_lag_too() {
        let alone = RegionHealth { highest_height: Height(40), ..health("sh", 33) };
        let text = render(&[row("sh", Seen::Health(Box::new(alone)), None)]);
        let cells: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(cells[1..3], ["33", "7"]);
    }

    #[test]
    fn a_node_that_says_that_it_lacks_nothing_is_not_behind_because_others_were_asked_later() {
        let row_of = |code, height, state| {
            let health = RegionHealth { lag: Some(0), state, ..health(code, height) };
            row(code, Seen::Health(Box::new(health)), None)
        };
        let rows = [
            row_of("sh", 105, NodeState::Running),
            row_of("js", 104, NodeState::Running),
            // Cut off: it does not know what the others have.
            row_of("zj", 90, NodeState::NoQuorum),
        ];
        let text = render(&rows);
        let lags: Vec<&str> =
            text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2)).collect();
        assert_eq!(lags, ["0", "0", "15"]);
    }

    #[test]
    fn who_hides_cosignatures_or_gives_wrong_blocks_is_named() {
        let zj = || "zj".parse().unwrap();
        let fault = |kind: &str| FaultCount { exchange: zj(), kind: kind.to_owned(), count: 3 };
        let found = RegionHealth {
            missing_cosigners: vec![MissingCosigner { exchange: zj(), count: 12 }],
            faults: vec![fault("wrong_block"), fault("rejected_proposal")],
            ..health("sh", 7)
        };
        let text = render(&[row("sh", Seen::Health(Box::new(found)), None)]);
        assert!(text.contains("not cosigned 未联署 by zj ×12, zj 违规 wrong_block ×3"), "{text}");
        assert!(!text.contains("rejected_proposal"), "{text}");
    }
}
