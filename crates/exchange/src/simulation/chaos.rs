//! What goes wrong with nodes and network, and when.

use super::{
    plan::{CODES, FOUNDERS, NODES},
    world::World,
};
use std::sync::Arc;

/// Lets things go wrong until the time of that is over, and then puts all in order but who is to stay away.
pub(super) async fn rage(world: &Arc<World>) {
    (0..FOUNDERS).for_each(|place| world.start_node(place));
    while world.time.now() < world.plan.fault_ms && world.failures().is_empty() {
        let ms = world.random().between(100, 2_000);
        world.time.sleep(ms).await;
        strike(world);
    }
    world.note(format_args!("calm"));
    world.calm_down();
    world.network.part([0; NODES]);
    if let Some(away) = world.plan.away {
        world.crash(away);
    }
    (0..FOUNDERS).filter(|place| world.plan.away != Some(*place)).for_each(|place| world.start_node(place));
}

fn strike(world: &Arc<World>) {
    let kind = world.random().below(10);
    match kind {
        0..3 if world.plan.has_crashes => {
            let place = world.random().place(NODES);
            fell(world, place);
        }
        3 if world.plan.has_crashes => (0..NODES).for_each(|place| fell(world, place)),
        4..6 if world.plan.has_partitions => {
            let mut groups = [0, 0, 1, 1, 1];
            if world.random().chance(600) {
                groups.iter_mut().for_each(|group| *group = u8::from(world.random().chance(400)));
            }
            world.note(format_args!("parts {groups:?}"));
            world.network.part(groups);
        }
        6..8 => {
            world.note(format_args!("heals"));
            world.network.part([0; NODES]);
        }
        8 if world.plan.disk_permille > 0 => {
            let place = world.random().place(NODES);
            let until = world.time.now() + world.random().between(100, 2_000);
            world.note(format_args!("the disk of {} is full", CODES[place]));
            world.disk(place).full_until_ms = until;
        }
        _ => {}
    }
}

/// Kills a node and starts it again a while later.
fn fell(world: &Arc<World>, place: usize) {
    if !world.is_up(place) {
        return;
    }
    world.crash(place);
    let ms = world.random().between(50, 3_000);
    let world = Arc::clone(world);
    tokio::spawn(async move {
        world.time.sleep(ms).await;
        if !(world.is_calm() && world.plan.away == Some(place)) {
            world.start_node(place);
        }
    });
}
