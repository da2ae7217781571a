import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { logsOf } from "./links";
import { Panel } from "./Panel";
import type { Range, Use } from "./queries";
import { type UseRow, UseTable } from "./UseTable";

/** Names of models that stand for many: requests for them are logged under what clients wrote. */
const OTHER = "other";

/** What models, tokens and channels have used. Of the last hour it is counted from the full hour before. */
function useSide(range: Range): string | undefined {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  return range.byStart === range.start ? undefined : t("use.since", { when: format.minute(range.byStart) });
}

function rest({ rest: others }: { rest: Use }, name: string): UseRow[] {
  return others.requests > 0 ? [{ ...others, key: "rest", name, href: null }] : [];
}

export function ByModel({ range }: { range: Range }) {
  const { t } = useTranslation("dashboard");
  const title = t("use.byModel");
  const rows = range.byModel.top.map((use) => ({
    ...use,
    key: use.model,
    name: use.model || t("use.notServed"),
    href: use.model && use.model !== OTHER ? logsOf({ model: use.model, since: range.byStart }) : null,
  }));
  return (
    <Panel title={title} side={useSide(range)}>
      <UseTable label={title} rows={[...rows, ...rest(range.byModel, t("use.rest"))]} />
    </Panel>
  );
}

/** Tokens or channels. */
export function ById({ range, kind }: { range: Range; kind: "token" | "channel" }) {
  const { t } = useTranslation("dashboard");
  const [title, uses, nobody] = {
    token: [t("use.byToken"), range.byToken, t("use.noToken")] as const,
    channel: [t("use.byChannel"), range.byChannel, t("use.noChannel")] as const,
  }[kind];
  const rows = uses.top.map((use) => ({
    ...use,
    key: use.id,
    name: use.id ? (use.name ?? t("use.gone")) : nobody,
    href: use.id ? logsOf({ [kind]: use.id, since: range.byStart }) : null,
  }));
  return (
    <Panel title={title} side={useSide(range)}>
      <UseTable label={title} rows={[...rows, ...rest(uses, t("use.rest"))]} />
    </Panel>
  );
}
