import {
  Alert,
  Box,
  Button,
  Code,
  Group,
  NavLink,
  Paper,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { front, useMayChange } from "../../api/queries";
import { CodeBlock } from "../../parts/CodeBlock";
import { Copy } from "../../parts/Copy";
import { useKeptToken } from "../../parts/keptToken";
import { useModelNames } from "../../parts/ModelPicker";
import { type Access, baseOf } from "../../parts/samples";
import { useFilters } from "../../parts/url";
import { Endpoints } from "./Endpoints";
import { CLIENTS, type Client } from "./snippets";

const isLocal = (host: string) => /\/\/(localhost|127\.|\[::1\])/.test(host);

/** Address, token and model on top; below them a client and what it is told. */
export function Clients() {
  const { t } = useTranslation("connect");
  const [, go] = useLocation();
  const { get, set } = useFilters();
  const mayChange = useMayChange();
  const [token, setToken] = useKeptToken();
  const models = useModelNames();
  const host = (get("base") || front()).replace(/\/(v1\/?)?$/, "");
  const model = get("model") || models[0] || "llama3.2";
  const client = CLIENTS.find(({ id }) => id === get("client")) ?? (CLIENTS[0] as Client);
  const access = { host, model, token: token || "YOUR-TOKEN" };
  const embedders = useModelNames("embedding");
  // Of many it is not known what they can do.
  const embedder = embedders.find((name) => name.includes("embed")) ?? embedders[0] ?? "nomic-embed-text";
  return (
    <Stack>
      <Group align="flex-start" gap="md">
        <TextInput
          label={t("base")}
          description={t("baseHint")}
          value={get("base") || front()}
          onChange={(event) => set({ base: event.currentTarget.value })}
          flex="1 1 240px"
        />
        <Stack gap="xs" flex="1 1 240px">
          <TextInput
            label={t("token")}
            description={t("tokenHint")}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value.trim())}
            autoComplete="off"
            spellCheck={false}
          />
          {mayChange && !token && (
            <Group>
              <Button variant="default" size="xs" onClick={() => go("/tokens/new")}>
                {t("make")}
              </Button>
            </Group>
          )}
        </Stack>
        <Select
          label={t("model")}
          description={t("modelHint")}
          data={models.includes(model) ? models : [model, ...models]}
          value={model}
          onChange={(model) => set({ model })}
          searchable
          allowDeselect={false}
          flex="1 1 200px"
        />
      </Group>
      {isLocal(host) && <Alert color="orange">{t("local")}</Alert>}
      <Group align="flex-start" gap="md" wrap="wrap">
        <Select
          hiddenFrom="sm"
          label={t("client")}
          data={CLIENTS.map(({ id, name }) => ({ value: id, label: name }))}
          value={client.id}
          onChange={(id) => set({ client: id })}
          allowDeselect={false}
          w="100%"
        />
        <Box component="nav" visibleFrom="sm" w={170} aria-label={t("client")}>
          {CLIENTS.map(({ id, name }) => (
            <NavLink
              key={id}
              component="button"
              label={name}
              active={id === client.id}
              aria-current={id === client.id}
              onClick={() => set({ client: id })}
            />
          ))}
        </Box>
        <Instructions client={client} access={access} embedder={embedder} />
      </Group>
      <Endpoints base={baseOf(access)} />
    </Stack>
  );
}

interface InstructionsProps {
  client: Client;
  access: Access;
  /** A model that makes embeddings. */
  embedder: string;
}

function Instructions({ client, access, embedder }: InstructionsProps) {
  const { t } = useTranslation("connect");
  return (
    <Paper withBorder p="md" flex="1 1 300px" miw={0}>
      <Stack>
        <Title order={2} size="h4">
          {client.name}
        </Title>
        <Text size="sm">{t(`steps.${client.id}`)}</Text>
        {client.fields?.(access).map(([name, value]) => (
          <Group key={name} gap="xs" wrap="nowrap">
            <Text size="sm" w={90} flex="none">
              {t(`field.${name}`)}
            </Text>
            <Code style={{ overflowWrap: "anywhere" }}>{value}</Code>
            <Copy text={value} />
          </Group>
        ))}
        {client.code && <CodeBlock code={client.code(access)} />}
        {client.embeddings && (
          <>
            <Title order={3} size="h5">
              {t("embeddings")}
            </Title>
            <CodeBlock code={client.embeddings({ ...access, model: embedder })} />
          </>
        )}
      </Stack>
    </Paper>
  );
}
