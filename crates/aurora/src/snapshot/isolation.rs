//! Checks that transactions are isolated as snapshots.

use crate::Error;

/// MySQL calls it `transaction_isolation`, MariaDB before version 11.1 `tx_isolation`, and neither
/// knows the other's name; SHOW gives what there is, in rows of name and value.
pub(super) const ISOLATION_LEVEL: &str =
    "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')";

/// Refuses levels at which every statement sees another state; and SERIALIZABLE, at which a plain
/// SELECT reads what is there now and locks it. `variables` is the answer to [`ISOLATION_LEVEL`].
pub(super) fn check(variables: &[Vec<String>]) -> Result<(), Error> {
    let mut levels = variables.iter().filter_map(|variable| variable.get(1)).peekable();
    let level = levels.peek().map_or("unknown", |level| level);
    if level != "unknown" && levels.all(|level| level == "REPEATABLE-READ") {
        return Ok(());
    }
    let message = format!(
        "transactions run at the isolation level {level}, at which the pages of a table would show different snapshots; \
         set transaction_isolation to REPEATABLE-READ in the cluster's parameter group"
    );
    Err(Error::Configuration { message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(values: &[&str]) -> Result<(), Error> {
        let variables: Vec<Vec<String>> =
            values.iter().map(|value| vec!["tx_isolation".to_owned(), (*value).to_owned()]).collect();
        check(&variables)
    }

    #[test]
    fn refuses_levels_without_snapshot_isolation() {
        assert!(level(&["REPEATABLE-READ"]).is_ok());
        for values in [
            &["READ-COMMITTED"][..],
            &["READ-UNCOMMITTED"],
            &["SERIALIZABLE"],
            &[],
            &["REPEATABLE-READ", "READ-COMMITTED"],
        ] {
            assert!(matches!(level(values), Err(Error::Configuration { .. })), "{values:?}");
        }
    }
}
