//! The restore function: Avro files back into tables, checked before anything of a table changes.
