import { Alert, Anchor, Button, Code, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconGitFork, IconMessages, IconRoute } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Ago } from "../../parts/Ago";
import { Copy } from "../../parts/Copy";
import { Facts } from "../../parts/Facts";
import { useFormat } from "../../parts/format";
import { Status } from "../../parts/Status";
import { Capabilities } from "./Capabilities";
import { useSays } from "./Cell";
import { letterOf, loadedNow, nameOf, placeOf, shortOf, stateOfHolder } from "./facts";
import type { Holder, Loaded, Model, Version } from "./queries";

/** Backends of a version that are shown at first. */
const SHOWN = 20;

interface DetailProps {
  model: Model;
  holders: Map<string, Holder>;
}

/** Everything about one model: what it can do, and where it is in which version. */
export function ModelDetail({ model, holders }: DetailProps) {
  const { t } = useTranslation("models");
  const format = useFormat();
  const name = encodeURIComponent(model.name);
  const families = [
    ...new Set(model.versions.map((version) => version.family).filter((one) => one !== null)),
  ];
  const facts: [string, ReactNode][] = [
    [t("column.capabilities"), <Capabilities key="can" names={model.capabilities} />],
    [
      t("column.context"),
      model.contextLength === null
        ? t("notAsked")
        : t("contextTokens", { n: format.number(model.contextLength), count: model.contextLength }),
    ],
    [t("detail.family"), families.length > 0 ? format.list(families) : "–"],
    [t("detail.aliases"), <Aliases key="aliases" model={model} />],
  ];
  return (
    <Stack>
      <Group gap="xs">
        <Button component={Link} href={`/channels?explain=${name}`} leftSection={<IconRoute size={16} />}>
          {t("detail.explain")}
        </Button>
        <Button
          component={Link}
          href={`/playground?model=${name}`}
          variant="default"
          leftSection={<IconMessages size={16} />}
        >
          {t("detail.try")}
        </Button>
        <Copy text={model.name} label={t("detail.copy")} />
      </Group>
      {model.drift && (
        <Alert color="orange" icon={<IconGitFork />} title={t("drift.title")}>
          {t("drift.hint", { count: model.versions.length })}
        </Alert>
      )}
      <Facts facts={facts} />
      {model.versions.map((version, at) => (
        <OneVersion
          key={version.digest ?? at}
          version={version}
          letter={model.drift ? letterOf(at) : undefined}
          loaded={loadedNow(model)}
          holders={holders}
        />
      ))}
    </Stack>
  );
}

function Aliases({ model }: { model: Model }) {
  const { t } = useTranslation("models");
  if (model.aliases.length === 0) return <>–</>;
  return (
    <Stack gap={2}>
      {model.aliases.map(({ name, kind, id, where }) => (
        <Text key={`${id} ${name}`} size="sm">
          <Code>{name}</Code> {t(kind === "channel" ? "detail.byChannel" : "detail.byKey")}{" "}
          <Anchor
            component={Link}
            href={`/${kind}s/${encodeURIComponent(id)}`}
            size="sm"
            // Within a sentence the colour alone does not tell it.
            underline="always"
          >
            {where}
          </Anchor>
        </Text>
      ))}
    </Stack>
  );
}

interface VersionProps {
  version: Version;
  /** Tells it from others, where there are any. */
  letter: string | undefined;
  loaded: Loaded[];
  holders: Map<string, Holder>;
}

function OneVersion({ version, letter, loaded, holders }: VersionProps) {
  const { t } = useTranslation("models");
  const format = useFormat();
  const [isWhole, setWhole] = useState(false);
  const { digest, size, modified } = version;
  const facts: [string, ReactNode][] = [
    [
      t("detail.digest"),
      digest ? (
        <Group key="digest" gap={4} wrap="nowrap">
          <Code>{shortOf(digest)}</Code>
          <Copy text={digest} />
        </Group>
      ) : (
        "–"
      ),
    ],
    [t("column.size"), size === null ? "–" : format.bytes(size)],
    [t("column.parameters"), version.parameterSize ?? "–"],
    [t("column.quantization"), version.quantization ?? "–"],
    [t("column.modified"), modified ? <Ago key="modified" at={modified} /> : "–"],
  ];
  const shown = isWhole ? version.backends : version.backends.slice(0, SHOWN);
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Title order={3} size="h5">
          {letter ? t("detail.version", { letter }) : t("detail.where")}
        </Title>
        <Facts facts={facts} />
        <Backends ids={shown} loaded={loaded} holders={holders} />
        {shown.length < version.backends.length && (
          <Button variant="default" size="xs" onClick={() => setWhole(true)}>
            {t("detail.all", { count: version.backends.length })}
          </Button>
        )}
      </Stack>
    </Paper>
  );
}

function Backends({
  ids,
  loaded,
  holders,
}: {
  ids: string[];
  loaded: Loaded[];
  holders: Map<string, Holder>;
}) {
  const { t } = useTranslation("models");
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table verticalSpacing={6}>
        <Table.Thead style={{ whiteSpace: "nowrap" }}>
          <Table.Tr>
            <Table.Th>{t("detail.backend")}</Table.Th>
            <Table.Th>{t("detail.state")}</Table.Th>
            <Table.Th>{t("detail.loaded")}</Table.Th>
            <Table.Th>{t("detail.listed")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ids.map((id) => (
            <Row
              key={id}
              id={id}
              holder={holders.get(id)}
              loaded={loaded.find((one) => one.backend === id)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ id, holder, loaded }: { id: string; holder: Holder | undefined; loaded: Loaded | undefined }) {
  const { t } = useTranslation("models");
  const format = useFormat();
  const says = useSays();
  return (
    <Table.Tr>
      <Table.Td style={{ overflowWrap: "anywhere" }}>
        {holder ? (
          <Anchor component={Link} href={placeOf(holder)} size="sm">
            {nameOf(holder)}
          </Anchor>
        ) : (
          <Code>{id}</Code>
        )}
      </Table.Td>
      <Table.Td>{holder && <Status state={stateOfHolder(holder)} />}</Table.Td>
      <Table.Td>
        {loaded ? (
          <>
            <Text size="sm">{says(loaded)}</Text>
            <Text size="xs" c="dimmed">
              {t("loaded.told", { when: format.ago(new Date(Date.now() - loaded.ageSeconds * 1_000)) })}
            </Text>
          </>
        ) : (
          "–"
        )}
      </Table.Td>
      <Table.Td>
        <Ago at={holder?.listedAt} size="sm" />
      </Table.Td>
    </Table.Tr>
  );
}
