/** The namespace of all metrics of functions and of the lake's job. */
export const NAMESPACE = "Rowgate";
