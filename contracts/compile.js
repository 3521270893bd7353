// Compiles src/*.sol with the pinned solc and writes one artefact a contract: its ABI and its bytecode.
// `node compile.js <folder with node_modules> <output folder>`; `cargo xtask contracts` runs it.
"use strict";

const fs = require("fs");
const path = require("path");
const [installed, output] = process.argv.slice(2).map((folder) => path.resolve(folder));
const solc = require(path.join(installed, "node_modules", "solc"));

const CONTRACTS = ["CheckpointAnchor", "StatementAnchor"];
const folder = path.join(__dirname, "src");
const read = (file) => ({ content: fs.readFileSync(file, "utf8") });

const input = {
  language: "Solidity",
  sources: Object.fromEntries(
    fs.readdirSync(folder).sort().map((name) => [`src/${name}`, read(path.join(folder, name))]),
  ),
  settings: {
    evmVersion: "cancun",
    viaIR: true,
    optimizer: { enabled: true, runs: 10000 },
    // Without the hash of the sources and the compiler's name: the same code has the same bytes, whatever its comments.
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
// OpenZeppelin's sources are read from the installed package, nothing from elsewhere.
const compiled = JSON.parse(
  solc.compile(JSON.stringify(input), {
    import: (name) => {
      if (!name.startsWith("@openzeppelin/contracts/")) return { error: `${name} is not among the sources` };
      return { contents: fs.readFileSync(path.join(installed, "node_modules", name), "utf8") };
    },
  }),
);
const errors = compiled.errors ?? [];
errors.forEach((error) => console.error(error.formattedMessage));
if (errors.length > 0) process.exit(1);

fs.mkdirSync(output, { recursive: true });
for (const name of CONTRACTS) {
  const { abi, evm } = compiled.contracts[`src/${name}.sol`][name];
  const artefact = { contract: name, compiler: solc.version(), abi, bytecode: `0x${evm.bytecode.object}` };
  fs.writeFileSync(path.join(output, `${name}.json`), `${JSON.stringify(artefact, null, 1)}\n`);
}
