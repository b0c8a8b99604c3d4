//! Rowgate's own migrations, compiled in: `crates/domain/built_in/migrations/`.
//!
//! They make the tables that Rowgate itself needs, whose names begin with `rowgate_`: ledgers, the
//! audit trail, and the tables of the canary and of `rowgate verify`. They are applied before those
//! of the [folder of tables](crate::folder), whatever the dates in their names.

use include_dir::{Dir, include_dir};

use crate::folder_error::FolderError;
use crate::migration::{Migration, parse_all};

/// The beginning of the names of Rowgate's own tables, and of no other's.
pub(crate) const PREFIX: &str = "rowgate_";

/// The word that is in the name of each of Rowgate's own migrations, and of none of a folder's, so
/// that no later version of Rowgate takes a name that a folder has. The first ones are older than
/// the rule.
pub(crate) const WORD: &str = "rowgate";

static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/built_in/migrations");

/// Returns Rowgate's own migrations, in the order of their names.
///
/// # Errors
/// The mistake in the first wrong one; a test of this module keeps it out of every build.
pub fn migrations() -> Result<Vec<Migration>, FolderError> {
    let files = MIGRATIONS.dirs().filter_map(|folder| {
        let name = folder.path().file_name()?.to_str()?;
        Some((name, folder.get_file(folder.path().join("up.sql"))?.contents_utf8()?))
    });
    parse_all(files)
}

/// Returns true if a migration of this name is one of Rowgate's own.
pub fn is_own(name: &str) -> bool {
    MIGRATIONS.get_dir(name).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_migration_has_a_day_of_its_own_so_that_the_last_one_sorts_last() {
        let mut days = BTreeMap::<_, Vec<_>>::new();
        for migration in migrations().unwrap() {
            days.entry(migration.name()[..8].to_owned()).or_default().push(migration.name().to_owned());
        }
        // The first ones are older than the rule.
        for (day, count) in [("20261121", 6), ("20261129", 2)] {
            assert!(days.remove(day).is_some_and(|names| names.len() == count), "{day} takes no other");
        }
        for (day, names) in days {
            assert!(
                day.as_str() > "20261129" && names.len() == 1,
                "name the new one after a later day: {names:?}"
            );
            let has_the_word = names[0].split('_').any(|word| word == WORD);
            assert!(has_the_word, "a folder may have a migration of the same name: {names:?}");
        }
    }

    #[test]
    fn every_folder_has_its_migration() {
        assert_eq!(migrations().unwrap().len(), MIGRATIONS.dirs().count());
    }
}
