use std::fmt;

/// How the blocks of an Avro file are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Not at all.
    Null,
    /// Raw deflate: what every Avro tool reads. It has no checksum: damage shows in the SHA-256 of the manifest.
    #[default]
    Deflate,
    /// Zstandard frames, each with its checksum.
    Zstandard,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 3] = [Self::Null, Self::Deflate, Self::Zstandard];

    /// The name in the file's `avro.codec`, in manifests and in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
            Self::Zstandard => "zstandard",
        }
    }

    /// The codec with this name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.as_str() == name)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
