import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Channel, data, ifMatch } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { isFlawed } from "../../parts/mapping";
import { useChange } from "../../parts/useChange";
import { Fields } from "./Fields";
import { useModels } from "./queries";
import { type ChannelValues, toBody, toValues } from "./values";

interface ChannelFormProps {
  /** Without one, a channel is made. */
  channel?: Channel;
  /** All, for names of models and for shares. */
  channels: Channel[];
  onClose: () => void;
  onMade?: (channel: Channel) => void;
}

interface Save {
  values: ChannelValues;
  /** Which revision is changed; without one, whatever is there. */
  revision?: number;
}

/** Makes or changes a channel: where, how much, what, and its limits. */
export function ChannelForm({ channel, channels, onClose, onMade }: ChannelFormProps) {
  const { t } = useTranslation("channels");
  const { t: common } = useTranslation();
  const own = useModels(channel && [channel]);
  const all = useModels(channels);
  const [tested, setTested] = useState<string[]>([]);
  const form = useForm<ChannelValues>({
    initialValues: toValues(channel),
    validate: {
      modelMapping: (rows) => (isFlawed(rows) ? common("mapping.wrong") : null),
    },
  });
  const [inConflict, setConflict] = useState<ChannelValues>();
  const save = useChange({
    call: async ({ values, revision }: Save) => {
      const body = toBody(values, channel);
      const header = revision === undefined ? {} : ifMatch(revision);
      const params = { path: { id: channel?.id ?? "" }, header };
      const call = channel
        ? api.PUT("/admin/api/channels/{id}", { params, body })
        : api.POST("/admin/api/channels", { body });
      return (await data(call)).channel;
    },
    stale: [["channels"]],
    form,
    done: channel ? common("saved") : common("created"),
    onDone: (made) => {
      form.resetDirty();
      if (channel) onClose();
      else onMade?.(made);
    },
    onConflict: (_, { values }) => setConflict(values),
  });
  const conflict = inConflict && {
    takeTheirs: () => {
      form.resetDirty();
      onClose();
    },
    saveMine: () => save.mutate({ values: inConflict }),
  };
  const known = tested.length > 0 ? tested : own;
  return (
    <FormFrame
      form={form}
      onSubmit={(values) => save.mutate({ values, ...(channel && { revision: channel.revision }) })}
      onCancel={onClose}
      isSaving={save.isPending}
      verb={channel ? t("form.save") : t("form.create")}
      conflict={conflict}
    >
      <Fields
        form={form}
        channel={channel}
        channels={channels}
        known={known}
        models={known.length > 0 ? known : all}
        onTested={setTested}
      />
    </FormFrame>
  );
}
