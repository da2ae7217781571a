/** The address of the logs with filters of theirs. */
export function logsOf(filters: Record<string, string>): string {
  return `/logs?${new URLSearchParams(filters)}`;
}
