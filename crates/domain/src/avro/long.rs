/// Reads a number of Avro's variable length from the bytes that `next` returns: seven bits in each,
/// the lowest first, the sign in the lowest bit of all. `None` if it has more than 64 bits.
///
/// # Errors
/// Those of `next`.
#[inline]
pub fn read_long<E>(mut next: impl FnMut() -> Result<u8, E>) -> Result<Option<i64>, E> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let byte = next()?;
        // The tenth byte has the last of 64 bits.
        if shift == 63 && byte > 1 {
            return Ok(None);
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed()));
        }
        shift += 7;
    }
}
