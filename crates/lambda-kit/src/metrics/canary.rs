//! The metrics of the canary.

use std::time::Duration;

use super::document::Document;

/// Writes whether a check of the canary worked, and how long it took.
pub fn canary_checked(check: &str, is_ok: bool, time: Duration) {
    of_check(check, is_ok, time).write();
}

fn of_check(check: &str, is_ok: bool, time: Duration) -> Document<'_> {
    Document::by("Check", check).count("CanaryOk", is_ok.into()).seconds("CanarySeconds", time)
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::read;
    use super::*;

    #[test]
    fn a_check_is_kept_by_its_name_and_among_all() {
        let read = read(&of_check("status", false, Duration::from_millis(250)).line(7).unwrap());
        assert_eq!((&read["CanaryOk"], &read["CanarySeconds"]), (&0.into(), &0.25.into()));
        assert_eq!(read["Check"], "status");
        let sets = &read["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(*sets, serde_json::json!([["Check"], []]));
    }
}
