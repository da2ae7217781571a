import { Spoiler, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Backend } from "../api/client";
import { useFormat } from "./format";
import { Names } from "./Names";
import type { State } from "./Status";

const WORDS = {
  up: "healthy",
  half_open: "halfOpen",
  down: "down",
  cooling: "cooling",
  unknown: "unknown",
} as const;

export function stateOfBackend({ enabled, state }: Backend): State {
  if (!enabled) return "disabled";
  return state ? WORDS[state] : "unknown";
}

/** A backend as people know it: a channel may have several, and others the same address. */
export function nameWithin(channel: string | null | undefined, name: string): string {
  return !channel || channel === name ? name : `${channel} · ${name}`;
}

/** Host and port of an address, as people know it. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** What the gateway shows for no credential. */
const NO_KEY = "(empty)";

export function hasKey(masked: string): boolean {
  return masked !== "" && masked !== NO_KEY;
}

/** Running requests, of the most at once. */
export function Load({ running, cap }: { running: number | undefined; cap: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const n = running === undefined ? "–" : format.number(running);
  return <>{t("backend.load", { n, cap: cap > 0 ? format.number(cap) : t("backend.noCap") })}</>;
}

interface HeldProps {
  models: string[] | null | undefined;
  /** When they were read. */
  at: string | null | undefined;
}

/** The models that a backend says it has. */
export function Held({ models, at }: HeldProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!models) return <>{t("backend.unknownModels")}</>;
  return (
    <>
      <Text size="sm" mb={4}>
        {t("backend.held", { count: models.length, when: at ? format.ago(at) : "–" })}
      </Text>
      <Spoiler
        maxHeight={60}
        showLabel={t("backend.allHeld", { count: models.length })}
        hideLabel={t("backend.fewer")}
        styles={{ control: { fontSize: "var(--mantine-font-size-xs)" } }}
      >
        <Names names={models} none="" size="sm" />
      </Spoiler>
    </>
  );
}
