import { Group, NumberInput, Progress, Slider, Stack, Table, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Channel, data, ifMatch } from "../../api/client";
import { FormFrame } from "../../parts/FormFrame";
import { useFormat } from "../../parts/format";
import { useChange } from "../../parts/useChange";
import { type NewShare, sharesWith } from "./shares";

/** Channels whose new share is shown one by one. */
const SHOWN = 25;
/** Where the slider ends at least. */
const SCALE = 100;

interface WeightFormProps {
  channel: Channel;
  channels: Channel[];
  onClose: () => void;
}

interface Save {
  weight: number;
  revision?: number;
}

/** Changes a weight, and shows beforehand what each channel of the tier would get. */
export function WeightForm({ channel, channels, onClose }: WeightFormProps) {
  const { t } = useTranslation("channels");
  const form = useForm<{ weight: number | "" }>({ initialValues: { weight: channel.weight } });
  const [inConflict, setConflict] = useState<number>();
  const set = ({ weight, revision }: Save) => {
    const header = revision === undefined ? {} : ifMatch(revision);
    const params = { path: { id: channel.id }, header };
    return data(api.PUT("/admin/api/channels/{id}", { params, body: { weight } }));
  };
  const save = useChange({
    call: set,
    stale: [["channels"]],
    form,
    done: (_, { weight }: Save) => t("weight.saved", { name: channel.name, weight }),
    onDone: () => {
      form.resetDirty();
      onClose();
    },
    undo: ({ channel: { revision } }) => set({ weight: channel.weight, revision }),
    onConflict: (_, { weight }) => setConflict(weight),
  });
  const conflict =
    inConflict === undefined
      ? undefined
      : { takeTheirs: onClose, saveMine: () => save.mutate({ weight: inConflict }) };
  const tier = channels.filter((other) => other.priority === channel.priority);
  const most = Math.max(SCALE, ...tier.map((other) => other.weight));
  const weight = form.values.weight || 1;
  return (
    <FormFrame
      form={form}
      onSubmit={() => save.mutate({ weight, revision: channel.revision })}
      onCancel={onClose}
      isSaving={save.isPending}
      verb={t("weight.save")}
      conflict={conflict}
    >
      <Text size="sm" c="dimmed">
        {t("weight.hint")}
      </Text>
      <Group wrap="nowrap" align="flex-end">
        <Slider
          flex={1}
          mb="sm"
          min={1}
          max={most}
          value={Math.min(weight, most)}
          onChange={(value) => form.setFieldValue("weight", value)}
          thumbProps={{ "aria-label": t("weight.slider") }}
        />
        <NumberInput
          label={t("weight.slider")}
          w={100}
          min={1}
          max={1_000_000}
          allowDecimal={false}
          data-autofocus
          {...form.getInputProps("weight")}
        />
      </Group>
      {channel.enabled ? (
        <Shares shares={sharesWith(tier, channel, weight)} of={channel} />
      ) : (
        <Text size="sm">{t("weight.off")}</Text>
      )}
    </FormFrame>
  );
}

function Shares({ shares, of }: { shares: NewShare[]; of: Channel }) {
  const { t } = useTranslation("channels");
  const format = useFormat();
  if (shares.length === 1) return <Text size="sm">{t("weight.alone")}</Text>;
  const isOf = ({ channel }: NewShare) => channel.id === of.id;
  const order = [...shares.filter(isOf), ...shares.filter((share) => !isOf(share))];
  const left = order.length - SHOWN;
  return (
    <div>
      <Title order={3} size="h5" mb={4}>
        {t("weight.others", { priority: of.priority })}
      </Title>
      <Table verticalSpacing={6} aria-live="polite">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("column.name")}</Table.Th>
            <Table.Th ta="right">{t("weight.before")}</Table.Th>
            <Table.Th ta="right" style={{ whiteSpace: "nowrap" }}>
              {t("weight.after")}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {order.slice(0, SHOWN).map((share) => (
            <Table.Tr key={share.channel.id}>
              <Table.Td maw={0} w="100%">
                <Stack gap={4}>
                  <Text size="sm" truncate fw={isOf(share) ? 600 : 400}>
                    {share.channel.name}
                  </Text>
                  <Progress
                    size="xs"
                    value={share.after * 100}
                    aria-label={share.channel.name}
                    color={isOf(share) ? "accent" : "gray"}
                  />
                </Stack>
              </Table.Td>
              <Table.Td ta="right" className="numbers" c="dimmed">
                {format.percent(share.before)}
              </Table.Td>
              <Table.Td ta="right" className="numbers">
                {format.percent(share.after)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {left > 0 && (
        <Text size="xs" c="dimmed">
          {t("explain.othersMore", { count: left })}
        </Text>
      )}
    </div>
  );
}
