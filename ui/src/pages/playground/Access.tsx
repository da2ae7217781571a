import { Anchor, Button, Group, Paper, PasswordInput, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Token } from "../../api/client";
import { type Concern, front, useMayChange, useMe } from "../../api/queries";
import { useFormat } from "../../parts/format";
import { keepToken, useKeptToken } from "../../parts/keptToken";
import { useChange } from "../../parts/useChange";

/** How long a token lives that was made here. */
const LIFE_MS = 86_400_000;

/** What the dashboard tells while the gateway has no token, so that some may call without one. */
const OPEN = new Set<Concern["kind"]>(["open_access", "no_token"]);

/** Whether a call without a token may be let in, as far as the panel is told. */
async function mayBeOpen(): Promise<boolean> {
  const { attention } = await data(
    api.GET("/admin/api/dashboard", { params: { query: { hours: 1, days: 1 } } }),
  );
  // Beyond those that are told there may be one of these.
  return attention.more > 0 || attention.list.some(({ kind }) => OPEN.has(kind));
}

/** Whether the gateway lets this page in: with the kept token, or without one. */
export function useAccess() {
  const [token] = useKeptToken();
  return useQuery({
    queryKey: ["playground", "access", token],
    queryFn: async ({ signal }) => {
      // Not tried in vain: that would be a refused request in the log, and an error in the browser's console.
      if (!token && !(await mayBeOpen())) return { isRefused: true, reason: "" };
      const headers = token ? { authorization: `Bearer ${token}` } : undefined;
      const answer = await fetch(`${front()}/v1/models`, {
        signal,
        credentials: "omit",
        ...(headers && { headers }),
      });
      const body = (await answer.json().catch(() => null)) as { error?: { message?: string } } | null;
      const isRefused = answer.status === 401 || answer.status === 403;
      return { isRefused, reason: body?.error?.message ?? "" };
    },
    staleTime: 60_000,
    gcTime: 0,
    retry: false,
  });
}

/** Asks for a token where one is wanted; else says with which one the page speaks. */
export function Access() {
  const { t } = useTranslation("playground");
  const [token] = useKeptToken();
  const access = useAccess();
  const [isChanging, setChanging] = useState(false);
  if (access.data?.isRefused) return <Ask reason={token ? access.data.reason : ""} onDone={() => {}} />;
  if (isChanging) return <Ask reason="" onDone={() => setChanging(false)} />;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="xs" c="dimmed">
        {token ? t("access.with", { end: token.slice(-4) }) : t("access.without")}
      </Text>
      <Anchor component="button" type="button" size="xs" onClick={() => setChanging(true)}>
        {t("access.change")}
      </Anchor>
    </Group>
  );
}

function Ask({ reason, onDone }: { reason: string; onDone: () => void }) {
  const { t } = useTranslation("playground");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const access = useAccess();
  const [text, setText] = useState("");
  const use = (token: string) => {
    keepToken(token.trim());
    onDone();
  };
  return (
    <Paper withBorder p="sm" component="section" aria-label={t("access.title")}>
      <Stack gap="xs">
        {access.data?.isRefused && (
          <Group gap="xs" wrap="nowrap" align="flex-start" role="alert">
            <IconKey size={18} aria-hidden style={{ flexShrink: 0 }} />
            <div>
              <Text size="sm" fw={600}>
                {t("access.title")}
              </Text>
              <Text size="sm">{reason ? t("access.refused", { reason }) : t("access.hint")}</Text>
            </div>
          </Group>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            use(text);
          }}
        >
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <PasswordInput
              flex={1}
              label={t("access.paste")}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
            <Button type="submit" disabled={access.data?.isRefused && text.trim() === ""}>
              {t("access.use")}
            </Button>
          </Group>
        </form>
        {mayChange && <Make onMade={({ token }) => use(token)} />}
        {!access.data?.isRefused && (
          <Group>
            <Button size="compact-xs" variant="default" onClick={onDone}>
              {common("do.cancel")}
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

function Make({ onMade }: { onMade: (token: Token) => void }) {
  const { t } = useTranslation("playground");
  const format = useFormat();
  const user = useMe().data?.user.name ?? "";
  const make = useChange<Token>({
    call: async () => {
      const expiresAt = new Date(Date.now() + LIFE_MS).toISOString();
      const body = { name: t("access.name", { user }), expiresAt };
      return (await data(api.POST("/admin/api/tokens", { body }))).token;
    },
    stale: [["tokens"]],
    done: ({ expiresAt }) => t("access.made", { when: expiresAt ? format.moment(expiresAt) : "" }),
    onDone: onMade,
  });
  return (
    <div>
      <Button variant="default" size="xs" onClick={() => make.mutate()} loading={make.isPending}>
        {t("access.make")}
      </Button>
      <Text size="xs" c="dimmed" mt={4}>
        {t("access.makeHint")}
      </Text>
    </div>
  );
}
