/** What functions and the lake's job write their metrics under. */
export const NAMESPACE = "Rowgate";
