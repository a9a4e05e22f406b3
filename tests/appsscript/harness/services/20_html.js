// HtmlService: templates with <? ?>, <?= ?> and <?!= ?>, which see the script's own functions.
(function (kit) {
  const { strict, global, meta } = kit;
  const escaped = (value) => String(value).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);

  function source(name) {
    if (meta.html[name] === undefined) {
      throw new Error(`No HTML file named ${name} was found.`);
    }
    return meta.html[name];
  }

  function output(content) {
    const kept = { title: '', width: 600, height: 400 };
    const setting = (name) => (value) => { kept[name] = value; return self; };
    const members = {
      getContent: () => content,
      getTitle: () => kept.title, setTitle: setting('title'),
      getWidth: () => kept.width, setWidth: setting('width'),
      getHeight: () => kept.height, setHeight: setting('height'),
    };
    const self = strict('HtmlOutput', members);
    return self;
  }

  function compiled(text) {
    const scriptlet = /<\?(!=|=)?([\s\S]*?)\?>/g;
    let code = 'let __out = "";';
    let at = 0;
    for (let found = scriptlet.exec(text); found; found = scriptlet.exec(text)) {
      const [whole, kind, inner] = found;
      const value = inner.trim().replace(/;$/, '');
      code += `__out += ${JSON.stringify(text.slice(at, found.index))};`;
      code += kind === '!=' ? `__out += (${value});` : kind === '=' ? `__out += __escaped(${value});` : `${inner}\n`;
      at = found.index + whole.length;
    }
    return `${code}__out += ${JSON.stringify(text.slice(at))}; return __out;`;
  }

  function template(text) {
    const self = {
      evaluate: () => {
        const names = Object.keys(self).filter((name) => name !== 'evaluate');
        return output(meta.compile(compiled(text), ['__escaped', ...names])(escaped, ...names.map((name) => self[name])));
      },
    };
    return self;
  }

  global.HtmlService = strict('HtmlService', {
    createHtmlOutput: (text) => output(String(text)),
    createHtmlOutputFromFile: (name) => output(source(name)),
    createTemplateFromFile: (name) => template(source(name)),
  });
})
