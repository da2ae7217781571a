import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "../../api/client";
import { Ago } from "../../parts/Ago";
import type { Column } from "../../parts/Rows";
import { Empty } from "../../parts/states";
import { useChange } from "../../parts/useChange";
import type { Ways } from "../../parts/useRows";
import { WholeList } from "../../parts/WholeList";
import { useSessions } from "./queries";

type Session = Schemas["Session"];

const WAYS: Ways<Session> = {
  text: (session) => [session.userName, session.address, session.userAgent],
  sort: {
    userName: (session) => session.userName,
    lastSeen: (session) => session.lastSeen,
    expiresAt: (session) => session.expiresAt,
  },
  first: "-lastSeen",
};

/** Who is signed in, from where, and the end of it. */
export function Sessions() {
  const { t } = useTranslation("users");
  const list = useSessions();
  const columns = useColumns();
  return (
    <WholeList
      list={list}
      ways={WAYS}
      columns={columns}
      id={(session) => session.id}
      empty={<Empty title={t("empty.sessions")} />}
      minWidth={860}
    />
  );
}

function useColumns(): Column<Session>[] {
  const { t } = useTranslation("users");
  const end = useChange({
    call: (id: string) => data(api.DELETE("/admin/api/sessions/{id}", { params: { path: { id } } })),
    stale: [["sessions"]],
    done: t("do.ended"),
  });
  return [
    {
      accessor: "userName",
      title: t("column.owner"),
      sortable: true,
      render: (session) => (
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" fw={500}>
            {session.userName}
          </Text>
          {session.current && (
            <Text size="xs" c="dimmed">
              {t("thisSession")}
            </Text>
          )}
        </Group>
      ),
    },
    { accessor: "address", title: t("column.address") },
    {
      accessor: "userAgent",
      title: t("column.agent"),
      render: (session) => (
        <Text size="sm" lineClamp={1} maw={320} title={session.userAgent}>
          {session.userAgent}
        </Text>
      ),
    },
    {
      accessor: "lastSeen",
      title: t("column.lastSeen"),
      sortable: true,
      render: (session) => <Ago at={session.lastSeen} size="sm" />,
    },
    {
      accessor: "expiresAt",
      title: t("column.expires"),
      sortable: true,
      render: (session) => <Ago at={session.expiresAt} size="sm" />,
    },
    {
      accessor: "end",
      title: "",
      textAlign: "right",
      render: (session) => (
        <Button size="compact-sm" variant="default" onClick={() => end.mutate(session.id)}>
          {t("do.end")}
        </Button>
      ),
    },
  ];
}
