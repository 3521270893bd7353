//! `audit`: everything again, from the entries.

use crate::{args::audit::AuditArgs, audit::session};
use serde_json::json;
use std::process::ExitCode;

/// Exit code 0 without a finding, 2 with one, 1 if the audit could not be made.
pub(crate) async fn run(args: AuditArgs) -> ExitCode {
    match session::run(&args).await {
        Ok(report) => {
            if args.json {
                println!("{}", serde_json::to_value(&report).unwrap_or_default());
            } else {
                print!("{report}");
            }
            ExitCode::from(if report.findings.is_empty() { 0 } else { 2 })
        }
        Err(error) => {
            if args.json {
                println!("{}", json!({ "error": format!("{error:#}") }));
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
