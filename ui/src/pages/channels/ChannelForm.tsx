import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Channel, data } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { isFlawed } from "../../parts/mapping";
import { useThingForm } from "../../parts/useThingForm";
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
  const frame = useThingForm<Channel, ChannelValues>({
    form,
    before: channel,
    call: async (values, header) => {
      const body = toBody(values, channel);
      const call = channel
        ? api.PUT("/admin/api/channels/{id}", { params: { path: { id: channel.id }, header }, body })
        : api.POST("/admin/api/channels", { body });
      return (await data(call)).channel;
    },
    stale: [["channels"]],
    done: channel ? common("saved") : common("created"),
    onClose,
    onMade,
  });
  const known = tested.length > 0 ? tested : own;
  return (
    <FormFrame {...frame} verb={channel ? t("form.save") : t("form.create")}>
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
