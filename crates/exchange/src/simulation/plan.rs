//! What a seed decides before its run begins.

use super::random::Random;

/// How many exchanges found the region; one more may join.
pub(super) const FOUNDERS: usize = 4;
pub(super) const NODES: usize = 5;
pub(super) const CODES: [&str; NODES] = ["sh", "js", "zj", "ah", "fj"];

/// A defect that is put in on purpose, which the verdict has to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planted {
    Nothing,
    /// A disk says that a block is durable and forgets it when the power fails.
    VolatileDisk,
    /// A node whose disk gives one balance wrongly.
    AlteredBalance,
    /// An agreement that takes half for enough.
    HalfQuorum,
    /// An executor that answers before the block is durable.
    EarlyAnswer,
}

/// What a dishonest node does, now and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    ProposeRefused,
    ProposeOtherEffects,
    ProposeTwo,
    VoteTwice,
    HideCosignatures,
    ReplayMessages,
    ServeWrongBlocks,
}

const ACTS: [Act; 7] = [
    Act::ProposeRefused,
    Act::ProposeOtherEffects,
    Act::ProposeTwo,
    Act::VoteTwice,
    Act::HideCosignatures,
    Act::ReplayMessages,
    Act::ServeWrongBlocks,
];

/// What happens to the membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    None,
    Join,
    JoinAndLeave,
    SuspendAndReinstate,
    Suspend,
    ReplaceKey,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) planted: Planted,
    /// At most one of the founders, and what it does.
    pub(super) dishonest: Option<(usize, Vec<Act>)>,
    pub(super) story: Story,
    /// How many operations of a disk fail in a thousand.
    pub(super) disk_permille: u64,
    pub(super) loss_permille: u64,
    pub(super) double_permille: u64,
    pub(super) delay_ms_max: u64,
    pub(super) has_partitions: bool,
    pub(super) has_crashes: bool,
    /// How long things go wrong.
    pub(super) fault_ms: u64,
    /// Who stays away at first when they do not go wrong any more.
    pub(super) away: Option<usize>,
    pub(super) pool_capacity: usize,
    pub(super) outbox_capacity: usize,
    pub(super) working_set: usize,
    pub(super) skew_ms: [i64; NODES],
    pub(super) drift_ppm: [i64; NODES],
    pub(super) purchases: u64,
}

impl Plan {
    pub(super) fn draw(random: &mut Random, planted: Planted) -> Self {
        let is_dishonest = random.chance(400) && planted == Planted::Nothing;
        let dishonest = is_dishonest.then(|| {
            let place = random.place(FOUNDERS);
            (place, ACTS.into_iter().filter(|_| random.chance(500)).collect())
        });
        let stories = [
            Story::None,
            Story::None,
            Story::Join,
            Story::Join,
            Story::JoinAndLeave,
            Story::ReplaceKey,
            Story::SuspendAndReinstate,
            Story::Suspend,
        ];
        // Three votes that all count do not bear a dishonest one.
        let safe = if is_dishonest { &stories[..6] } else { &stories[..] };
        let story = random.pick(safe);
        let may_stay_away = !is_dishonest && !matches!(story, Story::Suspend | Story::SuspendAndReinstate);
        let mut skew_ms = [0; NODES];
        let mut drift_ppm = [0; NODES];
        for place in 0..NODES {
            skew_ms[place] = i64::try_from(random.below(4_000)).unwrap() - 2_000;
            drift_ppm[place] = i64::try_from(random.below(4_000)).unwrap() - 2_000;
        }
        let away = (may_stay_away && random.chance(250)).then(|| random.place(FOUNDERS));
        if random.chance(100) {
            // One that is slow takes every block to be from the future: it votes for none.
            let may_be_slow = may_stay_away && away.is_none();
            let is_slow = random.chance(500) && may_be_slow;
            skew_ms[random.place(FOUNDERS)] = if is_slow { -30_000 } else { 30_000 };
        }
        Self {
            planted,
            dishonest,
            story,
            disk_permille: random.pick(&[0, 5, 20, 60]),
            loss_permille: random.pick(&[0, 10, 50, 250]),
            double_permille: random.pick(&[0, 50]),
            delay_ms_max: random.pick(&[5, 30, 200]),
            has_partitions: random.chance(600) || planted == Planted::HalfQuorum,
            has_crashes: random.chance(700) || planted == Planted::VolatileDisk,
            fault_ms: random.between(8_000, 16_000),
            away,
            pool_capacity: random.pick(&[6, 1_000]),
            outbox_capacity: random.pick(&[2, 256]),
            working_set: random.pick(&[4, 64, 10_000]),
            skew_ms,
            drift_ppm,
            purchases: random.between(2, 5),
        }
    }

    pub(super) fn is_honest(&self, place: usize) -> bool {
        self.dishonest.as_ref().is_none_or(|(dishonest, _)| *dishonest != place)
    }

    pub(super) fn does(&self, place: usize, act: Act) -> bool {
        self.dishonest.as_ref().is_some_and(|(dishonest, acts)| *dishonest == place && acts.contains(&act))
    }
}
