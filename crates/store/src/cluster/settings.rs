//! The server's settings. They are written anew at every start; what an operator sets with `ALTER SYSTEM` wins.

use super::{
    ClusterConfig, Durability,
    account::run,
    binaries::Binaries,
    error::{ClusterError, Doing as _},
    home::Home,
};
use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    path::Path,
};

/// The file inside the cluster that `postgresql.conf` includes.
pub(super) const FILE: &str = "databourse.conf";

/// Writes the settings file, whole or not at all.
pub(super) fn write(
    home: &Home,
    binaries: &Binaries,
    config: &ClusterConfig,
    socket_folder: &Path,
) -> Result<(), ClusterError> {
    let text = render(config, socket_folder, takes_lz4(home, binaries)?);
    let file = home.cluster().join(FILE);
    let draft = home.cluster().join("databourse.conf.new");
    File::create(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .doing(|| format!("write {}", draft.display()))?;
    home.account().give(&draft)?;
    fs::rename(&draft, &file).doing(|| format!("write {}", file.display()))
}

/// The text of the settings file.
fn render(config: &ClusterConfig, socket_folder: &Path, lz4: bool) -> String {
    // A list of folders, in which double quotes keep commas and spaces together.
    let socket = format!("\"{}\"", socket_folder.display());
    let shared_buffers = format!("{}MB", config.shared_buffers_mib);
    let connections = config.connections_max.to_string();
    let mut settings = vec![
        // Reached through its socket only.
        ("listen_addresses", ""),
        ("port", "5432"),
        ("unix_socket_directories", &*socket),
        ("unix_socket_permissions", "0700"),
        ("max_connections", &connections),
        // A small machine that runs an exchange beside it.
        ("shared_buffers", &shared_buffers),
        ("max_wal_size", "4GB"),
        ("wal_compression", if lz4 { "lz4" } else { "on" }),
        ("jit", "off"),
        // The same wherever it runs.
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("lc_messages", "C"),
        ("logging_collector", "off"),
        ("log_line_prefix", "%m [%p] %q%u@%d "),
    ];
    match config.durability {
        Durability::Full => {
            settings.extend([("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")]);
        }
        Durability::None => {
            settings.extend([("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")]);
        }
    }
    let mut text = String::from(
        "# Written by databourse at every start: changes here are lost. Use ALTER SYSTEM, or postgresql.auto.conf.\n",
    );
    for (name, value) in settings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    }
    text
}

/// Whether this build of PostgreSQL can compress its log with LZ4; a server given a value it does not know will not start.
fn takes_lz4(home: &Home, binaries: &Binaries) -> Result<bool, ClusterError> {
    let mut command = home.account().command(binaries.program("postgres"));
    command.arg("-D").arg(home.cluster()).args(["-C", "wal_compression", "-c", "wal_compression=lz4"]);
    Ok(run(command, "ask postgres for its compression")?.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_durable_and_closed_to_the_network_unless_a_test_says_otherwise() {
        let mut config = ClusterConfig::new("/data", Binaries::find().unwrap());
        let text = render(&config, Path::new("/data, mine/run"), true);
        for line in [
            "listen_addresses = ''",
            "unix_socket_directories = '\"/data, mine/run\"'",
            "fsync = 'on'",
            "synchronous_commit = 'on'",
            "full_page_writes = 'on'",
            "wal_compression = 'lz4'",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in {text}");
        }
        config.durability = Durability::None;
        assert!(render(&config, Path::new("/run"), false).contains("fsync = 'off'"));
    }
}
