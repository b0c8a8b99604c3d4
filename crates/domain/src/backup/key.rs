use super::BackupId;

/// The prefix of all backups in the bucket.
pub const PREFIX: &str = "backups/";

/// The part numbers that a name has digits for end here.
const MAX_PART: u32 = 99_999;

/// `backups/<id>/`.
pub fn folder(backup: &BackupId) -> String {
    format!("{PREFIX}{backup}/")
}

/// `backups/<id>/manifest.json`.
pub fn manifest_key(backup: &BackupId) -> String {
    folder(backup) + "manifest.json"
}

/// `backups/<id>/state.json`.
pub fn state_key(backup: &BackupId) -> String {
    folder(backup) + "state.json"
}

/// `backups/<id>/verified.json`.
pub fn verified_key(backup: &BackupId) -> String {
    folder(backup) + "verified.json"
}

/// `backups/<id>/<table>/part-00000.avro`.
pub fn part_key(backup: &BackupId, table: &str, part: u32) -> String {
    folder(backup) + &part_name(table, part)
}

/// `<table>/part-00000.avro`, as a manifest has it. Parts have five digits; a backup has no more
/// than 99,999 of a table (24 TiB of 256 MiB each).
pub fn part_name(table: &str, part: u32) -> String {
    format!("{table}/part-{part:05}.avro")
}

/// Returns the number of a part by its name in the manifest; `None` if it is not one of this
/// table's parts.
pub fn part_number(table: &str, name: &str) -> Option<u32> {
    let digits = name.strip_prefix(table)?.strip_prefix("/part-")?.strip_suffix(".avro")?;
    let number = digits.parse().ok().filter(|number| *number <= MAX_PART)?;
    (part_name(table, number) == name).then_some(number)
}
