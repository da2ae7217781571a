import { Anchor, Button, Skeleton, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Token } from "../../api/client";
import { front, useMayChange } from "../../api/queries";
import { CodeBlock } from "../../parts/CodeBlock";
import { keepToken } from "../../parts/keptToken";
import { useModelNames } from "../../parts/ModelPicker";
import { Page } from "../../parts/Page";
import { Secret } from "../../parts/Secret";
import { SideDrawer } from "../../parts/SideDrawer";
import { curlChat } from "../../parts/samples";
import { Failed } from "../../parts/states";
import { useDrawer } from "../../parts/url";
import { useToken } from "./queries";
import { TokenDetail } from "./TokenDetail";
import { TokenForm } from "./TokenForm";
import { TokenTable } from "./TokenTable";
import "./words";

export default function Tokens() {
  const { t } = useTranslation("tokens");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const { id, part, open } = useDrawer("tokens");
  const [secret, setSecret] = useState<Token | null>(null);
  const isNew = id === "new";
  const close = () => open();
  return (
    <Page
      title={common("nav.tokens")}
      purpose={t("purpose")}
      action={
        mayChange && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => open("new")}>
            {t("add")}
          </Button>
        )
      }
    >
      <TokenTable open={open} />
      <SideDrawer opened={isNew} isForm title={t("form.new")} onClose={close}>
        <TokenForm
          onClose={close}
          onMade={(made) => {
            setSecret(made);
            keepToken(made.token);
            open(made.id);
          }}
        />
      </SideDrawer>
      {id && !isNew && <One id={id} isEdited={part === "edit"} open={open} onSecret={setSecret} />}
      <Secret
        title={t("secret.title", { name: secret?.name ?? "" })}
        hint={t("secret.hint")}
        secret={secret?.token ?? null}
        onClose={() => setSecret(null)}
      >
        {secret && <FirstCall token={secret} />}
        <Anchor component={Link} href="/connect" size="sm">
          {t("secret.setup")}
        </Anchor>
      </Secret>
    </Page>
  );
}

/** A call that works as it is, with the token and a model that it may use. */
function FirstCall({ token }: { token: Token }) {
  const { t } = useTranslation("tokens");
  const models = useModelNames();
  const named = token.allowedModels.find((model) => !model.includes("*"));
  const model = named ?? models[0] ?? "llama3.2";
  return (
    <div>
      <Text size="sm" mb={4}>
        {t("secret.try")}
      </Text>
      <CodeBlock code={curlChat({ host: front(), model, token: token.token })} isWrapped />
    </div>
  );
}

interface OneProps {
  id: string;
  isEdited: boolean;
  open: (id?: string, part?: string) => void;
  onSecret: (token: Token) => void;
}

/** The drawer of one token: what it is, or the form to change it. */
function One({ id, isEdited, open, onSecret }: OneProps) {
  const { t } = useTranslation("tokens");
  const token = useToken(id);
  const name = token.data?.name ?? "…";
  return (
    <SideDrawer
      opened
      isForm={isEdited}
      title={isEdited ? t("form.edit", { name }) : name}
      onClose={() => (isEdited ? open(id) : open())}
    >
      {token.isPending && <Skeleton h={320} />}
      {token.isError && <Failed error={token.error} retry={token.refetch} />}
      {token.data &&
        (isEdited ? (
          <TokenForm token={token.data} onClose={() => open(id)} />
        ) : (
          <TokenDetail
            token={token.data}
            onEdit={() => open(id, "edit")}
            onSecret={onSecret}
            onClose={() => open()}
          />
        ))}
    </SideDrawer>
  );
}
