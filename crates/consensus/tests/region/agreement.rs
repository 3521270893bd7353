//! Four nodes that do what they should.

use crate::{
    app::{MemoryApp, Pool, entry_id},
    node::{Node, Region, agree, app_alone, code, within},
};
use databourse_consensus::{End, Orderer, PeerMessage, Solo};
use databourse_primitives::EntryId;

async fn all_commit(nodes: &[Node], command: EntryId) {
    for node in nodes {
        node.commits(command).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_agree_on_the_same_blocks_whoever_receives_the_commands() {
    let region = Region::new();
    let nodes = region.start_voters();
    for number in 0..12 {
        nodes[number as usize % 4].pool.submit(number, "hello");
    }
    for number in 0..12 {
        all_commit(&nodes, entry_id(number)).await;
    }
    agree(&nodes.iter().map(|node| node.store.clone()).collect::<Vec<_>>());
    for node in nodes {
        assert_eq!(node.store.commands().len(), 12, "each command once");
        assert_eq!(node.halt().await, End::Halted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_region_makes_no_block_until_a_command_comes_to_any_one_node() {
    let region = Region::new();
    let mut nodes = region.start_voters();
    let mut height = 0;
    for node in &mut nodes {
        height = height.max(node.idles().await.0);
    }
    for node in &nodes {
        node.reaches(height - 1).await;
    }
    for place in [2, 0] {
        for node in &mut nodes {
            node.idles().await;
        }
        let before = nodes[0].store.height.borrow().0;
        let command = nodes[place].pool.submit(before, "wake up");
        all_commit(&nodes, command).await;
        let after = nodes[0].store.height.borrow().0;
        assert!((1..=5).contains(&(after - before)), "at most a turn of each: {before} to {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_of_an_idle_region_is_a_block_without_commands() {
    let mut region = Region::new();
    region.idle_period = std::time::Duration::from_millis(100);
    let nodes = region.start_voters();
    for node in &nodes {
        node.reaches(4).await;
    }
    assert_eq!(nodes[0].store.commands(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_every_other_node_with_the_name_of_its_sender() {
    let region = Region::new();
    let mut nodes: Vec<_> = (0..5).map(|place| region.start(place)).collect();
    for (place, node) in nodes.iter_mut().enumerate() {
        let status = node.shows("all connected", |status| status.connected.len() == 4).await;
        assert!(!status.connected.contains(&code(place)));
    }
    // Connections are there before the others are known to listen on them: a message is said until it is heard.
    let (say, long) = (nodes[1].say.clone(), vec![7; 1_048_577]);
    let speaker = tokio::spawn(async move {
        say.send(long).await.unwrap();
        while say.send(b"hear".to_vec()).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    for place in [0, 2, 3, 4] {
        let heard = within("a message", nodes[place].hear.recv()).await.unwrap();
        assert_eq!(heard, PeerMessage { from: Some(code(1)), bytes: b"hear".to_vec() });
    }
    speaker.abort();
    nodes[1].shows("the long message is dropped", |status| status.gossip_dropped == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_application_has_nothing_more_to_do_ends() {
    let region = Region::new();
    let mut nodes = region.start_voters();
    let last = nodes.pop().unwrap();
    last.reaches(1).await;
    last.pool.close();
    assert_eq!(last.ends().await, End::Drained);
}

/// Runs an engine of a region of one on three commands, until it has nothing more to do.
async fn ordered_alone(engine: impl Orderer, app: MemoryApp, failures: u32) -> Vec<EntryId> {
    let pool = Pool { store: app.store.clone(), work: app.work.clone() };
    for number in 0..3 {
        pool.submit(number, "alone");
    }
    pool.close();
    pool.store.fail(failures);
    let (_halt, halted) = tokio::sync::watch::channel(false);
    let (app, end) = within("the end", engine.run(app, halted)).await;
    assert_eq!(end, End::Drained);
    app.store.commands()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_region_of_one_both_engines_order_everything_and_then_end() {
    let all = [0, 1, 2].map(entry_id);
    for failures in 0..4 {
        assert_eq!(ordered_alone(Solo, app_alone(), failures).await, all);
        let (engine, app) = Region::new().alone();
        assert_eq!(ordered_alone(engine, app, failures).await, all);
    }
}

/// Prints how fast four engines order; run with `--ignored --nocapture` and `--release`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn the_rate_of_ordering() {
    let mut region = Region::new();
    region.idle_period = std::time::Duration::ZERO;
    let nodes = region.start_voters();
    nodes[0].reaches(5).await;
    let (begin, from) = (tokio::time::Instant::now(), nodes[0].store.height.borrow().0);
    nodes[0].reaches(from + 200).await;
    println!("200 empty blocks in {:?}", begin.elapsed());
    let (begin, from) = (tokio::time::Instant::now(), nodes[0].store.height.borrow().0);
    for number in 0..20_000 {
        nodes[number as usize % 4].pool.submit(number, &"x".repeat(700));
    }
    for number in 19_996..20_000 {
        nodes[0].commits(entry_id(number)).await;
    }
    let blocks = nodes[0].store.height.borrow().0 - from;
    println!("20,000 commands of about 1 KB in {:?}, {blocks} blocks", begin.elapsed());
}
