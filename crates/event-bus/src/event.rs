//! Events, and how they become the text of an entry.

use serde_json::{Value, json};

/// The source of all events.
pub const SOURCE: &str = "rowgate";

/// The largest detail, in bytes: EventBridge's 256 KB for an entry, less 16 KiB for what it puts
/// around the detail.
pub const MAX_DETAIL_BYTES: usize = (256 - 16) * 1024;

/// The kind of an event. Rules match these names, so they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailType {
    /// A load has ended, and its table is as the load leaves it.
    LoadCompleted,
    /// A load has failed.
    LoadFailed,
    /// A backup has its manifest.
    BackupCompleted,
    /// Tables have been restored.
    RestoreCompleted,
}

impl DetailType {
    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoadCompleted => "Load Completed",
            Self::LoadFailed => "Load Failed",
            Self::BackupCompleted => "Backup Completed",
            Self::RestoreCompleted => "Restore Completed",
        }
    }
}

/// Something that has happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its kind.
    pub detail_type: DetailType,
    /// What has happened: a JSON object.
    pub detail: Value,
    /// The member of the detail that may be of any size, and is left out if all is too large.
    pub grows: &'static str,
}

impl Event {
    /// Writes the detail, of at most [`MAX_DETAIL_BYTES`], with the deployment's environment.
    pub(crate) fn text(&self, environment: Option<&str>) -> String {
        let mut detail = self.detail.clone();
        if let Some(environment) = environment {
            detail["environment"] = json!(environment);
        }
        let text = detail.to_string();
        if text.len() <= MAX_DETAIL_BYTES {
            return text;
        }
        if let Some(members) = detail.as_object_mut() {
            members.shift_remove(self.grows);
        }
        detail["left_out"] = json!([self.grows]);
        detail.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(notes: &str) -> Event {
        Event {
            detail_type: DetailType::LoadFailed,
            detail: json!({ "load": "l", "notes": notes, "rows": 7 }),
            grows: "notes",
        }
    }

    #[test]
    fn a_detail_names_the_environment_if_there_is_one() {
        assert_eq!(event("n").text(None), r#"{"load":"l","notes":"n","rows":7}"#);
        let expected = r#"{"load":"l","notes":"n","rows":7,"environment":"staging"}"#;
        assert_eq!(event("n").text(Some("staging")), expected);
    }

    #[test]
    fn a_detail_of_the_limit_is_whole_and_one_more_lacks_what_grows() {
        let rest = event("").text(Some("staging")).len();
        let text = event(&"n".repeat(MAX_DETAIL_BYTES - rest)).text(Some("staging"));
        assert_eq!(text.len(), MAX_DETAIL_BYTES);
        let text = event(&"n".repeat(MAX_DETAIL_BYTES - rest + 1)).text(Some("staging"));
        assert_eq!(text, r#"{"load":"l","rows":7,"environment":"staging","left_out":["notes"]}"#);
    }
}
