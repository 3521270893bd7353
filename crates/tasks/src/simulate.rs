//! `cargo xtask simulate`: many seeds of the simulated region, in release.

use crate::run::{cargo, must};

/// The tests of the simulator, within the unit tests of the node.
const TESTS: [&str; 5] = ["test", "--release", "--package", "databourse-exchange", "--lib"];

/// Runs `seed_count` seeds from `first_seed` on; the first that fails is shown with its last events.
pub(crate) fn simulate(seed_count: u64, first_seed: u64) -> anyhow::Result<()> {
    let mut command = cargo(&TESTS);
    command.args(["simulation::", "--", "--nocapture"]);
    command.env("DATABOURSE_SIMULATION_SEEDS", seed_count.to_string());
    command.env("DATABOURSE_SIMULATION_SEED", first_seed.to_string());
    must(&mut command)
}
