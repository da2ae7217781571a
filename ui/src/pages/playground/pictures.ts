import { newId, type Picture } from "./store";

/** What Ollama's models can read. */
export const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
/** Of one image in bytes: a few of them, a third longer as base64, must fit into a request. */
export const LARGEST = 8_000_000;
export const MOST = 6;

export type Refusal = { why: "notImage" | "tooLarge"; name: string } | { why: "tooMany" };

const read = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/** The files that can be sent beside `present` others, and why the first other one cannot. */
export async function pictures(
  files: File[],
  present: number,
): Promise<{ read: Picture[]; refused: Refusal | null }> {
  let refused: Refusal | null = null;
  const fit = files.filter(({ type, size, name }) => {
    if (!TYPES.includes(type)) refused ??= { why: "notImage", name };
    else if (size > LARGEST) refused ??= { why: "tooLarge", name };
    else return true;
    return false;
  });
  const taken = fit.slice(0, Math.max(0, MOST - present));
  if (taken.length < fit.length) refused ??= { why: "tooMany" };
  const made = taken.map(async (file) => ({ id: newId(), name: file.name, url: await read(file) }));
  return { read: await Promise.all(made), refused };
}
