import { Badge, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { User } from "../../api/client";
import { useMe } from "../../api/queries";
import { Ago } from "../../parts/Ago";
import { NameLink } from "../../parts/NameLink";
import type { Column } from "../../parts/Rows";
import { Status } from "../../parts/Status";
import type { Ways } from "../../parts/useRows";
import { WholeList } from "../../parts/WholeList";
import { useUsers } from "./queries";

const WAYS: Ways<User> = {
  text: (user) => [user.name, user.role],
  sort: {
    name: (user) => user.name,
    role: (user) => user.role,
    lastSignIn: (user) => user.lastSignIn,
    createdAt: (user) => user.createdAt,
  },
  first: "name",
};

/** All accounts of the panel. */
export function Accounts({ onOpen }: { onOpen: (user: User) => void }) {
  const { t } = useTranslation("users");
  const list = useUsers();
  const columns = useColumns();
  return (
    <WholeList
      list={list}
      ways={WAYS}
      columns={columns}
      id={(user) => user.id}
      empty={null}
      placeholder={t("search")}
      onOpen={onOpen}
    />
  );
}

function useColumns(): Column<User>[] {
  const { t } = useTranslation("users");
  const { t: common } = useTranslation();
  const me = useMe().data?.user.id;
  return [
    {
      accessor: "name",
      title: t("column.name"),
      sortable: true,
      render: (user) => (
        <Group gap="xs" wrap="nowrap">
          <NameLink page="users" id={user.id} name={user.name} />
          {user.id === me && (
            <Text size="xs" c="dimmed">
              {t("you")}
            </Text>
          )}
        </Group>
      ),
    },
    {
      accessor: "role",
      title: t("column.role"),
      sortable: true,
      render: (user) => common(`role.${user.role}`),
    },
    {
      accessor: "status",
      title: t("column.status"),
      render: (user) => (
        <Group gap={4}>
          <Status state={user.enabled ? "enabled" : "disabled"} />
          {user.defaultPassword && (
            <Badge color="orange" tt="none">
              {t("defaultPassword")}
            </Badge>
          )}
          {user.mustChange && (
            <Badge color="gray" tt="none">
              {t("mustChange")}
            </Badge>
          )}
        </Group>
      ),
    },
    {
      accessor: "lastSignIn",
      title: t("column.lastSignIn"),
      sortable: true,
      render: (user) => <Ago at={user.lastSignIn} size="sm" />,
    },
    {
      accessor: "createdAt",
      title: t("column.created"),
      sortable: true,
      render: (user) => <Ago at={user.createdAt} size="sm" />,
    },
  ];
}
