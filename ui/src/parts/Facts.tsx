import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <Table variant="vertical" layout="auto" withRowBorders verticalSpacing={6}>
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            {/* No word of the name is broken: Chinese has no spaces to break at. */}
            <Table.Th fw={500} w="32%" style={{ wordBreak: "keep-all" }}>
              {name}
            </Table.Th>
            <Table.Td className="numbers" style={{ overflowWrap: "anywhere" }}>
              {value}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
