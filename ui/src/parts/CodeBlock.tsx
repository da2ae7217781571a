import { Box, Code } from "@mantine/core";
import { Copy } from "./Copy";

/** Code to be pasted elsewhere, with a button that copies all of it. */
export function CodeBlock({ code, isWrapped }: { code: string; isWrapped?: boolean }) {
  return (
    <Box pos="relative">
      <Code
        block
        pr={44}
        tabIndex={0}
        {...(isWrapped && { style: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" } })}
      >
        {code}
      </Code>
      <Box pos="absolute" top={6} right={6} bg="var(--mantine-color-body)" bdrs="sm">
        <Copy text={code} />
      </Box>
    </Box>
  );
}
