import { getLoad, listLoads } from "../api/loads";
import type { Load } from "../api/types";

const EVERY = 1000;
const SLOWER = 3000;
const SOON = 20;

/** The ids of the loads that the key has had: another upload of the name is a load of its own. */
export const loadsOf = async (key: string): Promise<string[]> =>
  (await listLoads({ key, limit: 50 })).loads.map((load) => load.load);

/** Follows the load that a key's upload starts, or the one that is known, until it has ended. */
export async function followLoad(
  key: string,
  before: string[],
  known: string | null,
  onLoad: (load: Load) => void,
  signal: AbortSignal,
): Promise<Load> {
  let id = known;
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
    }
    await new Promise((resolve) => setTimeout(resolve, looks < SOON ? EVERY : SLOWER));
    signal.throwIfAborted();
  }
}
