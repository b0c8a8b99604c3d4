/** Names of what people, scripts and other systems find by its name. */
export class Names {
  /** `environment`: what every name begins with, so that several fit into one account. */
  constructor(readonly environment: string | undefined) {}

  /** A name of AWS, as `staging-rowgate-loader` of `rowgate-loader`. */
  of(name: string): string {
    return this.environment === undefined ? name : `${this.environment}-${name}`;
  }

  /** A name in SQL, as `staging_rowgate` of `rowgate`. */
  inSql(name: string): string {
    return this.environment === undefined ? name : `${this.environment}_${name}`;
  }
}
