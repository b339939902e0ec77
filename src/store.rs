//! The database: one SQLite file. Only this folder holds SQL.
//!
//! One thread writes, a few connections read. The functions of the table modules take a connection, so that a caller
//! composes them into one transaction. Never decides anything and never talks to the outside.

pub mod account;
pub mod contacts;
pub mod conversations;
pub mod erasure;
pub mod handoffs;
pub mod inbox;
pub mod messages;
pub mod outbox;
pub mod turns;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use writer::Writer;

/// The migrations in order. A released one is never changed; a new one is added.
static MIGRATIONS: LazyLock<Migrations<'static>> =
    LazyLock::new(|| Migrations::new(vec![M::up(include_str!("store/migrations/0001_initial.sql"))]));

/// How many connections read beside the one that writes.
const READERS: usize = 3;

/// Why the database did not do it. Never shown to a customer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened.
    #[error("cannot open the database {path}: {reason}. Check that the folder exists and may be written")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        reason: String,
    },
    /// The file was written by a newer version.
    #[error("the database {0} was written by a newer version of atiende: install that version again")]
    Newer(PathBuf),
    /// The disk is full.
    #[error("the disk is full: free some space, nothing that was confirmed is lost")]
    DiskFull,
    /// SQLite refused.
    #[error("the database failed: {0}")]
    Sqlite(String),
    /// A stored value could not be read back.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// The writing thread is gone, which happens at shutdown.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull,
            _ => StoreError::Sqlite(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Corrupt(error.to_string())
    }
}

/// What the functions of this folder return.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    // None for a database in memory, whose reads go through the writing thread.
    readers: Option<Arc<Readers>>,
}

struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Store> {
        let fail = |reason: String| StoreError::Open { path: path.to_owned(), reason };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
        }
        let mut connection = connect(path).map_err(|error| fail(error.to_string()))?;
        migrate(&mut connection, path)?;
        let readers = Readers { path: path.to_owned(), idle: Mutex::new(Vec::new()) };
        Ok(Store { writer: Writer::start(connection), readers: Some(Arc::new(readers)) })
    }

    /// A database that lives as long as the handle: for trying things out.
    pub fn in_memory() -> Result<Store> {
        let mut connection = Connection::open_in_memory()?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate(&mut connection, Path::new(":memory:"))?;
        Ok(Store { writer: Writer::start(connection), readers: None })
    }

    /// Runs `work` as one transaction: all of it is durable when this returns, or nothing of it happened.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.writer.run(work).await
    }

    /// Runs `work` on a connection that sees one consistent state and never blocks the writer.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let Some(readers) = self.readers.clone() else { return self.writer.run(work).await };
        tokio::task::spawn_blocking(move || readers.with(work)).await.map_err(|_| StoreError::Closed)?
    }
}

impl Readers {
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().expect("no reader panics while it holds the list. This is a bug.").pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let result = {
            let transaction = connection.transaction()?;
            work(&transaction)
        };
        let mut idle = self.idle.lock().expect("no reader panics while it holds the list. This is a bug.");
        if idle.len() < READERS {
            idle.push(connection);
        }
        result
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL, not NORMAL: what was confirmed to the channel survives a power cut. The writer groups commits to pay for it.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Erased words do not linger in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    MIGRATIONS.to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::MigrationDefinition(
            rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
        ) => StoreError::Newer(path.to_owned()),
        other => StoreError::Open { path: path.to_owned(), reason: other.to_string() },
    })
}

/// A time as the database keeps it.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// Reads what [`millis`] wrote.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid() {
        MIGRATIONS.validate().expect("migrations apply");
    }

    #[test]
    fn a_newer_database_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("newer.db");
        let connection = Connection::open(&path).expect("opens");
        connection.pragma_update(None, "user_version", 99).expect("sets the version");
        drop(connection);
        assert!(matches!(Store::open(&path), Err(StoreError::Newer(_))));
    }

    #[tokio::test]
    async fn a_failing_write_leaves_nothing_behind() {
        let store = Store::in_memory().expect("opens");
        let failed: Result<()> = store
            .write(|connection| {
                account::raise_alert(connection, "half", "written", Timestamp::UNIX_EPOCH)?;
                Err(StoreError::Corrupt("on purpose".into()))
            })
            .await;
        assert!(failed.is_err());
        let alerts = store.read(account::alerts).await.expect("reads");
        assert!(alerts.is_empty());
    }
}
