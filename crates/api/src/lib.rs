//! HTTP: route, parse, call the exchange, render.
//!
//! ```text
//! request ─► observe (id, span, measures) ─► catch panic ─► deadline ─► gate (access table, token) ─► <noun>.rs ─► Node
//! ```
//!
//! One file per noun, complete with its schema and samples: `party right product shares offer order licence delivery refund
//! dispute voucher hold fee account tax schedule window instruction payment statement reconciliation breaks certificate anchor entry`, and `batch region proposal ledger events statistics counts health`. What they share: [`Problem`] is
//! every answer that is not a success, `extract` reads requests, `page` lists, `command` turns requests into commands and
//! acknowledgements into answers, [`routes`] says who may call what, [`token`] makes and verifies tokens.
//!
//! Deliberately absent: rules (a request is checked for its form here and for its meaning in `market`), SQL, TLS (a
//! proxy's work), sessions, rate limits.

mod access;
mod account;
mod anchor;
mod batch;
mod breaks;
mod certificate;
mod command;
mod counts;
mod delivery;
mod dispute;
mod entry;
mod events;
mod extract;
mod fee;
mod health;
mod hold;
mod instruction;
mod ledger;
mod licence;
mod middleware;
mod offer;
mod openapi;
mod order;
mod page;
mod party;
mod payment;
mod posting;
mod problem;
mod product;
mod proposal;
pub mod qr;
mod reconciliation;
mod refund;
mod region;
mod right;
mod scalar;
mod schedule;
mod server;
mod shares;
mod snapshot;
mod state;
mod statement;
mod statistics;
mod succession;
mod tax;
pub mod token;
mod verify;
mod voucher;
mod window;

pub use access::{Access, Route, routes};
pub use middleware::install_metrics;
pub use problem::Problem;
pub use server::{openapi, router, serve};
pub use state::ApiState;
