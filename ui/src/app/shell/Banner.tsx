import { Alert, Anchor, Stack } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { ApiError } from "../../api/client";
import { type Concern, useGlance, useMe } from "../../api/queries";
import { keyOf, placeOf } from "../../parts/concern";

const GLANCE_MS = 60_000;

/** What concerns every page; the dashboard tells of everything else. */
const SHOWN = new Set<Concern["kind"]>([
  "default_password",
  "shut_out",
  "open_access",
  "empty_whitelist",
  "ledger_failing",
]);

/** Shown only while something is true that concerns every page. */
export function Banner() {
  const { t } = useTranslation();
  const me = useMe();
  const isLost = me.failureReason instanceof ApiError && me.failureReason.isLost;
  if (isLost) {
    return (
      <Alert color="orange" icon={<IconPlugConnectedX />} mb="md" role="status">
        {t("shell.lost")}
      </Alert>
    );
  }
  return <Concerns />;
}

function Concerns() {
  const { t } = useTranslation();
  const [path] = useLocation();
  const glance = useGlance(GLANCE_MS).data;
  const list = (glance?.attention.list ?? []).filter(({ kind }) => SHOWN.has(kind));
  // The dashboard has them at its top.
  if (!glance || list.length === 0 || path === "/dashboard") return null;
  return (
    <Stack gap="xs" mb="md">
      {list.map((concern) => (
        <Alert key={keyOf(concern)} color="red" icon={<IconAlertTriangle />} role="status">
          {t(`attention.kind.${concern.kind}`, { name: concern.subject.name })}{" "}
          <Anchor
            component={Link}
            href={placeOf(concern, glance.backends.list)}
            size="sm"
            c="inherit"
            underline="always"
          >
            {t(`attention.do.${concern.kind}`)}
          </Anchor>
        </Alert>
      ))}
    </Stack>
  );
}
