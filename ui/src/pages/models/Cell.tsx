import { Badge, Group, Text, Tooltip } from "@mantine/core";
import { IconBolt, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../parts/format";
import { letterOf, loadedNow, shortOf } from "./facts";
import type { Loaded, Model } from "./queries";

/** Whether a backend has a model, in which version, and whether in memory. */
export function Cell({ model, backend }: { model: Model; backend: string }) {
  const { t } = useTranslation("models");
  const says = useSays();
  const at = model.versions.findIndex((version) => version.backends.includes(backend));
  const version = model.versions[at];
  if (!version) {
    return (
      <Text size="sm" c="dimmed" aria-label={t("cell.lacks")}>
        –
      </Text>
    );
  }
  const loaded = loadedNow(model).find((one) => one.backend === backend);
  const parts = [
    t("cell.has"),
    version.digest && t("cell.digest", { digest: shortOf(version.digest) }),
    loaded && says(loaded),
  ];
  const label = parts.filter(Boolean).join("\n");
  return (
    <Tooltip label={label} multiline style={{ whiteSpace: "pre-line" }}>
      <Group gap={2} wrap="nowrap" justify="center" tabIndex={0} role="img" aria-label={label}>
        {model.drift ? (
          <Badge color={at === 0 ? "teal" : "orange"} tt="none">
            {letterOf(at)}
          </Badge>
        ) : (
          <IconCheck size={16} color="var(--mantine-color-teal-text)" />
        )}
        {loaded && <IconBolt size={14} color="var(--mantine-color-anchor)" />}
      </Group>
    </Tooltip>
  );
}

/** How a model is in memory: how much of it, and until when. */
export function useSays(): (loaded: Loaded) => string {
  const { t } = useTranslation("models");
  const format = useFormat();
  return ({ vram, expiresAt }) =>
    format.parts([
      vram === null ? t("loaded.here") : t("loaded.vram", { size: format.bytes(vram) }),
      expiresAt && t("loaded.until", { when: format.ago(expiresAt) }),
    ]);
}
