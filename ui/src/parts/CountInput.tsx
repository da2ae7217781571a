import { NumberInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

interface CountInputProps {
  // biome-ignore lint/suspicious/noExplicitAny: what else the form holds does not matter here
  form: UseFormReturnType<any>;
  name: string;
  label: string;
  description: string;
}

/** A whole number of a form, from 0 on; or empty. */
export function CountInput({ form, name, ...texts }: CountInputProps) {
  return (
    <NumberInput
      {...texts}
      min={0}
      allowDecimal={false}
      allowNegative={false}
      thousandSeparator=","
      {...form.getInputProps(name)}
    />
  );
}
