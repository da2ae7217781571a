import { ActionIcon, Autocomplete, Button, Group, Input, Stack, Text } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconArrowRight, IconPlus, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { type Flaw, flawOf, type Mapped } from "./mapping";

/** A form that holds `modelMapping`, whatever else. */
// biome-ignore lint/suspicious/noExplicitAny: what else it holds does not matter here
type Form = UseFormReturnType<any>;

interface MappingEditorProps {
  form: Form;
  /** What the backends have, as far as that is known. */
  known: string[];
  /** Names to choose from. */
  models: string[];
}

/** Rows of names: what is asked for, and what it is called at the backends. */
export function MappingEditor({ form, known, models }: MappingEditorProps) {
  const { t } = useTranslation();
  const rows: Mapped[] = form.values.modelMapping;
  const add = () => {
    const key = Math.max(0, ...rows.map((row) => row.key)) + 1;
    form.insertListItem("modelMapping", { key, from: "", to: "" });
  };
  const error = form.errors.modelMapping;
  return (
    <Input.Wrapper
      label={t("mapping.title")}
      description={t("mapping.hint")}
      error={error}
      labelElement="div"
      role="group"
      aria-label={t("mapping.title")}
    >
      <Stack gap="xs" mt="xs" mb="xs">
        {rows.map((row, at) => (
          <Row
            key={row.key}
            row={row}
            at={at}
            form={form}
            flaw={flawOf(row, rows)}
            isChecked={error !== undefined}
            isUnknown={known.length > 0 && row.to.trim() !== "" && !hasModel(known, row.to.trim())}
            models={models}
          />
        ))}
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={add}
            data-path="modelMapping"
          >
            {t("mapping.add")}
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}

/** A name without a tag is that of `latest`. */
function hasModel(known: string[], name: string): boolean {
  return known.includes(name) || known.includes(`${name}:latest`);
}

interface RowProps {
  row: Mapped;
  at: number;
  form: Form;
  flaw: Flaw | undefined;
  /** Whether what is missing is told, too: while a row is filled in, it is not. */
  isChecked: boolean;
  isUnknown: boolean;
  models: string[];
}

function Row({ row, at, form, flaw, isChecked, isUnknown, models }: RowProps) {
  const { t } = useTranslation();
  const isWrong = flaw === "twice" || (flaw === "empty" && isChecked);
  return (
    <div>
      <Group gap={6} wrap="nowrap" align="center">
        <Autocomplete
          flex={1}
          miw={0}
          aria-label={`${t("mapping.from")} ${at + 1}`}
          placeholder={t("mapping.from")}
          {...form.getInputProps(`modelMapping.${at}.from`)}
          error={isWrong && (flaw === "twice" || row.from.trim() === "")}
        />
        <IconArrowRight size={16} aria-hidden />
        <Autocomplete
          flex={1}
          miw={0}
          aria-label={`${t("mapping.to")} ${at + 1}`}
          placeholder={t("mapping.to")}
          data={models}
          limit={50}
          {...form.getInputProps(`modelMapping.${at}.to`)}
          error={isWrong && row.to.trim() === ""}
        />
        <ActionIcon
          onClick={() => form.removeListItem("modelMapping", at)}
          aria-label={t("mapping.remove", { name: row.from || String(at + 1) })}
        >
          <IconTrash size={16} />
        </ActionIcon>
      </Group>
      {isWrong && flaw && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {t(`mapping.${flaw}`)}
        </Text>
      )}
      {flaw === "same" && (
        <Text size="xs" c="dimmed">
          {t("mapping.same")}
        </Text>
      )}
      {!isWrong && isUnknown && (
        <Text size="xs" c="dimmed">
          {t("mapping.unknown")}
        </Text>
      )}
    </div>
  );
}
