import { Anchor, Blockquote, Box, Code, Divider, List, Stack, Table, Text, Title } from "@mantine/core";
import { Fragment, memo, useMemo } from "react";
import { CodeBlock } from "../../parts/CodeBlock";
import { type Block, type Inline, markdown } from "./blocks";

/** A text in Markdown, made of elements alone: no HTML of it is ever read. */
export const Markdown = memo(({ text }: { text: string }) => {
  const blocks = useMemo(() => markdown(text), [text]);
  return <Blocks blocks={blocks} />;
});

// Parts have no identity but their place.
const keyed = <T,>(list: T[]) => list.map((item, at) => ({ item, key: at }));

function Blocks({ blocks }: { blocks: Block[] }) {
  return (
    <Stack gap="xs">
      {keyed(blocks).map(({ item, key }) => (
        <One key={key} block={item} />
      ))}
    </Stack>
  );
}

function One({ block }: { block: Block }) {
  switch (block.is) {
    case "paragraph":
      return (
        <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          <Parts parts={block.parts} />
        </Text>
      );
    case "heading":
      return (
        <Title order={block.level > 2 ? 5 : 4} size={block.level > 2 ? "h6" : "h5"}>
          <Parts parts={block.parts} />
        </Title>
      );
    case "code":
      return <CodeBlock code={block.text} />;
    case "quote":
      return (
        <Blockquote p="xs" color="gray">
          <Blocks blocks={block.blocks} />
        </Blockquote>
      );
    case "list":
      return (
        <List
          type={block.start === null ? "unordered" : "ordered"}
          start={block.start ?? undefined}
          size="sm"
          spacing={4}
          withPadding
          listStyleType={block.start === null ? "disc" : "decimal"}
        >
          {keyed(block.items).map(({ item, key }) => (
            <List.Item key={key}>
              <Blocks blocks={item} />
            </List.Item>
          ))}
        </List>
      );
    case "table":
      return <Grid head={block.head} rows={block.rows} />;
    case "rule":
      return <Divider />;
  }
}

function Grid({ head, rows }: { head: Inline[][]; rows: Inline[][][] }) {
  return (
    <Table.ScrollContainer minWidth={0}>
      <Table withTableBorder withColumnBorders layout="auto">
        <Table.Thead>
          <Table.Tr>
            {keyed(head).map(({ item, key }) => (
              <Table.Th key={key}>
                <Parts parts={item} />
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {keyed(rows).map(({ item: row, key }) => (
            <Table.Tr key={key}>
              {keyed(row).map(({ item, key }) => (
                <Table.Td key={key}>
                  <Parts parts={item} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Parts({ parts }: { parts: Inline[] }) {
  return keyed(parts).map(({ item, key }) => (
    <Fragment key={key}>
      <Part part={item} />
    </Fragment>
  ));
}

const ELEMENTS = { bold: "strong", italic: "em", struck: "s" } as const;

function Part({ part }: { part: Inline }) {
  switch (part.is) {
    case "text":
      return part.text;
    case "code":
      return <Code>{part.text}</Code>;
    case "bold":
    case "italic":
    case "struck":
      return (
        <Box component={ELEMENTS[part.is]}>
          <Parts parts={part.parts} />
        </Box>
      );
    case "link":
      return (
        <Anchor inherit href={part.href} target="_blank" rel="noopener noreferrer" underline="always">
          <Parts parts={part.parts} />
        </Anchor>
      );
  }
}
