//! Flaws that exports of other systems have.

use domain::dictionary::Table;

use crate::random::Random;

/// Gives a record one of the flaws that real exports have; `earlier` is the record of an earlier
/// row.
pub(crate) fn spoil(
    table: &Table,
    random: &mut Random,
    earlier: &[Option<String>],
    record: &mut Vec<Option<String>>,
) {
    let columns = table.columns();
    let key = table.key_indexes();
    let required: Vec<usize> =
        (0..columns.len()).filter(|index| columns[*index].required() && !key.contains(index)).collect();
    let typed: Vec<usize> =
        required.iter().copied().filter(|index| !columns[*index].column_type().is_text()).collect();
    match (random.below(4), random.one_of(&required), random.one_of(&typed)) {
        // Left out.
        (0, Some(index), _) => record[*index] = None,
        // Something that is no value of the column, such as a day that no calendar has.
        (1, _, Some(index)) => record[*index] = Some("30.02.".to_owned()),
        // The end of the line was lost.
        (2, Some(_), _) if columns.len() > key.len() + 1 => record.truncate(columns.len() - 1),
        // Exported twice, the second time under the key of an earlier record.
        _ => {
            for index in key {
                record[*index].clone_from(&earlier[*index]);
            }
        }
    }
}
