import { Code, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AuditEntry } from "./queries";

export interface Change {
  name: string;
  /** `undefined`: there was none, or there is none any more. */
  before: string | undefined;
  after: string | undefined;
}

function written(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value, null, 1).replace(/\s*\n\s*/g, " ");
}

/** What differs, name by name. */
export function changesOf({ before, after }: AuditEntry): Change[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].map((name) => ({
    name,
    before: written(before?.[name]),
    after: written(after?.[name]),
  }));
}

/** Old and new values, one below the other: marked by a sign, a word and a colour. */
export function Changed({ changes }: { changes: Change[] }) {
  const { t } = useTranslation("logs");
  return (
    <Stack gap="sm" component="dl" m={0}>
      {changes.map(({ name, before, after }) => (
        <div key={name}>
          <Text component="dt" size="sm" fw={500}>
            {name}
          </Text>
          {before !== undefined && <Value sign="−" word={t("audit.before")} color="red" text={before} />}
          {after !== undefined && <Value sign="+" word={t("audit.after")} color="teal" text={after} />}
        </div>
      ))}
    </Stack>
  );
}

interface ValueProps {
  sign: string;
  word: string;
  color: string;
  text: string;
}

function Value({ sign, word, color, text }: ValueProps) {
  return (
    <Code
      component="dd"
      block
      m={0}
      mt={2}
      color={`var(--mantine-color-${color}-light)`}
      style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}
    >
      <span aria-hidden>{`${sign} `}</span>
      <VisuallyHidden>{word} </VisuallyHidden>
      {text === "" ? '""' : text}
    </Code>
  );
}
