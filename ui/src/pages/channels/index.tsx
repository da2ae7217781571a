import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Channel } from "../../api/client";
import { useMayChange } from "../../api/queries";
import { FirstBackend } from "../../parts/FirstBackend";
import { Page } from "../../parts/Page";
import { SideDrawer } from "../../parts/SideDrawer";
import { Failed } from "../../parts/states";
import { useDrawer, useFilters } from "../../parts/url";
import { ChannelDetail } from "./ChannelDetail";
import { ChannelForm } from "./ChannelForm";
import { ChannelList } from "./ChannelList";
import { Explain } from "./Explain";
import { modelsOf, useChannel, useChannels } from "./queries";
import { WeightForm } from "./WeightForm";
import "./words";

const NONE: Channel[] = [];

export default function Channels() {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const mayChange = useMayChange();
  const { id, part, open } = useDrawer("channels");
  const { get, set } = useFilters();
  const list = useChannels();
  const channels = list.data?.channels ?? NONE;
  const models = useMemo(() => {
    const asked = channels.flatMap((channel) => Object.keys(channel.modelMapping));
    return [...new Set([...asked, ...modelsOf(channels)])];
  }, [channels]);
  const isNew = id === "new";
  const close = () => open();
  const explained = get("explain");
  return (
    <Page
      title={common("nav.channels")}
      purpose={t("purpose")}
      action={
        mayChange && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => open("new")}>
            {t("add")}
          </Button>
        )
      }
    >
      <ChannelList models={models} open={open} />
      <SideDrawer opened={isNew} isForm title={t("form.new")} onClose={close} size={560}>
        <FirstBackend />
        <ChannelForm channels={channels} onClose={close} onMade={(made) => open(made.id)} />
      </SideDrawer>
      {id && !isNew && <One id={id} part={part} channels={channels} open={open} />}
      <SideDrawer
        opened={explained !== "" && id === undefined}
        title={t("explain.title", { model: explained })}
        onClose={() => set({ explain: null, for: null, needs: null })}
        size={640}
      >
        <Explain models={models} />
      </SideDrawer>
    </Page>
  );
}

interface OneProps {
  id: string;
  part: string | undefined;
  channels: Channel[];
  open: (id?: string, part?: string) => void;
}

/** The drawer of one channel: what it is, or a form to change it. */
function One({ id, part, channels, open }: OneProps) {
  const { t } = useTranslation("channels");
  const channel = useChannel(id);
  const name = channel.data?.name ?? "…";
  const isForm = part === "edit" || part === "share";
  const title = part === "share" ? t("weight.title", { name }) : t("form.edit", { name });
  return (
    <SideDrawer
      opened
      isForm={isForm}
      title={isForm ? title : name}
      onClose={() => (isForm ? open(id) : open())}
      size={560}
    >
      {channel.isPending && <Skeleton h={320} />}
      {channel.isError && <Failed error={channel.error} retry={channel.refetch} />}
      {channel.data && (
        <Part channel={channel.data} part={isForm ? part : undefined} channels={channels} open={open} />
      )}
    </SideDrawer>
  );
}

function Part({ channel, part, channels, open }: Omit<OneProps, "id"> & { channel: Channel }) {
  const { id } = channel;
  if (part === "edit") {
    return <ChannelForm channel={channel} channels={channels} onClose={() => open(id)} />;
  }
  if (part === "share") return <WeightForm channel={channel} channels={channels} onClose={() => open(id)} />;
  return (
    <ChannelDetail
      channel={channel}
      channels={channels}
      onEdit={() => open(id, "edit")}
      onShare={() => open(id, "share")}
      onClose={() => open()}
    />
  );
}
