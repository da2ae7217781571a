import { addWords } from "../../i18n";
import en from "./en";
import zh from "./zh";

addWords("models", en, zh);
