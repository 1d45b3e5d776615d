/* SPDX-License-Identifier: Apache-2.0
 *
 * A plain page over the endpoints. Its script and style are files of their own, so that the policy can forbid everything inline; the token
 * is typed in, kept in the page's memory, and sent in a header: no other site can use it.
 */
#include <string.h>

#include "tools/tarn/serve/request.h"

static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'";

static const char page[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>tarn</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"page.css\"></head><body>\n"
    "<h1>tarn</h1>\n"
    "<p><label>Token <input id=\"token\" type=\"password\" autocomplete=\"off\" size=\"48\"></label> <button "
    "id=\"load\">Tables</button></p>\n"
    "<ul id=\"tables\"></ul>\n"
    "<p><textarea id=\"sql\" rows=\"5\" cols=\"80\" aria-label=\"SQL\">SHOW TABLES</textarea></p>\n"
    "<p><button id=\"run\">Run</button> <span id=\"said\" role=\"status\"></span></p>\n"
    "<table id=\"rows\"></table>\n"
    "<h2>Put a file into a table</h2>\n"
    "<p><label>Table <input id=\"table\"></label> <label>File <input id=\"file\" type=\"file\"></label> <button "
    "id=\"put\">Ingest</button></p>\n"
    "<h2>Endpoints</h2><dl id=\"endpoints\"></dl><p><a href=\"openapi.json\">openapi.json</a></p>\n"
    "<script src=\"page.js\"></script></body></html>\n";

static const char script[] =
    "'use strict';\n"
    "const $ = id => document.getElementById(id);\n"
    "const make = (name, text) => { const e = document.createElement(name); e.textContent = text; return e; };\n"
    "const say = text => { $('said').textContent = text; };\n"
    "async function ask(path, options = {}) {\n"
    "  options.headers = { ...options.headers, Authorization: 'Bearer ' + $('token').value };\n"
    "  const answer = await fetch(path, options);\n"
    "  const body = await answer.json();\n"
    "  if (!answer.ok) throw new Error(body.error.code + ': ' + body.error.message);\n"
    "  return body;\n"
    "}\n"
    "const guarded = work => async () => { say(''); try { await work(); } catch (error) { say(error.message); } };\n"
    "async function tables() {\n"
    "  const { tables } = await ask('tables');\n"
    "  $('tables').replaceChildren(...tables.map(t => make('li', t.name)));\n"
    "}\n"
    "async function run() {\n"
    "  const body = JSON.stringify({ sql: $('sql').value });\n"
    "  const answer = await ask('query', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });\n"
    "  if (!answer.columns) { say(answer.statement + ': ' + answer.rows_changed + ' rows'); $('rows').replaceChildren(); return; }\n"
    "  const head = make('tr', '');\n"
    "  head.append(...answer.columns.map(c => { const th = make('th', c.name); th.title = c.type; return th; }));\n"
    "  $('rows').replaceChildren(head, ...answer.rows.slice(0, 1000).map(row => {\n"
    "    const tr = make('tr', '');\n"
    "    tr.append(...answer.columns.map(c => {\n"
    "      const v = row[c.name];\n"
    "      return make('td', v == null ? '' : typeof v === 'object' ? JSON.stringify(v) : String(v));\n"
    "    }));\n"
    "    return tr;\n"
    "  }));\n"
    "  say(answer.row_count + ' rows');\n"
    "}\n"
    "async function put() {\n"
    "  const body = new FormData();\n"
    "  body.append('file', $('file').files[0]);\n"
    "  const key = crypto.randomUUID();\n"
    "  const done = await ask('ingest/' + encodeURIComponent($('table').value), { method: 'POST', body, headers: { 'Idempotency-Key': key "
    "} });\n"
    "  say(done.rows + ' rows, version ' + done.version);\n"
    "  await tables();\n"
    "}\n"
    "$('load').onclick = guarded(tables);\n"
    "$('run').onclick = guarded(run);\n"
    "$('put').onclick = guarded(put);\n"
    "fetch('openapi.json').then(r => r.json()).then(api => {\n"
    "  for (const [path, item] of Object.entries(api.paths))\n"
    "    for (const [method, operation] of Object.entries(item))\n"
    "      $('endpoints').append(make('dt', method.toUpperCase() + ' ' + path), make('dd', operation.summary));\n"
    "});\n";

static const char style[] =
    "body{font:16px/1.4 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "textarea{width:100%;font:14px/1.4 monospace}"
    "table{border-collapse:collapse;font-size:14px}td,th{border:1px solid #bbb;padding:.15rem .5rem;text-align:left}"
    "dt{font-family:monospace}\n";

static void answer(struct request *request, const char *text, const char *type)
{
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fwrite(text, 1, strlen(text), to);
    }
    reply_document_end(&request->reply, to, 200, type);
    request->reply.policy = policy;
}

void endpoint_page(struct request *request)
{
    answer(request, page, "text/html; charset=utf-8");
}

void endpoint_page_script(struct request *request)
{
    answer(request, script, "text/javascript; charset=utf-8");
}

void endpoint_page_style(struct request *request)
{
    answer(request, style, "text/css; charset=utf-8");
}
