import { Button, Group, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Wrong } from "./settings";

interface JsonFieldProps {
  label: string;
  hint?: string;
  value: string;
  onChange: (text: string) => void;
  wrong: Wrong;
  /** Offered while nothing is there. */
  example: string;
}

/** JSON to be typed; what is wrong with it is told while it is typed. */
export function JsonField({ label, hint, value, onChange, wrong, example }: JsonFieldProps) {
  const { t } = useTranslation("playground");
  const isJson = typeof wrong === "object" && wrong !== null;
  return (
    <div>
      <Textarea
        label={label}
        description={hint}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={isJson ? t("settings.badJson", { detail: wrong.json }) : wrong && t(`settings.${wrong}`)}
        autosize
        minRows={2}
        maxRows={16}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "12px" } }}
      />
      {value.trim() === "" && (
        <Group mt={6}>
          <Button size="compact-xs" variant="default" onClick={() => onChange(example)}>
            {t("settings.toolsExample")}
          </Button>
        </Group>
      )}
    </div>
  );
}
