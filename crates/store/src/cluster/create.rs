//! Making a new cluster. It is made under another name and renamed when it is whole, so that a kill at any moment
//! leaves either no cluster or a good one.

use super::{
    CLUSTER_DATABASE, CLUSTER_USER,
    account::{last_lines, run_well},
    binaries::Binaries,
    error::{ClusterError, Doing as _},
    home::Home,
    settings,
};
use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

/// Sees that the place has a cluster that `binaries` can run, making one if there is none; answers with the programs
/// to use, which are of the cluster's own major version.
pub(super) fn ensure(
    home: &Home,
    binaries: Binaries,
    template: Option<&Path>,
) -> Result<Binaries, ClusterError> {
    let folder = home.cluster();
    match fs::read_to_string(folder.join("PG_VERSION")) {
        Ok(text) => return for_version(text.trim(), binaries, folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(source).doing(|| format!("read {}", folder.join("PG_VERSION").display())),
    }
    // An empty folder may go; anything else is not ours to delete.
    if folder.exists() && fs::remove_dir(&folder).is_err() {
        return Err(ClusterError::NotACluster { folder });
    }
    let draft = draft_folder(home)?;
    fill(home, &binaries, template, &draft).inspect_err(|_| {
        // The disk may be full.
        let _ = fs::remove_dir_all(&draft);
    })?;
    fs::rename(&draft, &folder).doing(|| format!("rename {} to {}", draft.display(), folder.display()))?;
    File::open(home.root())
        .and_then(|root| root.sync_all())
        .doing(|| format!("sync {}", home.root().display()))?;
    Ok(binaries)
}

/// Programs for a cluster that says it is of version `made_by`: those given, or others of this machine.
fn for_version(made_by: &str, binaries: Binaries, folder: PathBuf) -> Result<Binaries, ClusterError> {
    let major: Option<u32> = made_by.parse().ok();
    if major == Some(binaries.version().major) {
        return Ok(binaries);
    }
    major.and_then(|major| Binaries::find_major(major).ok()).ok_or_else(|| ClusterError::OtherMajorVersion {
        folder,
        cluster: made_by.into(),
        programs: binaries.version(),
    })
}

/// An empty folder to make a cluster in. Those of attempts that were cut short are swept away; one that will not go
/// (an orphaned initdb may still be writing) is left for the next start, and another name is used.
fn draft_folder(home: &Home) -> Result<PathBuf, ClusterError> {
    let root = home.root();
    for entry in fs::read_dir(root).doing(|| format!("list {}", root.display()))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("postgres.new") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    // A name that an orphan does not know, so that it cannot write into the new one.
    let name = format!("postgres.new-{}", std::process::id());
    let mut draft = root.join(&name);
    let mut number = 1;
    while draft.exists() {
        number += 1;
        draft = root.join(format!("{name}-{number}"));
    }
    home.make_private(&draft)?;
    Ok(draft)
}

/// initdb, our settings file included, and our database created: all before anyone can connect.
fn fill(home: &Home, binaries: &Binaries, template: Option<&Path>, draft: &Path) -> Result<(), ClusterError> {
    if let Some(template) = template {
        let mut command = home.account().command("cp");
        command.arg("-Rp").arg(template.join(".")).arg(draft);
        run_well(command, "copy the template of a cluster")?;
        return Ok(());
    }
    let mut command = home.account().command(binaries.program("initdb"));
    // Plain C order: text sorts and compares the same on every exchange, whatever its system or its libc.
    command.args(["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]);
    // Whoever may enter the socket's folder is trusted, and nobody comes over the network.
    command.args(["--auth-local=trust", "--auth-host=reject", "--username", CLUSTER_USER, "-D"]).arg(draft);
    run_well(command, "create a database cluster (initdb)")?;

    let conf = draft.join("postgresql.conf");
    OpenOptions::new()
        .append(true)
        .open(&conf)
        .and_then(|mut file| {
            writeln!(
                file,
                "\n# Written by databourse at every start.\ninclude_if_exists = '{}'",
                settings::FILE
            )?;
            file.sync_all()
        })
        .doing(|| format!("write {}", conf.display()))?;
    create_database(home, binaries, draft)
}

/// Creates our database in single-user mode: no socket, no second program, and an exit code.
fn create_database(home: &Home, binaries: &Binaries, draft: &Path) -> Result<(), ClusterError> {
    let action = "create the database";
    let mut command = home.account().command(binaries.program("postgres"));
    command.args(["--single", "-D"]).arg(draft).args(["-c", "exit_on_error=true", "postgres"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().doing(|| action.into())?;
    if let Some(mut input) = child.stdin.take() {
        // A server that ended early is told by its exit code, not by the broken pipe.
        let _ = writeln!(input, "CREATE DATABASE {CLUSTER_DATABASE};");
    }
    let output = child.wait_with_output().doing(|| action.into())?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Program { action: action.into(), output: last_lines(&output) })
}
