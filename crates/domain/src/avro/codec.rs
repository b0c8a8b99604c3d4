use crate::named::named_enum;

named_enum! {
    /// The compression of the blocks of an Avro file.
    #[derive(Default)]
    pub enum Codec {
        /// Not at all.
        Null = "null",
        /// Raw deflate: what every Avro tool reads. It has no checksum: damage shows in the SHA-256
        /// of the manifest.
        #[default]
        Deflate = "deflate",
        /// Zstandard frames, each with its checksum.
        Zstandard = "zstandard",
    }
}
