// Refuses what Google's editor refuses and Node would run: `node syntax.mjs FILE…` prints a line for each problem.
import fs from 'node:fs';
import { parse } from 'acorn';

const TOP_LEVEL = ['FunctionDeclaration', 'VariableDeclaration'];

/** Returns what is wrong with a script. */
function problems(code) {
  let tree;
  try {
    tree = parse(code, { ecmaVersion: 2021, sourceType: 'script', allowHashBang: false });
  } catch (error) {
    return [error.message];
  }
  return tree.body.flatMap((node) => {
    const place = code.slice(0, node.start).split('\n').length;
    if (!TOP_LEVEL.includes(node.type)) {
      return [`line ${place}: only functions and constants stand at the top`];
    }
    const declared = node.declarations || [];
    const services = declared.filter(({ init }) => /\b(SpreadsheetApp|PropertiesService|ScriptApp|UrlFetchApp|LockService|HtmlService|Session|Utilities)\b/.test(
      init && !/^(ArrowFunctionExpression|ObjectExpression)$/.test(init.type) ? code.slice(init.start, init.end) : ''));
    const kinds = node.kind && node.kind !== 'const' ? [`line ${place}: ${node.kind} stands at the top`] : [];
    return kinds.concat(services.map(() => `line ${place}: a service is called when the script is loaded`));
  });
}

const found = process.argv.slice(2).flatMap((name) => problems(fs.readFileSync(name, 'utf8')).map((problem) => `${name}: ${problem}`));
found.forEach((problem) => console.log(problem));
process.exitCode = found.length ? 1 : 0;
