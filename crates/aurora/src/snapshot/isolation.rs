//! Whether transactions keep to one moment.

use serde::Deserialize;

use crate::Error;

/// MySQL calls it `transaction_isolation`, MariaDB before version 11.1 `tx_isolation`; SHOW gives what there is.
pub(super) const QUESTION: &str =
    "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')";

/// An answer to [`QUESTION`].
#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    #[serde(rename = "Value")]
    value: String,
}

/// Refuses levels at which every statement sees another moment; and SERIALIZABLE, at which a plain SELECT reads what is there
/// now and locks it.
pub(super) fn check(variables: &[Variable]) -> Result<(), Error> {
    let keeps = |variable: &Variable| variable.value == "REPEATABLE-READ";
    if !variables.is_empty() && variables.iter().all(keeps) {
        return Ok(());
    }
    let level = variables.first().map_or("unknown", |variable| &variable.value);
    let message = format!(
        "transactions run at the isolation level {level}, at which the pages of a table would show different moments; \
         set transaction_isolation to REPEATABLE-READ in the cluster's parameter group"
    );
    Err(Error::Configuration { message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(values: &[&str]) -> Result<(), Error> {
        let variables: Vec<Variable> =
            values.iter().map(|value| Variable { value: (*value).to_owned() }).collect();
        check(&variables)
    }

    #[test]
    fn refuses_levels_that_do_not_keep_to_one_moment() {
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
