// What of others is in the program, for one target: node scripts/third-party.mjs TARGET FOLDER writes
// THIRD-PARTY-LICENSES.txt (every package with its terms, every text of a licence once) and sbom.cdx.json (CycloneDX)
// there. Crates are those that cargo links, packages of the panel those of ui/package-lock.json that are not for
// development. Fails when a package does not say its licence. Asks no network once cargo and npm have fetched.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TEXTS = /^(li[cs]en[cs]e|copying|copyright|notice|unlicense)/i;
/** C sources within a crate have their licence a folder or two below. */
const DEPTH = 3;

const byName = (a, b) => a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version, "en");

/** The texts of licences in a folder. */
function texts(folder, depth = DEPTH) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 1 && entry.name !== "node_modules" ? texts(path, depth - 1) : [];
    if (!TEXTS.test(entry.name) || /\.(rs|[cm]?[jt]s|html|json)$/.test(entry.name)) return [];
    return statSync(path).size < 100_000 ? [readFileSync(path, "utf8").replaceAll("\r\n", "\n").trim()] : [];
  });
}

/** Crates that are linked into the program, with the names of those that each needs. */
function crates(target) {
  const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", target];
  const all = JSON.parse(execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 }));
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const sums = new Map(
    lock.split("[[package]]").map((entry) => {
      const value = (key) => entry.match(new RegExp(`^${key} = "(.*)"`, "m"))?.[1];
      return [`${value("name")}@${value("version")}`, value("checksum")];
    }),
  );
  const nodes = new Map(all.resolve.nodes.map((node) => [node.id, node]));
  const packages = new Map(all.packages.map((crate) => [crate.id, crate]));
  const program = all.packages.find(({ name, source }) => name === "ollama2openai" && source === null);
  const needs = (id) =>
    nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null)).map(({ pkg }) => pkg);
  const linked = new Set([program.id]);
  for (const id of linked) for (const needed of needs(id)) linked.add(needed);
  const purl = ({ name, version }) => `pkg:cargo/${name}@${version}`;
  const found = [...linked].map((id) => {
    const crate = packages.get(id);
    const sum = sums.get(`${crate.name}@${crate.version}`);
    return {
      name: crate.name,
      version: crate.version,
      purl: purl(crate),
      // An old way to say "or".
      license: crate.license?.replaceAll("/", " OR "),
      hashes: sum ? [{ alg: "SHA-256", content: sum }] : [],
      needs: needs(id).map((needed) => purl(packages.get(needed))),
      folder: dirname(crate.manifest_path),
      isOurs: crate.source === null,
    };
  });
  return { program: found.find(({ folder }) => join(folder, "/") === ROOT), found };
}

/** Packages of npm that the panel is built from. */
function npm() {
  const lock = JSON.parse(readFileSync(join(ROOT, "ui/package-lock.json"), "utf8"));
  const shipped = Object.entries(lock.packages).filter(([path, entry]) => path && !entry.dev && !entry.optional && !entry.devOptional);
  return shipped.map(([path, { version, license, integrity }]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const folder = join(ROOT, "ui", path);
    return {
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      license: license ?? JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).license,
      hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.split("-")[1], "base64").toString("hex") }],
      needs: [],
      folder,
      isOurs: false,
    };
  });
}

/** What the target's system adds to a program that is linked statically. */
function ofSystem(target) {
  const own = { version: "of the system that built it", hashes: [], needs: [], isOurs: false };
  const named = (name, license, text) => [{ ...own, name, license, text, purl: `pkg:generic/${name}` }];
  // Its terms ask for a way to link the program with another one: scripts/static.sh is that way.
  if (target.endsWith("-linux-gnu"))
    return named("glibc", "LGPL-2.1-or-later", readFileSync("/usr/share/common-licenses/LGPL-2.1", "utf8").trim());
  return target.endsWith("-linux-musl") ? named("musl", "MIT", "") : [];
}

function licences(packages) {
  const known = new Map();
  const bare = [];
  for (const { name, version, folder, text: given } of packages) {
    const found = folder ? texts(folder) : [given].filter(Boolean);
    if (found.length === 0) bare.push(`${name} ${version}`);
    for (const text of found) {
      const key = text.replace(/\s+/g, " ");
      const entry = known.get(key) ?? { text, of: new Set() };
      known.set(key, { ...entry, of: entry.of.add(`${name} ${version}`) });
    }
  }
  const rule = "=".repeat(100);
  const list = packages.map(({ name, version, license }) => `${name} ${version}: ${license}`);
  const blocks = [...known.values()].map(({ text, of }) => `${rule}\nOf ${[...of].join(", ")}:\n\n${text}\n`);
  const head = "What of others is in ollama2openai, under which terms, and the texts of these.";
  const without = `${rule}\nNo text comes with ${bare.join(", ")}: the terms named above hold, as others have them below.\n`;
  return `${head}\n\n${list.join("\n")}\n\n${without}\n${blocks.join("\n")}`;
}

function sbom(program, packages) {
  const component = ({ name, version, purl, license, hashes }, type) => ({
    type,
    "bom-ref": purl,
    name,
    version,
    purl,
    licenses: [{ expression: license }],
    ...(hashes.length > 0 && { hashes }),
  });
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1000);
  const panel = packages.filter(({ purl }) => purl.startsWith("pkg:npm/")).map(({ purl }) => purl);
  const dependsOn = ({ purl, needs }) => ({ ref: purl, dependsOn: [...new Set(needs)].sort() });
  const dependencies = [dependsOn({ ...program, needs: [...program.needs, ...panel] }), ...packages.map(dependsOn)];
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(Math.floor(seconds) * 1000).toISOString(),
      component: component(program, "application"),
    },
    components: packages.map((one) => component(one, "library")),
    dependencies,
  };
}

const [target, folder] = process.argv.slice(2);
const { program, found } = crates(target);
const packages = [...found.filter((crate) => crate !== program), ...npm(), ...ofSystem(target)].sort(byName);
const silent = packages.filter(({ license }) => typeof license !== "string");
if (silent.length > 0) {
  console.error(`error: no licence is told by ${silent.map(({ name, version }) => `${name} ${version}`).join(", ")}`);
  process.exit(1);
}
const foreign = packages.filter(({ isOurs }) => !isOurs);
writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), licences(foreign));
writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(sbom(program, packages), null, 1)}\n`);
