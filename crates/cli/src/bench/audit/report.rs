//! What `bench audit` says: the rate beside its goal, what each step takes, and what bounded the whole.

use databourse_audit::Finding;
use serde_json::{Map, Value, json};
use std::fmt;

/// Entries per second that an audit by re-execution is to reach.
const GOAL_PER_SECOND: u64 = 50_000;

/// What one step took for all entries, on one thread.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) ms: u64,
}

/// An audit that was timed, and its steps one by one.
pub(super) struct Measured {
    /// Entries of the whole audit.
    pub(super) entry_count: u64,
    /// How long it took by the clock.
    pub(super) wall_ms: u64,
    /// What it took of all processors.
    pub(super) cpu_ms: u64,
    pub(super) processor_count: u64,
    /// Records of the state that followed, and how many of them are licences.
    pub(super) record_count: usize,
    pub(super) licence_count: usize,
    /// The steps over the first `steps_entry_count` entries, each alone.
    pub(super) steps: Vec<Step>,
    pub(super) steps_entry_count: u64,
    pub(super) findings: Vec<Finding>,
}

impl Measured {
    fn rate(&self) -> u64 {
        per_second(self.entry_count, self.wall_ms)
    }

    /// What the audit waited for: the one thread that executes, or all processors.
    fn bound(&self) -> String {
        let Self { wall_ms, cpu_ms, processor_count, .. } = self;
        let of_whole = |ms: u64| (ms * self.entry_count).checked_div(self.steps_entry_count);
        let executing = self.steps.iter().find(|step| step.name == "execution");
        let executing_ms = executing.and_then(|step| of_whole(step.ms)).unwrap_or_default();
        if cpu_ms * 100 >= wall_ms * processor_count * 85 {
            let largest = self.steps.iter().max_by_key(|step| step.ms).map_or("", |step| step.name);
            format!("{processor_count} processors, of which {largest} take the most")
        } else if executing_ms * 100 >= wall_ms * 85 {
            "execution, which is on one thread".to_owned()
        } else {
            let all_ms = wall_ms * processor_count;
            format!(
                "neither processors ({cpu_ms} ms of {all_ms}) nor execution: the machine does something else"
            )
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let steps: Map<String, Value> =
            self.steps.iter().map(|step| (step.name.to_owned(), step.ms.into())).collect();
        json!({
            "entries": self.entry_count, "wall_ms": self.wall_ms, "cpu_ms": self.cpu_ms,
            "entries_per_second": self.rate(), "goal_per_second": GOAL_PER_SECOND, "bound": self.bound(),
            "steps_entries": self.steps_entry_count, "steps_ms": steps, "records": self.record_count,
            "licences": self.licence_count, "findings": self.findings,
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry_count, wall_ms, cpu_ms, record_count, licence_count, .. } = self;
        let rate = self.rate();
        let reached = 100 * rate / GOAL_PER_SECOND;
        writeln!(f, "{entry_count} entries audited in {wall_ms} ms with {cpu_ms} ms of processors")?;
        writeln!(
            f,
            "{rate} entries per second; the goal is {GOAL_PER_SECOND}, of which this is {reached} %"
        )?;
        writeln!(f, "{record_count} records, {licence_count} of them licences")?;
        let all: u64 = self.steps.iter().map(|step| step.ms).sum();
        for Step { name, ms } in &self.steps {
            let share = (100 * ms).checked_div(all).unwrap_or_default();
            let rate = per_second(self.steps_entry_count, *ms);
            writeln!(f, "  {name:<12} {ms:>8} ms  {share:>3} %  {rate:>9} entries per second on one thread")?;
        }
        writeln!(f, "bound by {}", self.bound())?;
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}

fn per_second(count: u64, ms: u64) -> u64 {
    (count * 1_000).checked_div(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(wall_ms: u64, cpu_ms: u64) -> Measured {
        let step = |(name, ms)| Step { name, ms };
        Measured {
            entry_count: 100_000,
            wall_ms,
            cpu_ms,
            processor_count: 2,
            record_count: 600_000,
            licence_count: 380_000,
            steps: [("reading", 10), ("decoding", 200), ("signatures", 500), ("execution", 900)]
                .map(step)
                .into(),
            steps_entry_count: 50_000,
            findings: Vec::new(),
        }
    }

    #[test]
    fn the_rate_stands_beside_its_goal() {
        let text = measured(2_000, 3_000).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "100000 entries audited in 2000 ms with 3000 ms of processors");
        assert_eq!(lines[1], "50000 entries per second; the goal is 50000, of which this is 100 %");
        assert_eq!(lines[6], "  execution         900 ms   55 %      55555 entries per second on one thread");
        let document = measured(8_000, 3_000).to_json();
        assert_eq!(
            (&document["entries_per_second"], &document["goal_per_second"]),
            (&12_500.into(), &50_000.into())
        );
    }

    /// Half of the entries take 900 ms to execute, so all of them take 1,800.
    #[test]
    fn what_bounded_an_audit_is_named() {
        let check = |wall_ms, cpu_ms, expected: &str| {
            let text = measured(wall_ms, cpu_ms).to_string();
            assert!(text.lines().any(|line| line == format!("bound by {expected}")), "{text}");
        };
        check(2_000, 3_000, "execution, which is on one thread");
        check(2_000, 3_900, "2 processors, of which execution take the most");
        let idle = "neither processors (3000 ms of 8000) nor execution: the machine does something else";
        check(4_000, 3_000, idle);
    }

    #[test]
    fn an_audit_of_nothing_has_no_rate() {
        let nothing = Measured { entry_count: 0, steps_entry_count: 0, steps: Vec::new(), ..measured(0, 0) };
        assert!(nothing.to_string().starts_with("0 entries audited in 0 ms"));
        assert_eq!(nothing.to_json()["entries_per_second"], 0);
    }
}
