//! The tables beside a table: the shadow that a replace fills, and what the table was before the swap.

use domain::load::LoadId;

use crate::tables::{self, exists};
use crate::{Database, Error};

const NEW: &str = "rowgate_new_";
const OLD: &str = "rowgate_old_";

/// Hexadecimal digits that tell the shadows of one load apart.
const TOKEN: usize = 8;

/// The table that a replace fills: `rowgate_new_<load id>_<token>`, 53 characters.
///
/// No shadow's name is ever made twice, so that a shadow that is gone is gone for good: whoever was about to rename it,
/// a frozen function or a statement that still waits in the database, cannot rename another in its stead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shadow(String);

impl Shadow {
    /// A name that no table has had.
    pub(super) fn fresh(id: &LoadId) -> Self {
        Self(format!("{NEW}{id}_{:0TOKEN$x}", fastrand::u32(..)))
    }

    /// Reads the name of a shadow; `None` where it cannot be one, so it is always safe in SQL.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (id, token) = name.strip_prefix(NEW)?.split_once('_')?;
        LoadId::parse(id)?;
        let is_token =
            token.len() == TOKEN && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Self(name.to_owned()))
    }

    /// The shadow that was swapped in for the table now called `name`.
    pub(super) fn of_old(name: &str) -> Option<Self> {
        Self::parse(&format!("{NEW}{}", name.strip_prefix(OLD)?))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What the table that it takes the place of is called from then on.
    pub(super) fn old(&self) -> String {
        self.0.replacen(NEW, OLD, 1)
    }

    /// The load that fills it.
    pub(super) fn load(&self) -> Option<LoadId> {
        LoadId::parse(self.0.strip_prefix(NEW)?.split_once('_')?.0)
    }
}

/// Where a shadow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Where it was made: no swap has taken place.
    Waiting,
    /// In its table's place, whose former self has the old name.
    SwappedIn,
    /// Nowhere: somebody dropped it or gave it another name.
    Gone,
}

/// Says where a shadow is. What it says about a shadow that no longer waits is final, but for the old table's end.
pub(super) async fn whereabouts(database: &Database, shadow: &Shadow) -> Result<Whereabouts, Error> {
    // In this order: once it is seen to wait no longer, nothing can be renamed any more.
    if exists(database, shadow.name()).await? {
        Ok(Whereabouts::Waiting)
    } else if exists(database, &shadow.old()).await? {
        Ok(Whereabouts::SwappedIn)
    } else {
        Ok(Whereabouts::Gone)
    }
}

/// The names of all shadows and old tables that there are.
pub(super) async fn all(database: &Database) -> Result<Vec<String>, Error> {
    tables::with_prefix(database, &[NEW, OLD]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables_of_a_load_by_their_names_and_no_others() {
        let id = LoadId::of_object("data", "incoming/jobs/replace/a.csv", "v1");
        let shadow = Shadow::fresh(&id);
        assert_eq!(shadow.name().len(), 53);
        assert_ne!(Shadow::fresh(&id), shadow);
        assert_eq!(Shadow::parse(shadow.name()), Some(shadow.clone()));
        assert_eq!(Shadow::of_old(&shadow.old()), Some(shadow.clone()));
        assert_eq!(shadow.load(), Some(id.clone()));
        for name in ["rowgate_new_", "rowgate_new_x_00000000", "rowgate_loads", "employees"] {
            assert_eq!((Shadow::parse(name), Shadow::of_old(name)), (None, None), "{name}");
        }
        for token in ["0000000", "0000000G", "0000000`", "000000000"] {
            assert_eq!(Shadow::parse(&format!("rowgate_new_{id}_{token}")), None, "{token}");
        }
    }
}
