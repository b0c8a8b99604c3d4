import { getLoad, listLoads } from "../api/loads";
import { wait } from "../api/look";
import type { Load } from "../api/types";

const EVERY = 1000;
const SLOWER = 3000;
const SELDOM = 15_000;
const SOON = 20;
/** Loads begin within seconds; after this a person has to know that this one does not. */
export const LATE = 120_000;

/** The ids of the loads that the key has had: another upload of the name is a load of its own. */
export const loadsOf = async (key: string): Promise<string[]> =>
  (await listLoads({ key, limit: 50 })).loads.map((load) => load.load);

/**
 * Follows the load that a key's upload starts, or the given load, until it has ended; polls only
 * while the page is visible. If no load has begun after two minutes, it calls `onLate` once and
 * polls less often.
 */
export async function followLoad(
  key: string,
  before: string[],
  known: string | null,
  onLoad: (load: Load) => void,
  onLate: () => void,
  signal: AbortSignal,
): Promise<Load> {
  let id = known;
  let late = false;
  const start = Date.now();
  for (let looks = 0; ; looks++) {
    const load: Load | undefined = id
      ? await getLoad(id, null, signal)
      : (await listLoads({ key, limit: 10 }, signal)).loads.find(({ load }) => !before.includes(load));
    if (load) {
      id = load.load;
      onLoad(load);
      if (load.status !== "running") {
        return load;
      }
    } else if (!late && Date.now() - start >= LATE) {
      late = true;
      onLate();
    }
    await wait(!load && late ? SELDOM : looks < SOON ? EVERY : SLOWER, signal);
  }
}
