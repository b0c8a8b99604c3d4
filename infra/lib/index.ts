/** What programs that deploy Rowgate import. */
export type { ApiKeyProps, Right } from "./api/keys";
export type { DataStack } from "./data-stack";
export type { LakeSettingsProps } from "./lake/settings";
export type { RowgateProps } from "./props";
export { Rowgate } from "./rowgate";
export type { ServiceStack } from "./service-stack";
export { SettingsError } from "./values";
