//! Migrations: the files of `migrations/`, built into the program.

use crate::{
    Store, StoreError,
    session::{self, MIGRATION_LOCK, Purpose},
    sql,
};
use tokio_postgres::Config;

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// The migrations, ready to run.
pub(crate) fn runner() -> refinery::Runner {
    embedded::migrations::runner()
}

/// What [`Store::migrate`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The migrations applied now, in order: version and name. Empty if the tables were up to date.
    pub applied: Vec<(i64, String)>,
}

impl Store {
    /// Brings the tables up to this program's version. Doing it again changes nothing; two programs that do it at once
    /// do it one after the other. A migration only adds while an older program may still run on the tables (expand,
    /// then contract), so a running node need not be stopped.
    ///
    /// # Errors
    /// `Migration` if a file fails, or if the database was migrated by a newer or different program; `ReadOnly`;
    /// `Unavailable`.
    pub async fn migrate(config: Config) -> Result<MigrationReport, StoreError> {
        let mut client = session::open(config, Purpose::Migrate).await?;
        // Ends with the session.
        let locked = client.query_one(sql::LOCK, &[&MIGRATION_LOCK]).await?;
        if locked.try_get("is_replica")? {
            return Err(StoreError::ReadOnly);
        }
        let report = runner().run_async(&mut client).await?;
        let applied = report.applied_migrations().iter();
        let applied: Vec<_> =
            applied.map(|migration| (i64::from(migration.version()), migration.name().to_owned())).collect();
        tracing::info!(count = applied.len(), "migrated the database");
        Ok(MigrationReport { applied })
    }
}
