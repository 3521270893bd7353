//! A region: its exchanges' keys, files and nodes, and what its operators see and send.
//!
//! | module | what |
//! |---|---|
//! | `card` | the public half of an exchange: what it gives to the others |
//! | `genesis` | the file that a region is founded with, the same at every exchange |
//! | `node` | what of a node's keys and founding the region needs |
//! | `layout` | the files of each node in one folder, and the text of its configuration |
//! | `init` | makes them |
//! | `nodes` | nodes as child processes |
//! | `table`, `watch` | how the nodes are, once or live |
//! | `up` | all of it in one command: nodes, market, table, check |
//! | `run` | what a folder was played with |
//! | `trade` | purchases across exchanges without end |
//! | `agree` | whether all nodes show the same ledger |
//! | `closing` | the end of a ledger, and what its successor begins with |
//! | `proposals` | what is proposed, who voted how, what is missing |
//! | `member` | entries by which exchanges admit, leave, replace keys and suspend one another |
//!
//! Deliberately absent: agreement itself (`consensus`), membership rules (`party`), everything else that a node does.

pub(crate) mod agree;
pub(crate) mod card;
pub(crate) mod closing;
pub(crate) mod genesis;
pub(crate) mod init;
pub(crate) mod layout;
pub(crate) mod member;
pub(crate) mod node;
pub(crate) mod nodes;
pub(crate) mod proposals;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod table;
pub(crate) mod trade;
pub(crate) mod up;
pub(crate) mod watch;
