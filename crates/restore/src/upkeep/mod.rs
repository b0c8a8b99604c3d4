//! Tasks on a schedule: drills, the reaper, and the age of the newest backup.

pub(crate) mod age;
pub(crate) mod drill;
pub(crate) mod reap;
