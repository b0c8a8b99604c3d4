import type { Check, FileSettings, Table } from "../../api/types";
import { adopt, remembered, type Unclear } from "./settings";

export interface Settled {
  check: Check;
  settings: FileSettings;
  unclear: Unclear;
  recalled: boolean;
}

/**
 * A proposal may show what a further one can be made of: a match, then the dates in the matched
 * column.
 */
const ROUNDS = 3;

/**
 * Checks a file and adopts its proposals until there are no more. Settings kept from a file with
 * the same header take precedence over a guess, and those chosen here over both.
 */
export async function settle(
  ask: (settings: FileSettings) => Promise<Check>,
  table: Table,
  chosen: FileSettings,
): Promise<Settled> {
  let settings = chosen;
  let check = await ask(settings);
  const { header } = check;
  const recalled = Object.keys(settings).length === 0 ? remembered(table.name, header) : null;
  if (recalled !== null) {
    settings = recalled;
    check = await ask(settings);
  }
  let unclear: Unclear = {};
  for (let round = 0; round < ROUNDS; round++) {
    const reading = adopt(check, settings, table);
    if (reading === null) {
      break;
    }
    unclear = { ...unclear, ...reading.unclear };
    if (JSON.stringify(reading.settings) === JSON.stringify(settings)) {
      break;
    }
    settings = reading.settings;
    check = await ask(settings);
  }
  return { check: { ...check, header: check.header ?? header }, settings, unclear, recalled: recalled !== null };
}
