//! The tables that restores make beside the tables, by their names: what for, the restore's id, eight random digits.
//!
//! No name is ever made twice. So a table that is gone is gone for good: whoever was about to rename it, a frozen function
//! or a statement that still waits in the database, cannot rename another in its stead.

use domain::backup::RestoreId;

/// Hexadecimal digits that tell the tables of one restore apart.
const TOKEN: usize = 8;

/// Characters of a restore's id.
const ID: usize = 24;

/// What a table beside the tables is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A restore fills it.
    Shadow,
    /// What a table was before a restore took its place.
    Kept,
    /// What the RENAME of a swap renames along.
    Ticket,
    /// A ticket after that RENAME.
    Spent,
}

impl Role {
    pub(super) const ALL: [Self; 4] = [Self::Shadow, Self::Kept, Self::Ticket, Self::Spent];

    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Shadow => "rowgate_restore_",
            Self::Kept => "rowgate_kept_",
            Self::Ticket => "rowgate_swap_",
            Self::Spent => "rowgate_swapped_",
        }
    }

    fn fresh(self, id: &RestoreId) -> String {
        format!("{}{}_{:0TOKEN$x}", self.prefix(), id.as_sql(), fastrand::u32(..))
    }
}

/// Reads the name of a table that a restore has made; `None` where it cannot be one, so it is always safe in SQL.
pub(super) fn parse(name: &str) -> Option<(Role, RestoreId)> {
    let of = |role: Role| {
        let rest = name.strip_prefix(role.prefix())?;
        let (id, token) = (rest.get(..ID)?, rest.get(ID..)?.strip_prefix('_')?);
        let is_token =
            token.len() == TOKEN && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let parsed = RestoreId::parse(&id.replace('_', "-")).filter(|parsed| parsed.as_sql() == id)?;
        is_token.then_some((role, parsed))
    };
    Role::ALL.into_iter().find_map(of)
}

/// The table that is to take a table's place: `rowgate_restore_<id>_<token>`, 49 characters, which a restore fills; or a
/// kept one that is put back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shadow(String);

impl Shadow {
    /// A name that no table has had.
    pub(super) fn fresh(id: &RestoreId) -> Self {
        Self(Role::Shadow.fresh(id))
    }

    /// Reads the name of a shadow that was given out before; `None` where it cannot be one.
    pub fn parse(name: &str) -> Option<Self> {
        matches!(parse(name), Some((Role::Shadow | Role::Kept, _))).then(|| Self(name.to_owned()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// What the table that it takes the place of is called from then on, when the restore `id` swaps it in.
    pub(super) fn kept(&self, id: &RestoreId) -> String {
        let token = &self.0[self.0.len() - TOKEN..];
        format!("{}{}_{token}", Role::Kept.prefix(), id.as_sql())
    }
}

/// An empty table that the RENAME of a swap renames along with all others: with it gone, that RENAME can only fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket(String);

impl Ticket {
    /// A name that no table has had.
    pub(super) fn fresh(id: &RestoreId) -> Self {
        Self(Role::Ticket.fresh(id))
    }

    /// Reads the name of a ticket.
    pub(super) fn parse(name: &str) -> Option<Self> {
        matches!(parse(name), Some((Role::Ticket, _))).then(|| Self(name.to_owned()))
    }

    /// Its name before the RENAME.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Its name after it.
    pub(super) fn spent(&self) -> String {
        self.0.replacen(Role::Ticket.prefix(), Role::Spent.prefix(), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_tables_of_restores_by_their_names_and_no_others() {
        let id = RestoreId::new(1_795_226_400, 0x1f);
        let shadow = Shadow::fresh(&id);
        assert_eq!(shadow.name().len(), 49);
        assert_ne!(Shadow::fresh(&id), shadow);
        assert_eq!(parse(shadow.name()), Some((Role::Shadow, id.clone())));
        assert_eq!(Shadow::parse(shadow.name()), Some(shadow.clone()));
        let ticket = Ticket::fresh(&id);
        assert_eq!(Ticket::parse(ticket.name()), Some(ticket.clone()));
        assert_eq!(parse(&ticket.spent()), Some((Role::Spent, id.clone())));
        assert_eq!((Shadow::parse(ticket.name()), Ticket::parse(&ticket.spent())), (None, None));
        for name in [
            "rowgate_restore_tables",
            "rowgate_restore_chunks",
            "rowgate_restores",
            "rowgate_kept_20261121_020000_0000001f",
            "rowgate_kept_20261121-020000-0000001f_00000000",
            "rowgate_kept_20261121_020000_0000001f_0000000G",
            "rowgate_kept_20261121_020000_0000001f_000000`0",
            "rowgate_kept_20261121_020000_0000001f_000000000",
            "rowgate_kept_20261121_020000_0000001é_00000000",
            "employees",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_kept_is_named_after_the_restore_that_took_its_place() {
        let (first, second) = (RestoreId::new(1_795_226_400, 1), RestoreId::new(1_795_226_400, 2));
        let kept = Shadow::parse(&Shadow::fresh(&first).kept(&first)).unwrap();
        assert_eq!(parse(kept.name()), Some((Role::Kept, first)));
        assert_eq!(parse(&kept.kept(&second)), Some((Role::Kept, second.clone())));
        assert_ne!(kept.kept(&second), kept.name());
    }
}
