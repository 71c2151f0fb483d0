// usage: node compile.cjs FOLDER_OF_SOLC < standard-json-input > standard-json-output
const path = require("path");
const compiler = require(path.join(path.resolve(process.argv[2]), "soljson.js"));
const compile = compiler.cwrap("solidity_compile", "string", ["string", "number", "number"]);
process.stdout.write(compile(require("fs").readFileSync(0, "utf8"), 0, 0));
