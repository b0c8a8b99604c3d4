import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { FileSettings, Load } from "../../api/types";
import { counted } from "../../components/format";
import type { SentAgain } from "./fix";
import { FollowedVerdict } from "../Verdict";

interface Props {
  sent: SentAgain;
  settings?: FileSettings;
  onLoad: (load: Load) => void;
  /** Hears of the loads of what was sent again of these rows in turn. */
  onAgain: (load: Load) => void;
}

/** The result of rows that were sent again. */
export function SentLoad({ sent, settings, onLoad, onAgain }: Props) {
  return (
    <Container header={<Header variant="h3">{counted(sent.lines.length, "row")} sent again</Header>}>
      <FollowedVerdict
        file={sent.key}
        before={sent.before}
        load={sent.load}
        settings={settings}
        brief
        onLoad={onLoad}
        onAgain={onAgain}
      />
    </Container>
  );
}
