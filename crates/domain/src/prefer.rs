//! `Prefer` (RFC 7240): what a client would like to happen with the transaction of its rows.

use crate::named::named_enum;

named_enum! {
    /// The treatment of rows that a request prefers; without one, good rows are inserted and bad
    /// ones rejected.
    pub enum TxPreference {
        /// All or nothing: with one bad row, no row is inserted.
        Atomic = "atomic",
        /// Check only: nothing is inserted or kept.
        DryRun = "dry-run",
    }
}

impl TxPreference {
    /// Returns the value of `Preference-Applied` when it was followed.
    pub fn applied(self) -> &'static str {
        match self {
            Self::Atomic => "tx=atomic",
            Self::DryRun => "tx=dry-run",
        }
    }

    /// Returns the preference in the `Prefer` headers of a request, in the order in which they
    /// came.
    ///
    /// The first `tx` counts, even with an unknown value ("only the first instance is to be
    /// considered", RFC 7240, section 2); other preferences and all parameters are ignored, as is
    /// an unknown value, because a preference is not binding. Names and values are compared without
    /// case.
    pub fn read<'h>(headers: impl IntoIterator<Item = &'h str>) -> Option<Self> {
        let first = headers.into_iter().find_map(|header| {
            split_unquoted(header, b',').find_map(|preference| {
                let preference = split_unquoted(preference, b';').next().unwrap_or_default();
                let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
                name.trim().eq_ignore_ascii_case("tx").then(|| value.trim())
            })
        })?;
        // A quoted value equals a bare one; none of the known values needs an escape.
        let value = first.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(first);
        Self::ALL.into_iter().find(|preference| value.eq_ignore_ascii_case(preference.as_str()))
    }
}

/// Returns the parts between separators that are not in a quoted string.
fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => return byte == separator && !quoted,
            }
            false
        });
        let Some(end) = end else { return rest.take() };
        rest = Some(&text[end + 1..]);
        Some(&text[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(headers: &[&str], expected: Option<TxPreference>) {
        assert_eq!(TxPreference::read(headers.iter().copied()), expected, "{headers:?}");
    }

    #[test]
    fn finds_the_preference_wherever_it_stands() {
        for headers in [
            &["tx=atomic"][..],
            &["TX=Atomic"],
            &[" tx = \"atomic\" ; x=1; y"],
            &["respond-async, tx=atomic, wait=10"],
            &["respond-async", "wait=10", "tx=atomic"],
            &["note=\"a, tx=dry-run; \\\", tx=dry-run\", tx=atomic"],
            &["tx=atomic", "return=minimal"],
            &[",,tx=atomic,"],
        ] {
            reads(headers, Some(TxPreference::Atomic));
        }
        reads(&["tx=dry-run"], Some(TxPreference::DryRun));
    }

    #[test]
    fn the_first_one_counts() {
        reads(&["tx=dry-run, tx=atomic"], Some(TxPreference::DryRun));
        reads(&["tx=atomic", "tx=dry-run"], Some(TxPreference::Atomic));
        reads(&["tx=rollback, tx=atomic"], None);
    }

    #[test]
    fn ignores_what_it_does_not_know() {
        for headers in [
            &[][..],
            &[""],
            &["tx"],
            &["tx="],
            &["tx=\"\""],
            &["tx=\""],
            &["tx=atomically"],
            &["tx=rollback"],
            &["atomic"],
            &["return=minimal; tx=atomic"],
            &["xtx=atomic"],
            &["note=\"tx=atomic, tx=atomic"],
        ] {
            reads(headers, None);
        }
    }

    #[test]
    fn says_what_it_reads() {
        for preference in TxPreference::ALL {
            reads(&[preference.applied()], Some(preference));
        }
    }
}
