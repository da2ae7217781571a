import type { Concern, Dashboard } from "../api/queries";

/** Where a thing that wants a person is mended. */
export function placeOf({ kind, subject }: Concern, backends: Dashboard["backends"]["list"]): string {
  const id = encodeURIComponent(subject.id);
  switch (kind) {
    case "default_password":
    case "weak_password":
    case "password_ignored":
      return "/users/me";
    case "open_access":
    case "no_token":
      return "/tokens/new";
    case "no_backend":
      return "/keys/new";
    case "backend_down":
      return backendPlace(subject.id, backends.find((backend) => backend.id === subject.id)?.channelId);
    case "token_exhausted":
    case "token_nearly_exhausted":
    case "token_expiring":
    case "weak_token":
      return `/tokens/${id}`;
    case "digest_drift":
      return `/models/${id}`;
    default:
      return "/settings";
  }
}

/** A backend is changed in its channel, one of the pool among the keys, and the one of the configuration nowhere. */
export function backendPlace(id: string, channelId: string | null | undefined): string {
  if (channelId) return `/channels/${encodeURIComponent(channelId)}`;
  return id === "implicit" ? "/settings" : `/keys/${encodeURIComponent(id)}`;
}

export const COLORS = { critical: "red", warning: "orange", info: "gray" } as const;

/** What the gateway says of these, beyond their names, is shown too: only it knows the reason. */
const TOLD = new Set<Concern["kind"]>([
  "backend_down",
  "certificate_ended",
  "certificate_ending",
  "ledger_failing",
  "disk_failing",
  "tracing_failing",
  "drops",
]);

export const reasonOf = ({ kind, detail }: Concern) => (TOLD.has(kind) ? detail : null);

/** Two may be of one kind and subject, such as drops of rows and of captures. */
export const keyOf = ({ kind, subject, detail }: Concern) => `${kind} ${subject.id} ${detail}`;
