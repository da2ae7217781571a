import {
  Alert,
  Badge,
  Button,
  Card,
  CloseButton,
  FileButton,
  Group,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { IconAlertTriangle, IconFileImport } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ApiError, api, data } from "../../api/client";
import type { paths } from "../../api/schema";
import { confirm } from "../../parts/confirm";
import { useFormat } from "../../parts/format";
import { useChange } from "../../parts/useChange";
import { useDrop } from "../../parts/useDrop";
import { ImportReport } from "./ImportReport";

type Call = paths["/admin/api/import"]["post"];
export type Report = Call["responses"][200]["content"]["application/json"];
type Files = Call["requestBody"]["content"]["application/json"]["files"];
type FileName = keyof Files;

/** Files of the Node program, by the name that they may have on a disk. */
const KNOWN: Record<string, FileName> = {
  "keys.json": "keys.json",
  "channels.json": "channels.json",
  "tokens.json": "tokens.json",
  "stats.json": "stats.json",
  "access.json": "access.json",
  "requests.jsonl": "logs/requests.jsonl",
  "audit.jsonl": "logs/audit.jsonl",
  ".env": ".env",
  env: ".env",
  "env.txt": ".env",
};

const nameOf = (file: File): FileName | undefined => KNOWN[file.name.toLowerCase()];

/** What is read again when things have come in. */
const STALE = ["settings", "keys", "channels", "tokens", "models", "dashboard"].map((name) => [name]);

interface Ask {
  files: Files;
  apply: boolean;
  mayLockOut?: boolean;
}

/** Data of the Node program: chosen, looked at, then taken over. */
export function Import() {
  const { t } = useTranslation("settings");
  const [files, setFiles] = useState<Files>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const run = useChange({
    call: ({ files, apply, mayLockOut }: Ask) =>
      data(
        api.POST("/admin/api/import", {
          params: { query: { apply } },
          body: { files, ...(mayLockOut && { confirm: true }) },
        }),
      ),
    stale: STALE,
    onFields: (fields) =>
      setErrors(
        Object.fromEntries(
          Object.entries(fields).map(([name, error]) => [name.replace(/^files\./, ""), error]),
        ),
      ),
    onConflict: (error: ApiError, ask: Ask) =>
      confirm({
        title: t("review.lockTitle"),
        text: t("review.lockText", { address: error.body?.address ?? "" }),
        verb: t("review.lockVerb"),
        onConfirm: () => run.mutate({ ...ask, mayLockOut: true }),
      }),
    done: (report) => (report.applied ? t("import.applied") : ""),
  });
  const look = (files: Files) => {
    setFiles(files);
    setErrors({});
    if (Object.keys(files).length > 0) run.mutate({ files, apply: false });
    else run.reset();
  };
  const add = async (chosen: File[]) => {
    const read = await Promise.all(
      chosen.map(async (file): Promise<[FileName | undefined, string]> => [nameOf(file), await file.text()]),
    );
    look({ ...files, ...Object.fromEntries(read.filter(([name]) => name !== undefined)) });
  };
  const remove = (name: string) =>
    look(Object.fromEntries(Object.entries(files).filter(([one]) => one !== name)));
  return (
    <Stack gap="md">
      <div>
        <Title order={2} size="h3">
          {t("group.import")}
        </Title>
        <Text size="sm" c="dimmed">
          {t("import.purpose")}
        </Text>
      </div>
      <Chooser add={add} />
      <Chosen files={files} errors={errors} remove={remove} />
      {run.data && Object.keys(files).length > 0 && Object.keys(errors).length === 0 && (
        <ImportReport
          report={run.data}
          isApplying={run.isPending}
          apply={() => run.mutate({ files, apply: true })}
        />
      )}
    </Stack>
  );
}

/** Takes files by drop or by choice; names those that are not of the Node program. */
function Chooser({ add }: { add: (files: File[]) => void }) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const [unknown, setUnknown] = useState<string[]>([]);
  const take = (files: File[]) => {
    setUnknown(files.filter((file) => !nameOf(file)).map(({ name }) => name));
    const known = files.filter(nameOf);
    if (known.length > 0) add(known);
  };
  const { isOver, on } = useDrop(take);
  return (
    <>
      <Card withBorder p="lg" {...on} {...(isOver && { bg: "var(--mantine-primary-color-light)" })}>
        <Stack align="center" gap="xs">
          <IconFileImport size={32} stroke={1.5} aria-hidden />
          <Text fw={500} ta="center">
            {t("import.drop")}
          </Text>
          <Text size="sm" c="dimmed" ta="center">
            {t("import.names")}
          </Text>
          <FileButton multiple onChange={take} inputProps={{ "aria-label": t("import.choose") }}>
            {(props) => (
              <Button variant="default" {...props}>
                {t("import.choose")}
              </Button>
            )}
          </FileButton>
        </Stack>
      </Card>
      {unknown.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle />} role="alert">
          {t("import.unknown", { names: format.list(unknown) })}
        </Alert>
      )}
    </>
  );
}

interface ChosenProps {
  files: Files;
  errors: Record<string, string>;
  remove: (name: string) => void;
}

function Chosen({ files, errors, remove }: ChosenProps) {
  const { t } = useTranslation("settings");
  const format = useFormat();
  const chosen = Object.entries(files);
  if (chosen.length === 0) return null;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {chosen.map(([name, text]) => (
          <Badge
            key={name}
            tt="none"
            size="lg"
            color={errors[name] ? "red" : "gray"}
            rightSection={
              <CloseButton size="xs" aria-label={t("import.remove", { name })} onClick={() => remove(name)} />
            }
          >
            {name} · {format.bytes(String(text).length)}
          </Badge>
        ))}
      </Group>
      {Object.entries(errors).map(([name, error]) => (
        <Alert key={name} color="red" icon={<IconAlertTriangle />} title={name} role="alert">
          {error}
        </Alert>
      ))}
    </Stack>
  );
}
