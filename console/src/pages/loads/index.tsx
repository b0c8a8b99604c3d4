import { useRoute } from "../../shell/route";
import { LoadPage } from "./LoadPage";
import { LoadsList } from "./LoadsList";

/** The loads of files: the list, or one of them. */
export default function Loads() {
  const { rest } = useRoute();
  const load = rest[0];
  return load ? <LoadPage key={load} load={load} /> : <LoadsList />;
}
