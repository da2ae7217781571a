import { useModelNames } from "../../parts/ModelPicker";
import { useFilters } from "../../parts/url";

/** The models of the columns, kept in the address; `compared` is null while there is one column. */
export function useModels() {
  const { get, set } = useFilters();
  const names = useModelNames("completion");
  const model = get("model") || names[0] || "";
  const compared = get("compare") || null;
  const models = compared ? [model, compared] : [model];
  const setModel = (name: string) => set({ model: name });
  const setCompared = (name: string | null) => set({ compare: name });
  /** Another model than the first, if there is one. */
  const another = names.find((name) => name !== model) ?? model;
  return { names, model, compared, models, another, setModel, setCompared };
}
