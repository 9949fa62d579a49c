#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// lint.js FILE...: checks Kubernetes manifests without a cluster. Each document becomes a literal of its type in the npm
// package kubernetes-models and is given to the TypeScript compiler, which finds unknown fields, wrong types and missing
// ones. A kind that the package has not (a CRD) is said and passes. Exit code 1 when anything is wrong.
'use strict';
const fs = require('fs');
const path = require('path');
const ts = require('typescript');
const yaml = require('yaml');

const root = path.resolve(path.dirname(require.resolve('kubernetes-models/package.json')), '..');
const sources = new Map();  // name of a made file -> {at, text}
let documents = 0;
let problems = 0;

function say(text) {
  problems++;
  console.log(text);
}

function add(file, document, index) {
  const at = `${file}#${index + 1}`;
  if (document.errors.length) return document.errors.forEach(error => say(`${at}: ${error.message}`));
  const object = document.toJS();
  if (!object) return undefined;
  documents++;
  const module = `kubernetes-models/${object.apiVersion}`;
  if (!fs.existsSync(path.join(root, module, `${object.kind}.d.ts`)))
    return console.log(`${at}: ${object.apiVersion} ${object.kind}: kind not known, not checked`);
  const type = `I${object.kind}`;
  sources.set(`/lint/${sources.size}.ts`, {
    at: `${at} ${object.kind}/${object.metadata && object.metadata.name}`,
    text: `import type { ${type} } from ${JSON.stringify(`${module}/${object.kind}`)};\n` +
        `export const x: ${type} = ${JSON.stringify(object, null, 1)};\n`,
  });
  return undefined;
}

function program() {
  const options = {
    noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10, baseUrl: root, paths: {'*': [`${root}/*`]},
  };
  const host = ts.createCompilerHost(options);
  const {getSourceFile, fileExists, readFile} = host;
  host.getSourceFile = (file, version) => sources.has(file) ?
      ts.createSourceFile(file, sources.get(file).text, version) : getSourceFile.call(host, file, version);
  host.fileExists = file => sources.has(file) || fileExists.call(host, file);
  host.readFile = file => sources.has(file) ? sources.get(file).text : readFile.call(host, file);
  return ts.createProgram([...sources.keys()], options, host);
}

for (const file of process.argv.slice(2))
  yaml.parseAllDocuments(fs.readFileSync(file, 'utf8')).forEach((document, index) => add(file, document, index));
for (const finding of ts.getPreEmitDiagnostics(program())) {
  const text = ts.flattenDiagnosticMessageText(finding.messageText, ' ');
  const source = finding.file && sources.get(finding.file.fileName);
  if (!source) {
    say(text);
    continue;
  }
  const {line} = finding.file.getLineAndCharacterOfPosition(finding.start);
  say(`${source.at}: ${text} [${source.text.split('\n')[line].trim()}]`);
}
console.log(`${documents} documents, ${problems} problems`);
process.exit(problems ? 1 : 0);
