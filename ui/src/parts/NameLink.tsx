import { Anchor } from "@mantine/core";
import { Link, useSearch } from "wouter";

/** The name of a thing in a table: a link to its drawer, for the keyboard and for other tabs. */
export function NameLink({ page, id, name }: { page: string; id: string; name: string }) {
  const search = useSearch();
  return (
    <Anchor
      component={Link}
      href={`/${page}/${encodeURIComponent(id)}${search ? `?${search}` : ""}`}
      onClick={(event: React.MouseEvent) => event.stopPropagation()}
      size="sm"
      fw={500}
      truncate
      maw={190}
      title={name}
      display="block"
    >
      {name}
    </Anchor>
  );
}
