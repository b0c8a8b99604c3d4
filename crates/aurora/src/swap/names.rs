//! Tables beside the tables, by their names: `rowgate_<role>_<job id>_<token>`.
//!
//! No name is made twice ([S2](super)).

use domain::backup::RestoreId;
use domain::load::LoadId;

use crate::jobs::JobId;

/// Hexadecimal digits that tell the tables of one job apart.
const TOKEN: usize = 8;

/// The purpose of a table beside the dictionary's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A job fills it.
    Shadow,
    /// A table's previous content, from before a job's swap.
    Previous,
    /// The table that a swap's RENAME renames along: its commit marker.
    Marker,
    /// A marker after that RENAME.
    RenamedMarker,
}

impl Role {
    pub(super) const ALL: [Self; 4] = [Self::Shadow, Self::Previous, Self::Marker, Self::RenamedMarker];

    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Shadow => "rowgate_new_",
            Self::Previous => "rowgate_previous_",
            Self::Marker => "rowgate_swap_",
            Self::RenamedMarker => "rowgate_swapped_",
        }
    }

    fn name(self, job: &JobId, token: &str) -> String {
        // Ids of restores have dashes.
        format!("{}{}_{token}", self.prefix(), job.as_str().replace('-', "_"))
    }

    fn fresh(self, job: &JobId) -> String {
        self.name(job, &format!("{:0TOKEN$x}", fastrand::u32(..)))
    }
}

/// Reads the name of a table that a job has made; `None` if it cannot be one, so it is always safe
/// in SQL.
pub(super) fn parse(name: &str) -> Option<(Role, JobId)> {
    let of = |role: Role| {
        let (id, token) = name.strip_prefix(role.prefix())?.rsplit_once('_')?;
        let job = LoadId::parse(id)
            .map(JobId::Load)
            .or_else(|| RestoreId::parse(&id.replace('_', "-")).map(JobId::Restore))?;
        let is_token =
            token.len() == TOKEN && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_token && role.name(&job, token) == name).then_some((role, job))
    };
    Role::ALL.into_iter().find_map(of)
}

/// The table that is to take a table's place: one that a job fills, or a previous table that an
/// undo swaps in again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shadow(String);

impl Shadow {
    /// Makes a name that no table has had.
    pub(crate) fn fresh(job: &JobId) -> Self {
        Self(Role::Shadow.fresh(job))
    }

    /// Reads the name of a shadow; `None` if it cannot be one.
    pub fn parse(name: &str) -> Option<Self> {
        matches!(parse(name), Some((Role::Shadow | Role::Previous, _))).then(|| Self(name.to_owned()))
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns the name of the table that it replaces, once a job has swapped it in.
    pub(crate) fn previous(&self, job: &JobId) -> String {
        Role::Previous.name(job, &self.0[self.0.len() - TOKEN..])
    }
}

/// An empty table that the RENAME of a swap renames along with all others ([S1](super)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitMarker(String);

impl CommitMarker {
    /// Makes a name that no table has had.
    pub(super) fn fresh(job: &JobId) -> Self {
        Self(Role::Marker.fresh(job))
    }

    /// Reads the name of a marker.
    pub(super) fn parse(name: &str) -> Option<Self> {
        matches!(parse(name), Some((Role::Marker, _))).then(|| Self(name.to_owned()))
    }

    /// Returns its name before the RENAME.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Returns its name after the RENAME.
    pub(super) fn renamed(&self) -> String {
        self.0.replacen(Role::Marker.prefix(), Role::RenamedMarker.prefix(), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs() -> [JobId; 2] {
        let load = LoadId::of_object("data", "incoming/tags/replace/a.csv", "v1");
        [JobId::Load(load), JobId::Restore(RestoreId::new(1_795_226_400, 0x1f))]
    }

    #[test]
    fn knows_the_tables_of_jobs_by_their_names_and_no_others() {
        for (job, length) in jobs().into_iter().zip([53, 45]) {
            let shadow = Shadow::fresh(&job);
            assert_eq!(shadow.name().len(), length);
            assert_ne!(Shadow::fresh(&job), shadow);
            assert_eq!(parse(shadow.name()), Some((Role::Shadow, job.clone())));
            assert_eq!(Shadow::parse(shadow.name()), Some(shadow.clone()));
            let marker = CommitMarker::fresh(&job);
            assert_eq!(CommitMarker::parse(marker.name()), Some(marker.clone()));
            assert_eq!(parse(&marker.renamed()), Some((Role::RenamedMarker, job.clone())));
            assert_eq!((Shadow::parse(marker.name()), CommitMarker::parse(&marker.renamed())), (None, None));
            for token in ["0000000", "0000000G", "000000`0", "000000000", "00é00000"] {
                assert_eq!(parse(&Role::Previous.name(&job, token)), None, "{token}");
            }
        }
        for name in [
            "rowgate_new_",
            "rowgate_new_x_00000000",
            "rowgate_loads",
            "rowgate_previous_20261121_020000_0000001f",
            "rowgate_previous_20261121-020000-0000001f_00000000",
            "documents",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_previous_table_is_named_after_the_job_that_took_its_place() {
        let [first, second] = jobs();
        let previous = Shadow::parse(&Shadow::fresh(&first).previous(&first)).unwrap();
        assert_eq!(parse(previous.name()), Some((Role::Previous, first)));
        assert_eq!(parse(&previous.previous(&second)), Some((Role::Previous, second.clone())));
        assert_ne!(previous.previous(&second), previous.name());
    }
}
