import { Button, Group, Skeleton } from "@mantine/core";
import { IconListDetails, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useMayChange } from "../../api/queries";
import { FirstBackend } from "../../parts/FirstBackend";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { Failed } from "../../parts/states";
import { useDrawer } from "../../parts/url";
import { Import } from "./Import";
import { KeyDetail } from "./KeyDetail";
import { KeyForm } from "./KeyForm";
import { KeyList } from "./KeyList";
import { useKey, useKeys } from "./queries";
import "./words";

export default function Keys() {
  const { t } = useTranslation("keys");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const { id, part, open } = useDrawer("keys");
  const list = useKeys();
  const isNew = id === "new";
  const isImport = id === "import";
  const close = () => open();
  return (
    <Page
      title={common("nav.keys")}
      purpose={t("purpose")}
      action={
        mayChange && (
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconListDetails size={16} />}
              onClick={() => open("import")}
            >
              {t("import.open")}
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={() => open("new")}>
              {t("add")}
            </Button>
          </Group>
        )
      }
    >
      <KeyList list={list} />
      <SideDrawer opened={isNew} isForm title={t("form.new")} onClose={close} size={560}>
        <FirstBackend />
        <KeyForm onClose={close} onMade={(made) => open(made.id)} />
      </SideDrawer>
      <SideDrawer opened={isImport} isForm title={t("import.title")} onClose={close} size={860}>
        <Import onClose={close} />
      </SideDrawer>
      {id && !isNew && !isImport && <One id={id} isEdited={part === "edit"} open={open} />}
    </Page>
  );
}

interface OneProps {
  id: string;
  isEdited: boolean;
  open: (id?: string, part?: string) => void;
}

/** The drawer of one key: what it is, or the form to change it. */
function One({ id, isEdited, open }: OneProps) {
  const { t } = useTranslation("keys");
  const key = useKey(id);
  const name = key.data?.name ?? "…";
  return (
    <SideDrawer
      opened
      isForm={isEdited}
      title={isEdited ? t("form.edit", { name }) : name}
      onClose={() => (isEdited ? open(id) : open())}
      size={560}
    >
      {key.isPending && <Skeleton h={320} />}
      {key.isError && <Failed error={key.error} retry={key.refetch} />}
      {key.data &&
        (isEdited ? (
          <KeyForm before={key.data} onClose={() => open(id)} />
        ) : (
          <KeyDetail shown={key.data} onEdit={() => open(id, "edit")} onClose={() => open()} />
        ))}
    </SideDrawer>
  );
}
