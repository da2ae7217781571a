import {
  Alert,
  Button,
  FileButton,
  Group,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { useFormat } from "../../parts/format";
import { Failed } from "../../parts/states";
import { useChange } from "../../parts/useChange";
import { useDrop } from "../../parts/useDrop";
import { Forms } from "./Forms";
import { useReading } from "./queries";
import { Reading, type Verdict, verdictOf } from "./Reading";

const PAUSE_MS = 400;
/** Lines that are shown; more would make typing slow. */
const SHOWN = 200;
/** Of one file in bytes: far more lines than anybody has, and not yet slow. */
const LARGEST = 2_000_000;

/** Lines of two forms. */
const EXAMPLE = "http://192.168.1.11:11434\nhttps://ollama.com|YOUR-KEY";

interface Values {
  keys: string;
  baseUrl: string;
}

/** Many keys from key lines: shows how each is read before any is stored. */
export function Import({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("keys");
  const form = useForm<Values>({
    initialValues: { keys: "", baseUrl: "" },
    validate: { keys: (keys) => (keys.trim() === "" ? t("form.lineNeeded") : null) },
  });
  const [[keys, baseUrl]] = useDebouncedValue([form.values.keys, form.values.baseUrl] as const, PAUSE_MS);
  const reading = useReading(keys, baseUrl);
  const isRead = keys.trim() !== "" && reading.data !== undefined;
  const isCurrent =
    keys === form.values.keys && baseUrl === form.values.baseUrl && !reading.isPlaceholderData;
  const add = useAdd(form, onClose);
  const count = isRead && isCurrent ? reading.data.summary.added : undefined;
  return (
    <FormFrame
      form={form}
      onSubmit={(values) => {
        if (count === 0) return form.setFieldError("keys", t("import.noneNew"));
        add.mutate(values);
      }}
      onCancel={onClose}
      isSaving={add.isPending}
      verb={count ? t("import.addCount", { count }) : t("import.add")}
    >
      {add.data && add.data.errors.length > 0 && <Result result={add.data} />}
      <Lines form={form} />
      <Forms />
      <TextInput
        label={t("form.base")}
        description={t("form.baseHint")}
        inputMode="url"
        spellCheck={false}
        {...form.getInputProps("baseUrl")}
      />
      {reading.isError && keys.trim() !== "" && <Failed error={reading.error} retry={reading.refetch} />}
      {keys.trim() !== "" && reading.isPending && <Skeleton h={120} />}
      {isRead && <Preview reading={reading.data} />}
    </FormFrame>
  );
}

type Form = UseFormReturnType<Values>;

/** Adds the good lines; the wrong ones stay, to be mended. */
function useAdd(form: Form, onClose: () => void) {
  const { t } = useTranslation("keys");
  return useChange({
    call: ({ keys, baseUrl }: Values) =>
      data(api.POST("/admin/api/keys/batch", { body: { keys, ...(baseUrl && { baseUrl }) } })),
    stale: [["keys"], ["models"]],
    form,
    isBad: ({ errors }) => errors.length > 0,
    done: (result) =>
      t("import.done", {
        added: t("import.added", { count: result.added.length }),
        rest: t("import.rest", { duplicates: result.duplicates.length, errors: result.errors.length }),
      }),
    onDone: ({ errors }, { keys }) => {
      if (errors.length === 0) {
        form.resetDirty({ keys: "", baseUrl: "" });
        form.reset();
        return onClose();
      }
      const wrong = new Set(errors.map(({ line }) => line));
      const left = keys.split("\n").filter((_, at) => wrong.has(at + 1));
      form.setFieldValue("keys", left.join("\n"));
    },
  });
}

interface Added {
  added: unknown[];
  duplicates: unknown[];
  errors: { line: number; input: string; error: string }[];
}

function Result({ result }: { result: Added }) {
  const { t } = useTranslation("keys");
  const counts = { duplicates: result.duplicates.length, errors: result.errors.length };
  return (
    <Alert
      color="orange"
      icon={<IconAlertTriangle />}
      title={t("import.added", { count: result.added.length })}
    >
      <Text size="sm">{t("import.rest", counts)}</Text>
      <Text size="sm">{t("import.mend")}</Text>
    </Alert>
  );
}

function Lines({ form }: { form: Form }) {
  const { t } = useTranslation("keys");
  const format = useFormat();
  const take = async (files: File[]) => {
    const large = files.find(({ size }) => size > LARGEST);
    if (large) {
      const most = format.bytes(LARGEST);
      return form.setFieldError("keys", t("import.tooLarge", { name: large.name, most }));
    }
    const texts = await Promise.all(files.map((file) => file.text()));
    const before = form.getValues().keys.trimEnd();
    form.setFieldValue("keys", [before, ...texts].filter(Boolean).join("\n"));
  };
  const { isOver, on } = useDrop(take);
  return (
    <Stack gap={6} {...on}>
      <Textarea
        label={t("import.lines")}
        description={t("import.linesHint")}
        placeholder={EXAMPLE}
        autosize
        minRows={5}
        maxRows={12}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
        styles={{
          input: {
            fontFamily: "var(--mantine-font-family-monospace)",
            ...(isOver && { background: "var(--mantine-primary-color-light)" }),
          },
        }}
        onPaste={(event) => {
          const files = [...event.clipboardData.files];
          if (files.length === 0) return;
          event.preventDefault();
          void take(files);
        }}
        {...form.getInputProps("keys")}
      />
      <Group>
        <FileButton multiple onChange={take} accept="text/*,.txt,.csv,.list">
          {(props) => (
            <Button {...props} size="xs" variant="default" leftSection={<IconUpload size={14} />}>
              {t("import.file")}
            </Button>
          )}
        </FileButton>
      </Group>
    </Stack>
  );
}

type Read = NonNullable<ReturnType<typeof useReading>["data"]>;

/** The reading of all lines, or of those of one kind. */
function Preview({ reading }: { reading: Read }) {
  const { t } = useTranslation("keys");
  const format = useFormat();
  const [kind, setKind] = useState<Verdict | "all">("all");
  const { lines, summary } = reading;
  const wanted = kind === "all" ? lines : lines.filter((line) => verdictOf(line) === kind);
  const counts = { all: lines.length, ...summary };
  const kinds = (["all", "added", "duplicates", "errors"] as const).map((value) => ({
    value,
    label: t(`import.kind.${value}`, { n: format.number(counts[value]) }),
  }));
  if (lines.length === 0) return <Text size="sm">{t("import.nothing")}</Text>;
  return (
    <Stack gap="xs">
      <SegmentedControl
        size="xs"
        data={kinds}
        value={kind}
        onChange={(value) => setKind(value as Verdict | "all")}
        aria-label={t("reading.title")}
        style={{ alignSelf: "flex-start", maxWidth: "100%", overflowX: "auto" }}
      />
      <Reading lines={wanted.slice(0, SHOWN)} />
      {wanted.length > SHOWN && (
        <Text size="sm" c="dimmed">
          {t("import.more", { n: format.number(wanted.length - SHOWN) })}
        </Text>
      )}
    </Stack>
  );
}
